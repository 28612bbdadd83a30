"""Which device an experiment runs on."""

from __future__ import annotations

import os

import torch
from threadpoolctl import threadpool_limits

from gebm_studio.presets import PresetError


def resolve(name: str) -> torch.device:
    """The device of a name; `auto` takes CUDA, then MPS, then the CPU.

    Raises:
        PresetError: Where there is no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", 0)
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PresetError([f"device {name!r}: not to be had here ({reason}); use auto or cpu"]) from error
    return device


def describe(device: torch.device) -> str:
    """The device in words for the status bar."""
    return f"{device} ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else str(device)


def limit_threads(count: int = 0) -> None:
    """Leave a window beside the engine its cores: half of them, at most four, for the engine."""
    threads = count or max(1, min(4, (os.cpu_count() or 2) // 2))
    torch.set_num_threads(threads)
    # The BLAS of numpy and of scipy have threads of their own, which wait for busy cores even for a 2 by 2 matrix.
    threadpool_limits(threads, user_api="blas")
