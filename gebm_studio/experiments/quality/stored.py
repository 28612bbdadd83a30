"""Measurements as text and back, number for number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gebm_studio.messages import Calibration, FactorShares, Interval, Measured, frozen


def to_text(measured: Sequence[Measured]) -> str:
    """Measurements as JSON, in which NaN and infinity stand as such."""
    return json.dumps([as_plain(one) for one in measured], ensure_ascii=False)


def from_text(text: str) -> list[Measured]:
    """What `to_text` gave.

    Raises:
        KeyError, TypeError, ValueError: Where it is something else.
    """
    return [_measured(plain) for plain in json.loads(text)]


def as_plain(measured: Measured) -> dict[str, Any]:
    """A measurement as dicts, lists, numbers and texts, by the names of its fields."""
    found = {field.name: getattr(measured, field.name) for field in fields(measured)}
    found["factors"] = [vars(factor) for factor in measured.factors]
    found["calibration"] = {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(measured.calibration).items()
    }
    found["notes"] = dict(measured.notes)
    return found


def _measured(plain: dict[str, Any]) -> Measured:
    given = dict(plain)
    for name in ("difference", "ratio", "kale", "copies"):
        given[name] = _interval(plain[name])
    given["scores"] = {law: _intervals(scores) for law, scores in plain["scores"].items()}
    given["factors"] = tuple(_factor(factor) for factor in plain["factors"])
    arrays = {
        name: frozen(np.array(plain["calibration"][name], dtype=np.float32))
        for name in ("predicted", "found", "low", "high")
    }
    given["calibration"] = Calibration(slope=_interval(plain["calibration"]["slope"]), **arrays)
    given["notes"] = tuple(plain["notes"].items())
    return Measured(**given)


def _factor(plain: dict[str, Any]) -> FactorShares:
    given = dict(plain)
    for name in ("values", "truth"):
        given[name] = tuple(plain[name])
    for law in ("base", "gebm"):
        given[law] = tuple(_interval(ends) for ends in plain[law])
    given["variation"] = _intervals(plain["variation"])
    return FactorShares(**given)


def _intervals(plain: dict[str, list[float]]) -> dict[str, Interval]:
    return {name: _interval(ends) for name, ends in plain.items()}


def _interval(ends: Sequence[float]) -> Interval:
    value, low, high = map(float, ends)
    return value, low, high


def as_bytes(text: str) -> Tensor:
    """A text as a tensor of bytes, which a file of tensors can hold."""
    return torch.from_numpy(np.frombuffer(text.encode(), dtype=np.uint8).copy())


def as_text(tensor: Tensor) -> str:
    """The text that `as_bytes` made a tensor of.

    Raises:
        ValueError: Where it is no text.
    """
    return bytes(tensor.cpu().numpy()).decode()
