"""The published numbers that ship with the studio, and that each says how sure it is."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from gebm_studio.files import shipped
from gebm_studio.published import SAMPLERS, likelihoods, relative_scores, relative_scores_in_words
from gebm_studio.schema import Lane

LEVELS = ("source", "repository", "unverified")


def test_relative_scores_name_samplers_of_the_registry_and_their_certainty() -> None:
    scores = relative_scores()
    assert len(scores) == 3 * 4
    for score in scores:
        assert Lane(name=score.sampler).name in SAMPLERS.values()  # type: ignore[arg-type]
        assert 0 < score.value < 100
        assert score.certainty.startswith(LEVELS)
    assert str(scores[0]).startswith("cifar10: 95.1 % (unverified")
    assert relative_scores_in_words() == (
        "Published (unverified; cifar10, lsun, celeba, imagenet32): "
        "independence MH 92 to 95, DOT 82 to 94, Langevin 72 to 75"
    )


def test_likelihoods_are_found_by_the_name_of_the_table() -> None:
    found = likelihoods("redwine")
    assert len(found) == 7
    assert str(found[0]) == "KALE: 12.1 (repository)"
    assert found[-1].value == 11.19 and found[-1].certainty.startswith("unverified")
    assert likelihoods("iris") == ()


def test_every_table_says_how_sure_it_is() -> None:
    tables = json.loads((shipped("resources") / "published.json").read_text(encoding="utf-8"))
    for name, table in tables.items():
        if name != "_about":
            assert list(certainties(table)), f"{name} says nothing of its certainty"
            assert all(text.startswith(LEVELS) for text in certainties(table))


def certainties(table: Any) -> list[str]:
    if isinstance(table, list):
        return []
    found = []
    for key, value in table.items():
        if key == "certainty":
            found += value if isinstance(value, list) else [value]
        elif isinstance(value, dict):
            found += certainties(value)
    return found


def test_the_window_may_read_them_without_torch() -> None:
    code = "import sys, gebm_studio.published as p; p.relative_scores(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
