"""What every preset says of itself, whatever it runs."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict

from gebm_studio.schema.field import Section, setting

Text = Annotated[str, Strict()]


class Preset(Section):
    """One figure: its name, its source, what a person should see, and the seed of all that is random in it."""

    title: Text = Field(description="Name of the preset, as the list shows it.", min_length=1, max_length=80)
    figure: Text = Field("", description="Figure id, such as F01.", max_length=16)
    source: Text = Field("", description="Where the figure comes from.", max_length=200)
    summary: Text = Field("", description="One line for the list.", max_length=160)
    look: Text = Field("", description="What to look at.", max_length=1200)
    expect: Text = Field("", description="What to expect.", max_length=1200)
    kind: str = Field(description="The kind of experiment.")
    seed: int = setting(0, help="One seed gives one result, bit for bit, on the CPU.", ge=0, le=2**31 - 1)

    @property
    def pace(self) -> float:
        """Most iterations a second; 0 means as fast as the machine goes."""
        return 0.0
