"""What learns: the base (a generator) and the energy (a critic)."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gebm_studio.schema.field import Real, Section, setting

Activation = Literal["relu", "leaky_relu", "silu", "softplus", "tanh"]


class MlpBase(Section):
    """G(z) = MLP(z), z ~ N(0, I)."""

    kind: Literal["mlp"] = "mlp"
    latent_dim: int = setting(2, help="Dimension of the latent space.", symbol="d", ge=1, le=512, scale="log")
    hidden: int = setting(128, help="Width of each hidden layer.", unit="units", ge=1, le=2048, scale="log")
    depth: int = setting(3, help="Number of hidden layers.", unit="layers", ge=0, le=12)
    activation: Activation = setting("relu", help="Nonlinearity between the layers.")


class CircleBase(Section):
    """z → centre + radius (cos θ, sin θ), θ = 2πΦ(z): uniform on a circle."""

    kind: Literal["circle"] = "circle"
    radius: float = setting(1.0, help="Radius of the circle before training.", symbol="r", ge=0.01, le=20.0)
    center: tuple[Real, Real] = setting((0.0, 0.0), help="Centre of the circle before training.")

    @property
    def latent_dim(self) -> int:
        return 1


class LinearBase(Section):
    """G(z) = Az + b: a Gaussian, with a density where A is square and invertible."""

    kind: Literal["linear"] = "linear"
    matrix: tuple[tuple[Real, ...], ...] = setting(
        ((1.0, 0.0), (0.0, 1.0)), help="A, one row for each data dimension.", symbol="A", min_length=1, max_length=64
    )
    shift: tuple[Real, ...] = setting((0.0, 0.0), help="b, one entry for each data dimension.", symbol="b")

    @property
    def latent_dim(self) -> int:
        return len(self.matrix[0])

    @model_validator(mode="after")
    def _shapes_agree(self) -> Self:
        widths = {len(row) for row in self.matrix}
        if len(widths) != 1 or 0 in widths:
            raise ValueError(f"matrix: every row must have the same positive length, got lengths {sorted(widths)}")
        if len(self.shift) != len(self.matrix):
            raise ValueError(f"shift: {len(self.matrix)} rows need {len(self.matrix)} entries, got {len(self.shift)}")
        return self


class ConvBase(Section):
    """A transposed-convolutional generator of 8×8 images with values in [−1, 1]."""

    kind: Literal["conv"] = "conv"
    latent_dim: int = setting(16, help="Dimension of the latent space.", symbol="d", ge=1, le=512, scale="log")
    channels: int = setting(64, help="Channels of the widest layer.", unit="channels", ge=4, le=512, scale="log")


Base = Annotated[MlpBase | CircleBase | LinearBase | ConvBase, Field(discriminator="kind")]


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
    depth: int = setting(3, help="Number of hidden layers.", unit="layers", ge=0, le=12)
    activation: Activation = setting("silu", help="Nonlinearity between the layers.")


class ConvEnergy(_NetworkEnergy):
    """A strided-convolutional critic of 8×8 images."""

    kind: Literal["conv"] = "conv"
    channels: int = setting(64, help="Channels of the widest layer.", unit="channels", ge=4, le=512, scale="log")


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


Energy = Annotated[MlpEnergy | ConvEnergy | LinearEnergy | QuadraticEnergy | RatioEnergy, Field(discriminator="kind")]
