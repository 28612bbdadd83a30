"""Malformed presets, each with what its one line must say."""

from __future__ import annotations

HEAD = 'title = "t"\n'


def _in(section: str, text: str) -> str:
    return f"{HEAD}[{section}]\n{text}\n"


MALFORMED: dict[str, tuple[str | bytes, str]] = {
    # The text itself.
    "empty": ("", "title: missing; add it"),
    "no equals sign": ("title", "not valid TOML: Expected '=' after a key"),
    "open string": ('title = "t', "not valid TOML"),
    "open table": (HEAD + "[target", "not valid TOML"),
    "key twice": (HEAD + "seed = 1\nseed = 2", "not valid TOML: Cannot overwrite a value"),
    "table twice": (HEAD + "[target]\nkind = 'moons'\n[target]\n", "not valid TOML: Cannot declare"),
    "JSON": ('{"title": "t"}', "not valid TOML"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "not a text file in UTF-8 (byte 0)"),
    "UTF-16": ('title = "t"'.encode("utf-16"), "not a text file in UTF-8 (byte 0)"),
    "control character": ('title = "a\x01b"', "not valid TOML: Illegal character"),
    "nested too deeply": (HEAD + "seed = " + "[" * 100_000, "not valid TOML: nested too deeply"),
    "number of 5000 digits": (HEAD + "seed = 1" + "0" * 5000, "not valid TOML: Exceeds the limit"),
    "larger than any preset": (HEAD + "# " + "x" * (5 * 2**20), "larger than 4 MB; a preset is a short text file"),
    # Keys.
    "unknown key": (HEAD + "sed = 1", "sed: unknown key; did you mean seed?"),
    "unknown section": (HEAD + "[samplers]\n", "samplers: unknown key; did you mean sampler?"),
    "unknown key of a section": (
        _in("sampler", "frction = 1.0"),
        "sampler.frction: unknown key; did you mean friction?",
    ),
    "key of another kind": (
        _in("target", 'kind = "moons"\nmodes = 3'),
        "target.modes: unknown key; allowed: held_out, kind, noise",
    ),
    "key with a line break": (HEAD + '"a\\nb" = 1', "'a\\nb': unknown key; allowed: title, figure"),
    # Kinds.
    "no kind": (_in("target", "modes = 3"), "target: its kind is missing; add kind, one of ring, grid, moons"),
    "unknown kind": (_in("target", 'kind = "rings"'), "target.kind: must be one of ring, grid, moons"),
    "kind is a number": (
        _in("base", "kind = 3"),
        "base.kind: must be one of mlp, circle, linear, gaussian, ppca, flow, conv, flower, got 3",
    ),
    "unknown experiment": (HEAD + 'kind = "lab"', "kind: must be one of training, got 'lab'"),
    # Types.
    "text for a number": (
        _in("sampler", 'friction = "low"'),
        "sampler.friction: must be a number from 0.0001 to 10000, got 'low'",
    ),
    "numeral as text": (HEAD + 'seed = "1"', "seed: must be a whole number from 0 to 2147483647, got '1'"),
    "fraction for a count": (
        _in("sampler", "chains = 1.5"),
        "sampler.chains: must be a whole number from 1 to 16384, got 1.5",
    ),
    "true for a number": (
        _in("training", "batch = true"),
        "training.batch: must be a whole number from 2 to 8192, got true",
    ),
    "number for true": (
        _in("energy", 'kind = "mlp"\nspectral_norm = 1'),
        "energy.spectral_norm: must be true or false, got 1",
    ),
    "number for text": ("title = 3", "title: must be text, got 3"),
    "date for a number": (
        HEAD + "seed = 2026-01-31",
        "seed: must be a whole number from 0 to 2147483647, got 2026-01-31",
    ),
    "number for a section": (HEAD + "sampler = 3", "sampler: must be a table, got 3"),
    "list for a section": (HEAD + "[[target]]\nkind = 'moons'", "target: must be a table, got [{'kind': 'moons'}]"),
    "table for a number": (
        _in("sampler.friction", "value = 1"),
        "sampler.friction: must be a number from 0.0001 to 10000, got a table",
    ),
    "number for a list": (_in("target", 'kind = "ring"\nweights = 1'), "target.weights: must be a list, got 1"),
    "text in a list": (
        _in("target", 'kind = "ring"\nmodes = 2\nweights = [1, "2"]'),
        "target.weights[1]: must be a finite number, got '2'",
    ),
    # Values.
    "below the range": (_in("sampler", "friction = -1"), "sampler.friction: must lie from 0.0001 to 10000, got -1"),
    "above the range": (_in("target", 'kind = "ring"\nmodes = 65'), "target.modes: must lie from 1 to 64, got 65"),
    "at an open end": (_in("training", "beta1 = 1.0"), "training.beta1: must lie from 0 to below 1, got 1.0"),
    "not a number": (_in("sampler", "friction = nan"), "sampler.friction: must lie from 0.0001 to 10000, got nan"),
    "cold temperature": (
        _in("sampler", "temperature = 0.0"),
        "sampler.temperature: must be a number from 0.001, got 0.0",
    ),
    "infinite step": (_in("sampler", "step_size = inf"), "sampler.step_size: must lie from 1e-6 to 10, got inf"),
    "infinity in a list": (
        _in("base", 'kind = "linear"\nmatrix = [[1, 0], [0, inf]]'),
        "base.matrix[1][1]: must be a finite number, got inf",
    ),
    "unknown choice": (
        _in("objective", 'name = "gann"'),
        "objective.name: must be one of kale, donsker_varadhan, kl, reverse_kl",
    ),
    "choice in capitals": (_in("sampler", 'name = "ULA"'), "sampler.name: must be one of ula, mala, random_walk"),
    "empty title": ('title = ""', "title: must have 1 character or more, got 0"),
    "title too long": (f'title = "{"t" * 81}"', "title: must have 80 characters or fewer, got 81"),
    # The samplers of a race.
    "a lane beyond its range": (
        _in("race", 'lanes = [{ name = "ula" }, { name = "ula", step_size = -1 }]'),
        "race.lanes[1].step_size: must lie from 1e-6 to 10, got -1",
    ),
    "a lane of no algorithm": (
        _in("race", 'lanes = [{ name = "ulla" }]'),
        "race.lanes[0].name: must be one of ula, mala, random_walk, hmc, kinetic, ghmc",
    ),
    "unknown key of a lane": (
        _in("race", 'lanes = [{ name = "kinetic", frction = 1.0 }]'),
        "race.lanes[0].frction: unknown key; did you mean friction?",
    ),
    "a lane that is a name": (_in("race", 'lanes = ["ula"]'), "race.lanes[0]: must be a table, got 'ula'"),
    # What does not fit together.
    "too few weights": (
        _in("target", 'kind = "ring"\nmodes = 3\nweights = [1, 2]'),
        "target.weights: 3 components need 3 weights, got 2; give one for each or leave it out",
    ),
    "weights without mass": (
        _in("target", 'kind = "ring"\nmodes = 2\nweights = [0, 0]'),
        "target.weights: at least one weight must be positive",
    ),
    "rows of unequal length": (
        _in("base", 'kind = "linear"\nmatrix = [[1, 0], [1]]\nshift = [0, 0]'),
        "base.matrix: every row must have the same positive length, got lengths [1, 2]",
    ),
    "a linear energy of images": (
        _in("target", 'kind = "digits"') + '[energy]\nkind = "linear"\n',
        "energy: kind linear does not take images; use kind conv or mlp",
    ),
    "energy of another dimension": (
        _in("energy", 'kind = "linear"\nweights = [1, 2, 3]'),
        "energy.weights: target ring needs 2 entries, got 3",
    ),
}
