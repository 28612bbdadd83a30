"""The Fréchet distance against its closed form, and what its interval promises."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from numpy.typing import NDArray

from gebm_studio.diagnostics import frechet_distance, frechet_in_pieces, frechet_interval
from gebm_studio.diagnostics.frechet import between, moments, resampled
from gebm_studio.divergences.pieces import finished

MIX = np.random.default_rng(0).normal(size=(9, 9)) / 3


def _draw(rng: np.random.Generator, n: int, scale: float = 1.0, shift: float = 0.0) -> NDArray[np.float64]:
    return scale * rng.normal(size=(n, 9)) @ MIX.T + shift


def _moments(x: NDArray[np.float64], mean: NDArray[np.float64], cov: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points moved so that their sample mean and covariance are exactly the given ones."""
    x = x - x.mean(axis=0)
    white = np.linalg.solve(np.linalg.cholesky(np.cov(x.T)), x.T).T
    return np.asarray(white @ np.linalg.cholesky(cov).T + mean)


def test_the_distance_is_the_closed_form_of_the_moments() -> None:
    rng = np.random.default_rng(1)
    A, B = rng.normal(size=(2, 9, 9))
    S_x, S_y, m_x, m_y = A @ A.T, B @ B.T, rng.normal(size=9), rng.normal(size=9)
    x, y = _moments(rng.normal(size=(60, 9)), m_x, S_x), _moments(rng.normal(size=(90, 9)), m_y, S_y)
    root = np.real(scipy.linalg.sqrtm(S_x))
    cross = np.trace(np.real(scipy.linalg.sqrtm(root @ S_y @ root)))
    wanted = ((m_x - m_y) ** 2).sum() + np.trace(S_x + S_y) - 2 * cross
    assert frechet_distance(x, y) == pytest.approx(wanted, rel=1e-7)
    assert frechet_distance(y, x) == pytest.approx(wanted, rel=1e-7)
    assert frechet_distance(x, x + 2) == pytest.approx(36, rel=1e-9)
    assert frechet_distance(x, x) == pytest.approx(0, abs=1e-10)


def test_sets_without_spread_in_some_directions_lose_no_digits() -> None:
    line = np.random.default_rng(4).normal(size=(30, 1)) * np.array([[1, 0, 0, 0, 0, 0]])
    std = line[:, 0].std(ddof=1)
    assert frechet_distance(line, 3 * line) == pytest.approx((2 * std) ** 2 + (2 * line[:, 0].mean()) ** 2, rel=1e-9)
    point = np.zeros((2, 6))
    assert frechet_distance(line, point) == pytest.approx(std**2 + line[:, 0].mean() ** 2, rel=1e-9)


@pytest.mark.parametrize("n", [5, 40])
def test_a_resample_has_the_moments_of_its_rows(n: int) -> None:
    """Also with fewer rows than features, where a covariance has no inverse."""
    rng = np.random.default_rng(5)
    x, y, chosen = rng.normal(size=(n, 9)), rng.normal(size=(30, 9)), rng.integers(n, size=n)
    counts = np.bincount(chosen, minlength=n).astype(float)
    found, wanted = between(resampled(x, counts), moments(y)), between(moments(x[chosen]), moments(y))
    assert found == pytest.approx(wanted, rel=1e-5)
    still = resampled(np.zeros((4, 3)), np.ones(4))
    assert between(still, still) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("away", [0.0, 0.3, 1e6])
def test_equal_images_have_a_distance_with_an_interval(away: float) -> None:
    """What a base that has collapsed draws: of its covariance only rounding is left."""
    rng = np.random.default_rng(8)
    real, base, equal = _draw(rng, 100), _draw(rng, 80), np.full((80, 9), 0.1 + away)
    found = finished(frechet_in_pieces(real, {"base": base, "gebm": equal}, rng, ("base", "gebm"), 40))
    value, low, high = found.interval("gebm", 0.0)
    wanted = ((real.mean(axis=0) - 0.1 - away) ** 2).sum() + np.trace(np.cov(real.T))
    assert value == pytest.approx(wanted, rel=1e-9)
    assert 0 <= low < value < high < 2 * value


def test_the_interval_holds_what_other_draws_would_give() -> None:
    rng = np.random.default_rng(5)
    n, m = 150, 250
    others = [frechet_distance(_draw(rng, n), _draw(rng, m, 0.8, 0.1)) for _ in range(400)]
    covered, width = 0, []
    for _ in range(60):
        x, y = _draw(rng, n), _draw(rng, m, 0.8, 0.1)
        value, low, high = frechet_interval(x, y, 100, rng)
        assert 0 <= low <= value == frechet_distance(x, y) <= high
        covered += int(low <= np.mean(others) <= high)
        width.append(high - low)
    # 95 % intervals miss more than 9 of 60 with a probability below 1e-3.
    assert covered >= 51
    assert 0.6 < np.mean(width) / (4 * np.std(others)) < 1.6


def test_a_paired_difference_is_surer_than_two_distances_and_covers_as_often() -> None:
    """Laws that share the held-out set and move together: their difference is known better than either."""
    rng = np.random.default_rng(6)
    n, m = 120, 150

    def sets() -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        base = _draw(rng, n, 0.7, 0.2)
        return _draw(rng, m), {"base": base, "gebm": 1.2 * base + 0.05 * rng.normal(size=(n, 9))}

    def gain(real: NDArray[np.float64], laws: dict[str, NDArray[np.float64]]) -> float:
        return frechet_distance(real, laws["gebm"]) - frechet_distance(real, laws["base"])

    truth = np.mean([gain(*sets()) for _ in range(300)])
    covered, narrower, ratios = 0, 0, 0
    for _ in range(60):
        real, laws = sets()
        found = finished(frechet_in_pieces(real, laws, rng, ("base", "gebm"), 100))
        value, low, high = found.difference("gebm", "base")
        assert value == pytest.approx(gain(real, laws))
        covered += int(low <= truth <= high)
        apart = found.interval("gebm"), found.interval("base")
        narrower += int(high - low < sum(end - start for _, start, end in apart))
        value, low, high = found.ratio("gebm", "base")
        assert low <= value <= high
        assert value == pytest.approx(100 * found.values["gebm"] / found.values["base"])
        ratios += int(high < 100)
    assert covered >= 51, "as above"
    assert narrower == 60
    assert ratios > 50, "the energy of this case helps, and the ratio says so"


def test_a_ratio_covers_where_one_distance_is_near_its_floor_and_never_gainsays_the_difference() -> None:
    """The excess of order 1/n is then a large part of the smaller distance, and none of the other's."""
    rng = np.random.default_rng(9)
    n, m = 40, 60

    def sets() -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
        noise = rng.normal(size=(n, 9)) @ MIX.T
        return _draw(rng, m), {"base": 0.6 * noise + 0.3, "gebm": 0.8 * noise + 0.6 * _draw(rng, n)}

    truth = np.exp(np.mean([np.log(_ratio(*sets())) for _ in range(300)]))
    covered = 0
    for _ in range(60):
        found = finished(frechet_in_pieces(*sets(), rng, ("base", "gebm"), 100))
        _, low, high = found.ratio("gebm", "base")
        covered += int(low <= truth <= high)
        _, least, most = found.difference("gebm", "base")
        assert (high < 100) == (most < 0)
        assert (low > 100) == (least > 0)
    assert covered >= 51, "as above"


def _ratio(real: NDArray[np.float64], laws: dict[str, NDArray[np.float64]]) -> float:
    return 100 * frechet_distance(real, laws["gebm"]) / frechet_distance(real, laws["base"])


def test_an_interval_is_the_same_for_the_same_generator() -> None:
    rng = np.random.default_rng(6)
    x, y = _draw(rng, 40), _draw(rng, 40)
    first, second = (frechet_interval(x, y, 30, np.random.default_rng(1)) for _ in range(2))
    assert first == second


def test_a_distance_of_zero_has_no_ratio() -> None:
    x = np.zeros((20, 2))
    found = finished(frechet_in_pieces(x, {"base": x, "gebm": x}, np.random.default_rng(0), ("base", "gebm"), 20))
    assert np.isnan(found.ratio("gebm", "base")).all()
    assert found.difference("gebm", "base") == pytest.approx((0, 0, 0), abs=1e-12)


def test_what_has_no_distance_is_refused() -> None:
    good = np.random.default_rng(7).normal(size=(30, 4))
    for x, y, resamples, said in (
        (good[:1], good, 20, "held-out: two or more rows of 4 features are needed"),
        (good, good[:, :3], 20, "generated: two or more rows of 4 features"),
        (good * np.nan, good, 20, "held-out: 120 features are not finite"),
        (good, good, 19, "resamples must be 20 or more, got 19"),
    ):
        with pytest.raises(ValueError, match=said):
            frechet_interval(x, y, resamples, np.random.default_rng(0))
    with pytest.raises(ValueError, match="paired laws must be as long: base 30, gebm 29"):
        finished(frechet_in_pieces(good, {"base": good, "gebm": good[1:]}, np.random.default_rng(0), ("base", "gebm")))
