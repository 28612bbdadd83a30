"""What has to be done once before a target can be had: a download, pictures made small."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

Tell = Callable[[int, int, str], None]
"""How much is done, of how much (0 where nobody knows), and of what; it may raise to end the work."""


@dataclass(frozen=True)
class Preparation:
    """Long work that leaves files in the data folder; where it is ended nothing half-written stays.

    Attributes:
        name: What is being made ready.
        run: Does the work, telling how far it is, and returns lines that a person should read. It raises a
            PresetError, in one line, where the work cannot be done.
    """

    name: str
    run: Callable[[Tell], tuple[str, ...]]

    def run_with_bar(self, *, shown: bool | None = None) -> None:
        """Do the work with progress in the terminal.

        Arguments:
            shown: Whether to show it; None: where the output is a terminal.

        Raises:
            PresetError: In one line, where it cannot be done.
        """
        from tqdm import tqdm

        disable = None if shown is None else not shown
        under_way = self.name
        with tqdm(desc=self.name, unit="", unit_scale=True, disable=disable, dynamic_ncols=True) as bar:

            def tell(done: int, total: int, what: str) -> None:
                nonlocal under_way
                if what != under_way:
                    under_way = what
                    bar.reset()
                    bar.set_description(what, refresh=False)
                bar.total = total or None
                bar.update(done - bar.n)

            for line in self.run(tell):
                bar.write(line, file=sys.stderr)
