"""What benchmarks share: a table of ratios at the end of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

ROWS: list[tuple[str, str, str]] = []


@pytest.fixture
def report() -> Callable[[str, str, str], None]:
    """Add a row to the table: what, measured, aim."""
    return lambda what, measured, aim: ROWS.append((what, measured, aim))


@pytest.hookimpl(wrapper=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Print the table."""
    yield
    if ROWS:
        terminalreporter.section("ratios of this run")
        widths = [max(len(row[column]) for row in ROWS) for column in range(3)]
        for row in ROWS:
            terminalreporter.line("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)))
