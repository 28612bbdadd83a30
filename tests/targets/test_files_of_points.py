"""Files of points: what is read, and one clear line for each way in which one cannot be."""

from __future__ import annotations

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gebm_studio import targets
from gebm_studio.presets import PresetError
from gebm_studio.schema import target as schema
from gebm_studio.targets import PointFile
from tests.targets.cases import CPU, Build, generator

ROWS = [f"{i}.5,{-2 * i},{i * i}" for i in range(30)]


def _load(path: Path, **settings: Any) -> PointFile:
    section = schema.PointFile(path=path.name, **{"held_out": 5, "standardise": False} | settings)
    target = targets.build(section, seed=1, device=CPU, folder=str(path.parent))
    assert isinstance(target, PointFile)
    return target


def _refused(path: Path, **settings: Any) -> str:
    """The one line with which a file is refused."""
    with pytest.raises(PresetError) as caught:
        _load(path, **settings)
    (line,) = caught.value.problems
    assert "\n" not in line
    return line


def _all_points(target: PointFile) -> np.ndarray:
    points = torch.cat([target.training, target.held_out]).numpy()
    ordered: np.ndarray = points[np.lexsort(points.T[::-1])]
    return ordered


def _expected(points: np.ndarray) -> np.ndarray:
    points = points.astype(np.float32)
    ordered: np.ndarray = points[np.lexsort(points.T[::-1])]
    return ordered


numbers = st.floats(-(2.0**60), 2.0**60, allow_nan=False, width=32)
tables = st.tuples(st.integers(20, 30), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=numbers)
)


@settings(max_examples=30, deadline=None)
@given(points=tables, delimiter=st.sampled_from([",", ";", "\t", " ", " , "]), header=st.booleans(), crlf=st.booleans())
def test_a_table_written_in_any_common_way_is_read_back(
    points: np.ndarray, delimiter: str, header: bool, crlf: bool
) -> None:
    # Where nothing but spaces separates cells, a name cannot hold one.
    spaced = delimiter != " " and points.shape[1] > 1
    names = [[f"name {i}" if spaced else f"name{i}" for i in range(points.shape[1])]]
    lines = [delimiter.join(map(repr, row)) for row in points.tolist()]
    text = ("\r\n" if crlf else "\n").join([*(map(delimiter.join, names) if header else []), "", "# a note", *lines])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.csv"
        path.write_bytes(b"\xef\xbb\xbf" * crlf + text.encode())
        target = _load(path)
    np.testing.assert_array_equal(_all_points(target), _expected(points))
    assert target.axes == (tuple(names[0]) if header else ())


@settings(max_examples=30, deadline=None)
@given(points=tables, kind=st.sampled_from(["<f8", ">f4", "<i4", "u1"]))
def test_an_array_is_read_back(points: np.ndarray, kind: str) -> None:
    points = np.clip(points, 0, 200).astype(kind)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "array.npy"
        np.save(path, points)
        target = _load(path)
    np.testing.assert_array_equal(_all_points(target), _expected(points))


@settings(max_examples=150, deadline=None)
@given(body=st.one_of(st.binary(max_size=300), st.text('0123456789.,;-+einfa \n\t"#', max_size=300).map(str.encode)))
@pytest.mark.parametrize("start", [b"", b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', "], ids=["text", "npy"])
def test_a_damaged_file_is_refused_in_one_line(start: bytes, body: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.csv"
        path.write_bytes(start + body)
        try:
            _load(path)
        except PresetError as error:
            assert len(error.problems) == 1
            assert "\n" not in error.problems[0]
            assert str(path) in error.problems[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "empty"),
        ("\n\n# only a note\n", "no points"),
        ("a,b\n", "a header but no points"),
        ("\n".join(ROWS[:19]), "19 points; at least 20"),
        ("\n".join([*ROWS, "1,2"]), "line 31: 2 cells where the first line has 3"),
        ("\n".join(["x,y", *ROWS]), "line 2: 3 cells where the first line has 2"),
        ("\n".join([*ROWS[:7], "1,two,3", *ROWS]), "line 8, column 2: 'two' is not a number"),
        ("\n".join(["x,y,z", "", *ROWS, "1,2,"]), "line 33, column 3: the cell is empty"),
        ("\n".join(row.replace(",", ";").replace(".", ",") for row in ROWS), "line 1, column 1: '0,5' is not a number; "
         "write a decimal point"),
        ("\n".join([*ROWS, "1,1_000,3"]), "line 31, column 2: '1_000' is not a number"),
        ("\n".join([*ROWS, "1,nan,3"]), "point 31, column 2: nan is not a finite number"),
        ("\n".join(["x,y,z", *ROWS, "1,2,-inf", "nan,1,1"]), "point 31, column 3 (z): -inf is not a finite number (2"),
        ("\n".join([*ROWS, "1,2,1e35"]), "point 31, column 3: 1e+35 is beyond single precision"),
        ("\n".join([",".join("1" * 65)] * 30), "65 columns; allowed are 1 to 64"),
        ("caf\xe9,1\n", "not a text file in UTF-8 (byte 3)"),
    ],
    ids=lambda value: value[:24] if "\n" not in value else "text",
)  # fmt: skip
def test_a_table_that_cannot_be_used_says_what_and_where(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "points.csv"
    path.write_bytes(text.encode("latin-1"))
    said = _refused(path)
    assert said.startswith(f"{path}: ")
    assert line in said


@pytest.mark.parametrize(
    ("array", "line"),
    [
        (np.zeros(30), "has shape (30,); (N, D) is needed; for points in one dimension save array[:, None]"),
        (np.zeros((30, 1, 8)), "has shape (30, 1, 8); (N, D) is needed"),
        (np.float64(3.0), "has shape (); (N, D) is needed"),
        (np.zeros((30, 2), dtype=complex), "complex128"),
        (np.full((30, 2), "1"), "<U1 values; real numbers are needed"),
        (np.full((30, 2), np.nan), "point 1, column 1: nan is not a finite number (60 such values)"),
        (np.zeros((19, 2)), "19 points"),
        (np.zeros((30, 65)), "65 columns"),
        (np.zeros((30, 0)), ""),
        (np.zeros((0, 2)), ""),
    ],
    ids=lambda value: "" if isinstance(value, str) else f"{getattr(value, 'dtype', '')}{getattr(value, 'shape', '')}",
)
def test_an_array_that_cannot_be_used_says_why(tmp_path: Path, array: Any, line: str) -> None:
    path = tmp_path / "points.npy"
    np.save(path, array)
    assert line in _refused(path)


class _Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, ("sprung",))


def test_a_pickle_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    objects = np.empty((30, 2), dtype=object)
    objects[:] = [[_Trap(), _Trap()]] * 30
    np.save(tmp_path / "objects.npy", objects, allow_pickle=True)
    assert "pickled Python objects, which are never loaded" in _refused(tmp_path / "objects.npy")
    (tmp_path / "plain.npy").write_bytes(pickle.dumps(_Trap()))
    assert "not an NPY file" in _refused(tmp_path / "plain.npy")
    np.savez(tmp_path / "archive.npz", points=np.zeros((30, 2)))
    assert "an archive" in _refused(tmp_path / "archive.npz")
    assert not (tmp_path / "sprung").exists()


def test_a_header_cannot_ask_for_more_memory_than_the_file_has(tmp_path: Path) -> None:
    path = tmp_path / "huge.npy"
    np.save(path, np.zeros((30, 2)))
    path.write_bytes(path.read_bytes().replace(b"(30, 2), }" + b" " * 9, b"(30, 2" + b"0" * 9 + b"), }"))
    assert "a damaged NPY file" in _refused(path)
    np.save(path, np.zeros((30, 2)))
    path.write_bytes(path.read_bytes()[:-8])
    assert "a damaged NPY file" in _refused(path)


def test_a_file_that_is_not_there_or_has_no_name(tmp_path: Path) -> None:
    line = _refused(tmp_path / "absent.csv")
    assert line == f"cannot read {tmp_path / 'absent.csv'}: no such file or directory; check the name"
    (tmp_path / "folder.csv").mkdir()
    assert "is a directory; name a file" in _refused(tmp_path / "folder.csv")
    for name, said in (("", "target.path: empty"), ("a\0b", "is not a file name")):
        with pytest.raises(PresetError, match=said):
            targets.build(schema.PointFile(path=name), seed=0, device=CPU)


def test_a_constant_column_cannot_be_standardised(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    for value in ("0.1", "0", "1e20"):
        path.write_text("\n".join(["size,depth", *(f"{i},{value}" for i in range(40))]))
        line = _refused(path, standardise=True)
        assert "column 2 (depth) is constant" in line
        assert "standardise = false" in line
        assert _load(path).training.shape == (35, 2)


def test_half_of_a_file_may_be_held_out_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("\n".join(ROWS))
    assert "target.held_out = 16, but at most half of its 30 points (15)" in _refused(path, held_out=16)
    target = _load(path, held_out=15)
    assert len(target.training) == len(target.held_out) == 15
    whole = np.loadtxt(path, delimiter=",")
    np.testing.assert_array_equal(_all_points(target), _expected(whole))


def test_standardisation_uses_the_training_points_alone_and_can_be_undone(tmp_path: Path) -> None:
    path = tmp_path / "points.npy"
    points = np.random.default_rng(2).normal([5, -300], [0.1, 40], size=(400, 2))
    np.save(path, points)
    target = _load(path, standardise=True, held_out=150)
    torch.testing.assert_close(target.training.mean(dim=0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(target.training.std(dim=0, correction=0), torch.ones(2), atol=1e-5, rtol=0)
    assert (target.held_out.mean(dim=0).abs() > 1e-3).any()
    np.testing.assert_allclose(
        _all_points(target) * target.scale + target.mean, points[np.argsort(points[:, 0])], rtol=1e-4
    )


def test_finite_sets_are_split_once_and_drawn_from_training_alone(build: Build) -> None:
    for section in (schema.Digits(held_out=300), schema.PointFile(path="points.csv", held_out=50)):
        target = build(section)
        assert isinstance(target, targets.FiniteTarget)
        known = {row.numpy().tobytes() for row in target.training}
        drawn = {row.numpy().tobytes() for row in target.sample(30_000, generator())}
        assert drawn == known, "every training example is drawn in the end, and nothing else"
        held_out = {row.numpy().tobytes() for row in target.held_out}
        assert len(held_out) == section.held_out
        assert not held_out & known


def test_digits_are_all_of_the_set_with_their_labels(build: Build) -> None:
    from sklearn.datasets import load_digits

    target = build(schema.Digits(held_out=597), seed=7)
    assert isinstance(target, targets.Digits)
    pixels, digits = load_digits(return_X_y=True)
    label_of = {
        (row / 8 - 1).astype(np.float32).tobytes(): int(digit) for row, digit in zip(pixels, digits, strict=True)
    }
    images = torch.cat([target.training, target.held_out])
    labels = torch.cat([target.labels, target.held_out_labels])
    assert len(images) == 1797
    assert images.min() == -1
    assert images.max() == 1
    assert [label_of[image.numpy().tobytes()] for image in images] == labels.tolist()
    assert {image.numpy().tobytes() for image in images} == set(label_of)


def test_a_wide_table_is_seen_on_its_two_widest_directions(build: Build) -> None:
    target = build(schema.PointFile(path="wide.npy", held_out=40, standardise=False))
    matrix, offset, axes = target.projection()
    assert axes == ("first principal component", "second principal component")
    assert matrix[0, 0] > 0.97
    assert matrix[2, 1] > 0.97
    plane = target.to_plane(target.sample(2000, generator()))
    assert plane[:, 0].std().item() == pytest.approx(9, rel=0.15)
    assert plane[:, 1].std().item() == pytest.approx(5, rel=0.15)
    torch.testing.assert_close(offset, torch.full((6,), 4.0), atol=2.5, rtol=0)


def test_a_plane_is_named_after_the_columns_of_the_file(build: Build) -> None:
    assert build(schema.PointFile(path="points.csv", held_out=40)).projection()[2] == ("height", "weight")
    assert build(schema.PointFile(path="line.npy", held_out=40)).projection()[2] == ("x₁", "")
