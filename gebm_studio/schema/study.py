"""Several trainings at once, side by side in lockstep."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from gebm_studio.schema.field import Section, setting

FEWEST_RUNS, MOST_RUNS = 2, 4


class Variant(Section):
    """One run of a comparison: the preset with some settings changed."""

    label: str = setting("", help="Name of the run, as pictures and table show it.", min_length=1, max_length=24)
    law: Literal["gebm", "base"] = setting(
        "gebm", help="What of the run is judged: the GEBM, or its base alone, as of a GAN whose critic is thrown away."
    )
    changes: dict[str, Any] = Field(
        default_factory=dict, description='Settings by dotted path, such as "objective.name" = "gan".'
    )


class Compare(Section):
    """Two to four runs in lockstep on the same data and seeds; none: one run alone."""

    runs: tuple[Variant, ...] = setting((), help="The runs that are compared.", max_length=MOST_RUNS)
    front: int = setting(
        0, help="Which run the other panels show, counted from 0.", label="In front", ge=0, le=MOST_RUNS - 1, live=True
    )

    @model_validator(mode="after")
    def _runs_fit(self) -> Self:
        count, labels = len(self.runs), [run.label for run in self.runs]
        if 0 < count < FEWEST_RUNS:
            raise ValueError(f"runs: a comparison needs {FEWEST_RUNS} to {MOST_RUNS} runs, got {count}; add another")
        if len(set(labels)) < count:
            raise ValueError(f"runs: labels must differ from each other, got {', '.join(labels)}")
        if count and self.front >= count:
            raise ValueError(f"front: must be below the number of runs, {count}, got {self.front}")
        return self
