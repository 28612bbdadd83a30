"""Named tables: what is kept of them, their three parts, and their way here from a server of our own."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gebm_studio import messages as m
from gebm_studio.engine.fetching import Fetching
from gebm_studio.presets import PresetError
from gebm_studio.schema.target import Table as Section
from gebm_studio.targets import Table, missing, uci
from gebm_studio.targets.named import continuous, dequantised

CPU = torch.device("cpu")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that a server on this machine gives out in the place of the repository."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "served"
    folder.mkdir()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    here = f"http://127.0.0.1:{httpd.server_address[1]}"
    for name, source in uci.SOURCES.items():
        monkeypatch.setitem(uci.SOURCES, name, replace(source, url=f"{here}/{source.file}"))
    yield folder
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def table(**settings: Any) -> Table:
    return Table(Section.model_validate(settings), seed=0, device=CPU)


def red_wine(rows: int = 200, seed: int = 0) -> str:
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(rows, 11)).round(2)
    quality = generator.integers(3, 9, rows)
    lines = [";".join([*(f"{x}" for x in row), str(label)]) for row, label in zip(points, quality, strict=True)]
    return ";".join([*(f'"c{i}"' for i in range(11)), '"quality"']) + "\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("name", "rows", "columns"), [("wine", 178, 13), ("breast_cancer", 569, 26), ("diabetes", 442, 9), ("iris", 150, 4)]
)
def test_bundled_tables_are_split_in_three_and_standardised_on_the_first(name: str, rows: int, columns: int) -> None:
    made = table(name=name, validation=0.2, test=0.2)
    assert made.validation is not None
    sizes = len(made.training), len(made.validation), len(made.held_out)
    assert sum(sizes) == rows and made.shape == (columns,)
    assert sizes[2] == round(0.2 * rows) and sizes[1] == round(0.2 * (rows - sizes[2]))
    torch.testing.assert_close(made.training.mean(0), torch.zeros(columns), rtol=0, atol=1e-5)
    torch.testing.assert_close(made.training.std(0, correction=0), torch.ones(columns), rtol=0, atol=1e-5)
    everything = torch.cat((made.training, made.validation, made.held_out))
    assert len(torch.unique(everything, dim=0)) == rows, "noise of the resolution leaves no two rows alike"


def test_a_seed_gives_one_split_and_another_seed_another() -> None:
    section = Section(name="wine")
    first, again, other = (Table(section, seed=seed, device=CPU) for seed in (0, 0, 1))
    assert torch.equal(first.training, again.training) and torch.equal(first.held_out, again.held_out)
    assert not torch.equal(first.held_out, other.held_out)


def test_labels_counts_and_copies_are_dropped() -> None:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(100, 2))
    rows = np.column_stack([x[:, 0], generator.integers(0, 5, 100), 3 * x[:, 0] + 1, x[:, 1], np.full(100, 7.0)])
    assert continuous(rows, recurring=False) == [0, 3]
    clipped = np.column_stack([x[:, 0], np.maximum(x[:, 1], 0), 3 * x[:, 0] + 1])
    assert continuous(clipped, recurring=True) == [0, 2]


def test_noise_spans_the_resolution_of_each_column() -> None:
    generator = np.random.default_rng(1)
    rows = np.column_stack([generator.integers(0, 30, 2000) / 10, generator.integers(0, 30, 2000) * 5.0])
    noise = dequantised(rows, np.random.default_rng(2)) - rows
    assert np.all(np.abs(noise) <= [0.05 + 1e-12, 2.5 + 1e-12])
    np.testing.assert_allclose(noise.std(0), np.array([0.1, 5.0]) / np.sqrt(12), rtol=0.05)


def test_a_table_is_downloaded_once_and_its_checksum_kept(server: Path) -> None:
    (server / "winequality-red.csv").write_text(red_wine())
    work = missing(Section(name="redwine"))
    assert work is not None and work.name == "redwine"
    made = table(name="redwine")
    assert made.shape == (11,) and len(made.training) == 162
    assert missing(Section(name="redwine")) is None
    (server / "winequality-red.csv").unlink()
    assert torch.equal(table(name="redwine").training, made.training), "the second time nothing is downloaded"
    (book,) = (server.parent / "data").rglob(uci.CHECKSUMS)
    assert len(json.loads(book.read_text())["winequality-red.csv"]) == 64


def test_a_file_that_differs_from_the_first_is_refused(server: Path) -> None:
    (server / "winequality-red.csv").write_text(red_wine())
    kept = uci.fetch("redwine", lambda come, total: None)
    kept.unlink()
    (kept.parent / "winequality-red.csv").unlink()
    (server / "winequality-red.csv").write_text(red_wine(seed=1))
    with pytest.raises(PresetError, match=r"SHA256 .* was seen first; the file is refused") as refusal:
        uci.fetch("redwine", lambda come, total: None)
    assert len(str(refusal.value).splitlines()) == 1
    assert not kept.exists() and not (kept.parent / "winequality-red.csv").exists()


def test_without_a_connection_one_line_names_the_place_for_the_file(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = replace(uci.SOURCES["redwine"], url="http://127.0.0.1:9/winequality-red.csv")
    monkeypatch.setitem(uci.SOURCES, "redwine", nowhere)
    with pytest.raises(PresetError, match=r"no connection to 127.0.0.1:9; go online, or put the file at") as offline:
        table(name="redwine")
    (problem,) = offline.value.problems
    place = Path(problem.rpartition(" at ")[2])
    place.write_text(red_wine())
    assert table(name="redwine").shape == (11,), "the file that was put there is taken"


def test_a_missing_page_says_so(server: Path) -> None:
    with pytest.raises(PresetError, match=r"404 .*put the file at"):
        table(name="whitewine")


def test_a_file_of_ones_own_is_read_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    path.write_text(red_wine())
    assert table(name="redwine", path=str(path)).shape == (11,)
    assert missing(Section(name="redwine", path=str(path))) is None
    path.write_text("a;b\n1;2\n")
    with pytest.raises(PresetError, match="12 columns and columns that end with quality are needed"):
        table(name="redwine", path=str(path))


def test_physics_tables_keep_the_signal_alone(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    features = generator.normal(size=(60, 27))
    features[:, 5] = generator.integers(0, 2, 60)
    labels = np.repeat([1.0, 0.0], 30)
    with gzip.open(tmp_path / "1000_train.csv.gz", "wt") as stream:
        stream.write("# label," + ",".join(f"f{i}" for i in range(27)) + "\n")
        np.savetxt(stream, np.column_stack([labels, features]), delimiter=",")
    hepmass = table(name="hepmass", path=str(tmp_path / "1000_train.csv.gz"))
    assert hepmass.shape == (26,) and len(hepmass.training) + len(hepmass.held_out) < 30
    signal = generator.normal(size=(40, 50))
    signal[3] = -999
    with open(tmp_path / "MiniBooNE_PID.txt", "w") as stream:
        stream.write(" 40 25\n")
        np.savetxt(stream, np.vstack([signal, generator.normal(size=(25, 50))]))
    boone = table(name="miniboone", path=str(tmp_path / "MiniBooNE_PID.txt"))
    assert boone.validation is not None
    assert len(boone.training) + len(boone.validation) + len(boone.held_out) == 39


def test_a_download_is_work_with_progress_that_calls_at_its_end(server: Path) -> None:
    (server / "winequality-red.csv").write_text(red_wine(4000))
    said: list[Any] = []
    came: list[str] = []
    work = Fetching(uci.fetching("redwine"), said.append, lambda: came.append("now"))
    while work.work():
        pass
    assert came == ["now"]
    assert isinstance(said[-1], m.Progress) and said[-1].done == said[-1].total
    assert uci.stored("redwine") is not None


def test_a_download_can_be_cancelled_and_leaves_nothing(server: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (server / "winequality-red.csv").write_text(red_wine(4000))
    under_way, go_on = threading.Event(), threading.Event()
    tell = Fetching._tell

    def held(self: Fetching, done: int, total: int, what: str) -> None:
        under_way.set()
        go_on.wait(10)
        tell(self, done, total, what)

    monkeypatch.setattr(Fetching, "_tell", held)
    said: list[Any] = []
    work = Fetching(uci.fetching("redwine"), said.append, lambda: pytest.fail("it never came"))
    assert under_way.wait(10)
    work.cancel()
    go_on.set()
    work._thread.join(10)
    assert not work._thread.is_alive()
    assert uci.stored("redwine") is None
    assert said[-1].text == "redwine: cancelled"


def test_a_download_that_fails_says_so_and_the_run_of_before_stays(server: Path) -> None:
    said: list[Any] = []
    work = Fetching(uci.fetching("parkinsons"), said.append, lambda: pytest.fail("it never came"))
    while work.work():
        pass
    assert isinstance(said[-1], m.Note) and said[-1].level == "error" and "404" in said[-1].text
