"""Malformed presets, each with what its one line must say."""

from __future__ import annotations

HEAD = 'title = "t"\n'


LAB = HEAD + 'kind = "divergences"\n'
FLOWS = HEAD + 'kind = "particles"\n'


def _in(section: str, text: str, head: str = HEAD) -> str:
    return f"{head}[{section}]\n{text}\n"


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
    "unknown experiment": (HEAD + 'kind = "lab"', "kind: must be one of training, divergences, particles, got 'lab'"),
    "an experiment in capitals": (
        HEAD + 'kind = "Training"',
        "kind: must be one of training, divergences, particles, got 'Training'",
    ),
    "list for an experiment": (
        HEAD + 'kind = ["training"]',
        "kind: must be one of training, divergences, particles, got",
    ),
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
    # Two laws.
    "a training's section in a lab": (
        _in("target", 'kind = "ring"', LAB),
        "target: unknown key; allowed: title, figure",
    ),
    "a law of a training": (_in("p", 'kind = "gaussian"'), "p: unknown key; allowed: title, figure"),
    "a law without a kind": (
        _in("p", "width = 1", LAB),
        "p: its kind is missing; add kind, one of gaussian, uniform, point, mixture, toy, rings, shape, points, file",
    ),
    "a law that there is not": (_in("q", 'kind = "cauchy"', LAB), "q.kind: must be one of gaussian, uniform, point"),
    "a law that is a name": (LAB + 'q = "gaussian"', "q: must be a table, got 'gaussian'"),
    "a place of one number": (
        _in("p", 'kind = "point"\nat = [1]', LAB),
        "p.at[1]: missing; the list needs an entry here",
    ),
    "a place that is a number": (_in("p", 'kind = "point"\nat = 1', LAB), "p.at: must be a list, got 1"),
    "a place nowhere": (_in("p", 'kind = "point"\nat = [nan, 0]', LAB), "p.at[0]: must be a finite number, got nan"),
    "a width below zero": (_in("q", 'kind = "gaussian"\nwidth = -1', LAB), "q.width: must lie from 0 to 100, got -1"),
    "a width of a point": (_in("q", 'kind = "point"\nwidth = 1', LAB), "q.width: unknown key; allowed: at, kind"),
    "a law of the plane on the line": (
        _in("p", 'kind = "toy"', LAB),
        "p: kind toy has dimension 2 here and does not live on the line; choose another space or law",
    ),
    "a mixture of the line in the plane": (
        _in("p", 'kind = "mixture"', LAB + 'space = "plane"\n'),
        "p: kind mixture has dimension 1 here and does not live on the plane; choose another space or law",
    ),
    "components of unequal dimension": (
        _in("p", 'kind = "mixture"\nmeans = [[0], [1, 2]]', LAB),
        "p.means: every row must have the same 1 or 2 entries, got [1, 2] of them",
    ),
    "components in space": (
        _in("p", 'kind = "mixture"\nmeans = [[0, 0, 0], [1, 1, 1]]', LAB),
        "p.means: every row must have the same 1 or 2 entries, got [3] of them",
    ),
    "components nested too deeply": (
        _in("p", 'kind = "mixture"\nmeans = [[[0]], [1]]', LAB),
        "p.means[0][0]: must be a finite number, got [0]",
    ),
    "components that are switches": (
        _in("p", 'kind = "mixture"\nmeans = [[0], [true]]', LAB),
        "p.means[1][0]: must be a finite number, got true",
    ),
    "too few widths of components": (
        _in("p", 'kind = "mixture"\nmeans = [0, 1, 2]', LAB),
        "p.stds: 3 means need as many standard deviations, got 2",
    ),
    "a component without width": (
        _in("p", 'kind = "mixture"\nstds = [0, 1]', LAB),
        "p.stds: each must lie from 0.001 to 100, got [0.0, 1.0]",
    ),
    "components without mass": (
        _in("p", 'kind = "mixture"\nweights = [0, 0]', LAB),
        "p.weights: at least one weight must be positive",
    ),
    "a component of negative mass": (
        _in("p", 'kind = "mixture"\nweights = [-1, 2]', LAB),
        "p.weights: 2 components need as many weights from 0, got [-1.0, 2.0]",
    ),
    "points of unequal dimension": (
        _in("p", 'kind = "points"\npoints = [[1, 2], [3]]', LAB),
        "p.points: every row must have the same 1 or 2 entries, got [1, 2] of them",
    ),
    "a number among points": (
        _in("p", 'kind = "points"\npoints = [1, [2]]', LAB),
        "p.points[0]: must be a list, got 1",
    ),
    "text among points": (
        _in("p", 'kind = "points"\npoints = [[1, "a"]]', LAB),
        "p.points[0][1]: must be a finite number, got 'a'",
    ),
    "more points than a hand draws": (
        _in("p", f'kind = "points"\npoints = {[0.5] * 2001}', LAB),
        "p.points: must have 2000 entries or fewer, got 2001",
    ),
    "a picture without a file": (
        _in("p", 'kind = "shape"\nname = "picture"', LAB + 'space = "plane"\n'),
        "p.path: a shape from a picture needs its file; name one",
    ),
    # Curves over a parameter, critics and fits.
    "a sweep over a width that a point lacks": (
        _in("swept", 'over = "p.width"', LAB) + '[p]\nkind = "point"\n',
        "swept.over: a law of kind point has no width; sweep p.at, or choose another law",
    ),
    "a sweep over what there is not": (
        _in("swept", 'over = "p.size"', LAB),
        "swept.over: must be one of q.at, q.width, p.at, p.width, kernel.scale",
    ),
    "a sweep that goes nowhere": (_in("swept", "low = 3", LAB), "swept.low: must be below high, got 3.0 and 3.0"),
    "a sweep that goes back": (
        _in("swept", "low = 4\nhigh = 3", LAB),
        "swept.low: must be below high, got 4.0 and 3.0",
    ),
    "a logarithm from below zero": (
        _in("swept", 'spacing = "log"', LAB),
        "swept.low: must be positive where values are spaced by a logarithm, got -3.0",
    ),
    "no curves": (_in("swept", "curves = []", LAB), "swept.curves: must have 1 entry or more, got 0"),
    "a curve that is a name": (_in("swept", 'curves = "kl"', LAB), "swept.curves: must be a list, got 'kl'"),
    "an unknown curve": (_in("swept", 'curves = ["kl", "k"]', LAB), "swept.curves[1]: must be one of kl, reverse_kl"),
    "an unknown dock": (
        _in("view", 'docks = ["bars", "data"]', LAB),
        "view.docks[1]: must be one of bars, swept, tangent, bound, plan, got 'data'",
    ),
    "a penalty of zero": (
        _in("kernel", "regularisation = 0", LAB),
        "kernel.regularisation: must lie from 1e-8 to 1000000, got 0",
    ),
    "fits in the plane": (
        _in("fit", 'divergences = ["kl"]', LAB + 'space = "plane"\n'),
        "fit.divergences: Gaussians are fitted on the line only; set space to line",
    ),
    "a Gaussian that climbs in the plane": (
        _in("critic", 'family = "gaussian"', LAB + 'space = "plane"\n'),
        "critic.family: gaussian climbs on the line only; choose another class",
    ),
    # Particle flows.
    "a lab's section in flows": (_in("swept", 'over = "q.at"', FLOWS), "swept: unknown key; allowed: title, figure"),
    "a flow from the line": (
        _in("start", 'kind = "mixture"', FLOWS),
        "start: particles flow in the plane, and this law of kind mixture is of the line; give it two columns",
    ),
    "a flow to the line": (
        _in("target", 'kind = "points"\npoints = [1, 2]', FLOWS),
        "target: particles flow in the plane, and this law of kind points is of the line; give it two columns",
    ),
    "a training's target of a flow": (_in("target", 'kind = "ring"', FLOWS), "target.kind: must be one of gaussian"),
    "a flow by no rule": (
        _in("flow", 'name = "kalle"', FLOWS),
        "flow.name: must be one of mmd, kale, langevin, sinkhorn, got 'kalle'",
    ),
    "another flow beyond its range": (
        FLOWS + 'others = [{ name = "mmd" }, { name = "kale", step_size = -1 }]',
        "others[1].step_size: must lie above 0 to 100, got -1",
    ),
    "unknown key of another flow": (
        FLOWS + '[[others]]\nnam = "kale"',
        "others[0].nam: unknown key; did you mean name?",
    ),
    "another flow that is a name": (FLOWS + 'others = ["kale"]', "others[0]: must be a table, got 'kale'"),
    "other flows that are no list": (FLOWS + '[others]\nname = "kale"', "others: must be a list, got a table"),
    "five flows": (FLOWS + "others = [{}, {}, {}, {}]", "others: must have 3 entries or fewer, got 4"),
    "one particle": (_in("cloud", "particles = 1", FLOWS), "cloud.particles: must lie from 2 to 5000, got 1"),
}
