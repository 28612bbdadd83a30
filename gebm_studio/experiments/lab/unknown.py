"""Why a number of the lab cannot be had."""

from __future__ import annotations


class Unknown(Exception):
    """A value that cannot be had: what is missing, and what to do, in one line."""
