"""The public names, as a notebook uses them."""

from __future__ import annotations

import doctest
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gebm_studio as gs
from gebm_studio.library import Run
from gebm_studio.presets import PresetError

SMALL = {"base__hidden": 16, "energy__hidden": 16, "training__batch": 32}


def ring(seed: int | None = None) -> Run:
    made = gs.experiment("ring", device="cpu", seed=seed, **SMALL)
    assert isinstance(made, Run)
    return made


@pytest.fixture(scope="module")
def run() -> Run:
    run = ring(seed=3)
    run.train(5)
    return run


def test_the_lines_of_the_design_work(run: Run, tmp_path: Path) -> None:
    x = run.sample(100, sampler="kinetic", steps=20, temperature=1.0)
    assert x.shape == (100, 2)
    assert x.dtype == np.float32
    assert {"kale_train", "log_partition"} <= set(run.metrics())
    run.save(tmp_path / "ring.gebm")
    again = gs.load(tmp_path / "ring.gebm", device="cpu")
    assert isinstance(again, Run)
    assert again.iteration == 5
    assert again.metrics() == run.metrics()
    assert again.preset.seed == 3
    again.train(1)
    assert again.sample(3, steps=2).shape == (3, 2)


def test_sampling_is_repeatable_and_goes_on(run: Run) -> None:
    first, second = ring(), ring()
    assert np.array_equal(first.sample(4, steps=3), second.sample(4, steps=3))
    assert not np.array_equal(first.sample(4, steps=3), first.sample(4, steps=3))


def test_wrong_settings_are_told(run: Run) -> None:
    with pytest.raises(PresetError, match="no such setting"):
        run.sample(4, frction=1.0)
    with pytest.raises(PresetError, match="temperature"):
        run.sample(4, temperature=-1.0)
    with pytest.raises(ValueError, match="must be positive"):
        run.sample(0)
    with pytest.raises(PresetError, match="device 'nonsense'"):
        gs.experiment("ring", device="nonsense")
    with pytest.raises(PresetError, match="no such preset"):
        gs.experiment("rnig")


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, gebm_studio; sys.exit(bool({'torch', 'numpy', 'PySide6', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["gebm_studio.library", "gebm_studio.samplers"])
def test_examples_in_docstrings_run(name: str) -> None:
    module = __import__(name, fromlist=["_"])
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
