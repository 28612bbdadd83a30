"""What learns: the base (a generator) and the energy (a critic)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gebm_studio.schema.field import Real, Section, setting

Architecture = Literal["dcgan", "sngan", "resnet"]
Activation = Literal["relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "tanh"]


def _residual() -> bool:
    default: bool = setting(
        False, help="Each hidden layer after the first adds to what it is given: h ← h + W σ(h) + b."
    )
    return default


class _Flow(Section):
    """An invertible network with an exact density, by change of variables; before training it is the identity."""

    architecture: Literal["realnvp", "maf"] = setting(
        "realnvp",
        help="realnvp, couplings: as fast to draw from as to evaluate; maf, autoregressive: in D dimensions it takes D "
        "times as long to draw from as to evaluate.",
    )
    transforms: int = setting(
        6, help="Invertible layers, each affine in the coordinates that it moves.", unit="layers", ge=1, le=16
    )
    hidden: int = setting(64, help="Width of each layer's network.", unit="units", ge=1, le=1024, scale="log")
    depth: int = setting(2, help="Hidden layers of each layer's network.", unit="layers", ge=1, le=4)
    activation: Activation = setting("silu", help="Nonlinearity of each layer's network.")


class _Base(Section):
    @property
    def has_density(self) -> bool:
        """Whether it has a density on the whole data space."""
        return False


class MlpBase(_Base):
    """G(z) = MLP(z), z ~ N(0, I)."""

    kind: Literal["mlp"] = "mlp"
    latent_dim: int = setting(2, help="Dimension of the latent space.", symbol="d", ge=1, le=512, scale="log")
    hidden: int = setting(128, help="Width of each hidden layer.", unit="units", ge=1, le=2048, scale="log")
    depth: int = setting(3, help="Number of hidden layers.", unit="layers", ge=0, le=16)
    activation: Activation = setting("relu", help="Nonlinearity between the layers.")
    residual: bool = _residual()
    output: Literal["linear", "tanh"] = setting(
        "linear", help="tanh keeps values in [−1, 1], as images have them, and leaves an even ground flat."
    )


class CircleBase(_Base):
    """z → centre + radius (cos θ, sin θ), θ = 2πΦ(z): uniform on a circle."""

    kind: Literal["circle"] = "circle"
    radius: float = setting(1.0, help="Radius of the circle before training.", symbol="r", ge=0.01, le=20.0)
    center: tuple[Real, Real] = setting((0.0, 0.0), help="Centre of the circle before training.")

    @property
    def latent_dim(self) -> int:
        return 1


class FlowerBase(_Base):
    """shift + scale · petal, even on the petals of a flower in R³: z₁ chooses the petal, z₂ and z₃ the place on it."""

    kind: Literal["flower"] = "flower"
    petals: int = setting(5, help="Number of petals.", ge=1, le=12)
    bend: float = setting(0.5, help="Height of the surface at the tip of a petal.", ge=0.0, le=3.0)
    scale: float = setting(1.0, help="Size before training.", ge=0.01, le=20.0)
    shift: tuple[Real, Real, Real] = setting((0.0, 0.0, 0.0), help="Place of the middle before training.")

    @property
    def latent_dim(self) -> int:
        return 3


class LinearBase(_Base):
    """G(z) = Az + b: a Gaussian, with a density where A is square and invertible."""

    kind: Literal["linear"] = "linear"
    matrix: tuple[tuple[Real, ...], ...] = setting(
        ((1.0, 0.0), (0.0, 1.0)), help="A, one row for each data dimension.", symbol="A", min_length=1, max_length=64
    )
    shift: tuple[Real, ...] = setting((0.0, 0.0), help="b, one entry for each data dimension.", symbol="b")

    @property
    def latent_dim(self) -> int:
        return len(self.matrix[0])

    @property
    def has_density(self) -> bool:
        return len(self.matrix) == self.latent_dim

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        widths = {len(row) for row in self.matrix}
        if len(widths) != 1 or 0 in widths:
            raise ValueError(f"matrix: every row must have the same positive length, got lengths {sorted(widths)}")
        if len(self.shift) != len(self.matrix):
            raise ValueError(f"shift: {len(self.matrix)} rows need {len(self.matrix)} entries, got {len(self.shift)}")
        return self


class GaussianBase(_Base):
    """N(μ, Σ), G(z) = Lz + μ with Σ = LLᵀ: the likeliest Gaussian of the training data, or a given one."""

    kind: Literal["gaussian"] = "gaussian"
    mean: tuple[Real, ...] = setting((), help="μ before training; empty: the training data's.", symbol="μ")
    covariance: tuple[tuple[Real, ...], ...] = setting(
        (), help="Σ before training, symmetric and positive; empty: the training data's.", symbol="Σ", max_length=64
    )

    @property
    def has_density(self) -> bool:
        return True

    @model_validator(mode="after")
    def _positive(self) -> Self:
        rows = self.covariance
        if any(len(row) != len(rows) for row in rows):
            raise ValueError(f"covariance: must be square, got rows of {sorted({len(row) for row in rows})} entries")
        if any(rows[i][j] != rows[j][i] for i in range(len(rows)) for j in range(i)):
            raise ValueError("covariance: must be symmetric")
        if self.mean and rows and len(self.mean) != len(rows):
            raise ValueError(f"mean: {len(rows)} rows of the covariance need {len(rows)} entries, got {len(self.mean)}")
        return self


class PpcaBase(_Base):
    """Probabilistic PCA: N(μ, WWᵀ + σ²I), W of rank k, at its maximum of likelihood (Tipping and Bishop, 1999)."""

    kind: Literal["ppca"] = "ppca"
    components: int = setting(
        2, help="k, principal axes with variances of their own; the others share σ², the mean of theirs.", symbol="k",
        ge=1, le=512, scale="log",
    )  # fmt: skip

    @property
    def has_density(self) -> bool:
        return True


class FlowBase(_Flow, _Base):
    """A normalising flow: G is invertible and g is exact."""

    kind: Literal["flow"] = "flow"

    @property
    def has_density(self) -> bool:
        return True


class ConvBase(_Base):
    """A convolutional generator of images with values in [−1, 1], of 8, 16, 28, 32 or 64 pixels a side."""

    kind: Literal["conv"] = "conv"
    architecture: Architecture = setting(
        "dcgan",
        help="dcgan: transposed convolutions that double the side, channels halve; sngan: the same to the ConvNet of "
        "SN-GAN; resnet: residual blocks of even width with nearest-neighbour upsampling.",
    )
    latent_dim: int = setting(16, help="Dimension of the latent space.", symbol="d", ge=1, le=512, scale="log")
    channels: int = setting(64, help="Channels of the widest layer.", unit="channels", ge=4, le=1024, scale="log")
    batch_norm: bool = setting(
        False,
        help="Normalise each layer by the mean and variance of the batch while the base learns; chains use the running "
        "ones, so that no chain depends on another.",
    )


Base = Annotated[
    MlpBase | CircleBase | LinearBase | GaussianBase | PpcaBase | FlowBase | ConvBase | FlowerBase,
    Field(discriminator="kind"),
]


class _NetworkEnergy(Section):
    spectral_norm: bool = setting(
        False, help="Divide each weight by its largest singular value (one power iteration a step)."
    )
    floor: Real | None = setting(
        None,
        help="Energies below this value are raised to it, which also stops their gradient; the paper uses −10.",
        ge=-1000.0,
        le=0.0,
    )


class MlpEnergy(_NetworkEnergy):
    """E(x) = MLP(x)."""

    kind: Literal["mlp"] = "mlp"
    hidden: int = setting(128, help="Width of each hidden layer.", unit="units", ge=1, le=2048, scale="log")
    depth: int = setting(3, help="Number of hidden layers.", unit="layers", ge=0, le=16)
    activation: Activation = setting("silu", help="Nonlinearity between the layers.")
    residual: bool = _residual()


class ConvEnergy(_NetworkEnergy):
    """A convolutional critic of images of 8, 16, 28, 32 or 64 pixels a side."""

    kind: Literal["conv"] = "conv"
    architecture: Architecture = setting(
        "dcgan",
        help="dcgan: strided convolutions that halve the side, channels double; sngan: the ConvNet of SN-GAN, with two "
        "convolutions a size; resnet: residual blocks with average pooling.",
    )
    channels: int = setting(64, help="Channels of the widest layer.", unit="channels", ge=4, le=1024, scale="log")


class LinearEnergy(Section):
    """E(x) = −⟨w, x⟩. On a circle of radius one, w = (k, 0) makes the GEBM von Mises with Z = I₀(k)."""

    kind: Literal["linear"] = "linear"
    weights: tuple[Real, ...] = setting((0.0, 0.0), help="w before training.", symbol="w", min_length=1)


class QuadraticEnergy(Section):
    """E(x) = ½ (x − m)ᵀ M (x − m): with a linear base everything is a Gaussian in closed form."""

    kind: Literal["quadratic"] = "quadratic"
    precision: tuple[tuple[Real, ...], ...] = setting(
        ((1.0, 0.0), (0.0, 1.0)), help="M, symmetric.", symbol="M", min_length=1, max_length=64
    )
    mean: tuple[Real, ...] = setting(
        (0.0, 0.0), help="m, where the energy is least, before training.", symbol="m", min_length=1
    )

    @model_validator(mode="after")
    def _square(self) -> Self:
        size = len(self.precision)
        if any(len(row) != size for row in self.precision) or len(self.mean) != size:
            raise ValueError(f"precision: must be square with as many rows as mean has entries ({len(self.mean)})")
        if any(self.precision[i][j] != self.precision[j][i] for i in range(size) for j in range(i)):
            raise ValueError("precision: must be symmetric")
        return self


class RatioEnergy(Section):
    """E(x) = log g(x) − log p(x) + k, the exact energy: the GEBM is the target and log Z = −k."""

    kind: Literal["ratio"] = "ratio"
    offset: float = setting(0.0, help="k, a planted constant: log Z = −k.", symbol="k", ge=-50.0, le=50.0)


class FlowEnergy(_Flow):
    """E(x) = log g(x) − log q(x) + k with a normalising flow q: the GEBM's density is q itself and log Z = −k."""

    kind: Literal["flow"] = "flow"
    offset: float = setting(
        0.0, help="k, a planted constant: the learned c should find log Z = −k.", symbol="k", ge=-50.0, le=50.0
    )


class WitnessEnergy(Section):
    """E(x) = s (E_G k(φ(x), φ(y)) − E_P k(φ(x), φ(y))): minus MMD's witness function, scaled."""

    kind: Literal["witness"] = "witness"
    features: Literal["learned", "plain"] = setting(
        "learned", help="φ: learned, a network that makes MMD² large (MMD-GAN); plain, the examples themselves."
    )
    kernel: Literal["gaussian", "imq", "distance"] = setting(
        "gaussian",
        help="k, of |a − b| in units of the median distance ℓ: gaussian, the mean of widths ℓ/2, ℓ and 2ℓ; imq, "
        "(1 + |a − b|²/2ℓ²)^{−½}; distance, −|a − b|/ℓ, which makes MMD² the energy distance.",
    )
    scale: float = setting(
        10.0, help="s: the witness knows no unit of energy, so how deep it is has to be said.", symbol="s", ge=0.01,
        le=1000.0, scale="log",
    )  # fmt: skip
    references: int = setting(
        256, help="Data, and as many samples, that the energy compares an example with; drawn anew after each step.",
        unit="points", ge=2, le=4096, scale="log",
    )  # fmt: skip
    outputs: int = setting(8, help="Number of learned features.", ge=1, le=256, when=("features", ("learned",)))
    hidden: int = setting(
        128, help="Width of each hidden layer.", unit="units", ge=1, le=2048, scale="log",
        when=("features", ("learned",)),
    )  # fmt: skip
    depth: int = setting(
        3, help="Number of hidden layers.", unit="layers", ge=0, le=12, when=("features", ("learned",))
    )
    activation: Activation = setting("silu", help="Nonlinearity between the layers.", when=("features", ("learned",)))
    spectral_norm: bool = setting(
        False, help="Divide each weight by its largest singular value (one power iteration a step).",
        when=("features", ("learned",)),
    )  # fmt: skip


Energy = Annotated[
    MlpEnergy | ConvEnergy | LinearEnergy | QuadraticEnergy | RatioEnergy | FlowEnergy | WitnessEnergy,
    Field(discriminator="kind"),
]
