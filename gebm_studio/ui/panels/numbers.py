"""Numbers as a person reads them."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"


def short(value: float, digits: int = 3) -> str:
    """A number with so many significant digits; — where there is none, ∞ where it is infinite."""
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    if abs(value) >= 10**5 or abs(value) < 10**-4:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa}e{int(exponent)}".replace("-", MINUS)
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{places}f}".replace("-", MINUS)


def with_error(value: float, error: float, signed: bool = False) -> str:
    """A number ± its error, which has two significant digits, or three places, and says how many the number has.

    `signed` writes a plus before what is positive. An error that is not known, or is nothing beside the number,
    is left out.
    """
    plus = "+" if signed and value > 0 else ""
    if not math.isfinite(error) or not math.isfinite(value) or error <= 1e-5 * max(abs(value), 1e-3):
        return plus + short(value)
    places = 1 - math.floor(math.log10(error))
    if error >= 0.0005:
        places = min(places, 3)
    if not 0 <= places <= 5:
        return f"{plus}{short(value)} ± {short(error, 2)}"
    rounded = round(value, places) + 0.0  # + 0.0: a zero has no sign
    return f"{plus}{rounded:.{places}f} ± {error:.{places}f}".replace("-", MINUS)


def with_interval(value: float, low: float, high: float, signed: bool = False) -> tuple[str, str]:
    """A number and the ends of its interval, "low to high", all with the digits that half of the interval leaves.

    The ends are empty where they are not known, or are nothing beside the number.
    """
    plus = "+" if signed and value > 0 else ""
    half = (high - low) / 2
    if not math.isfinite(half) or not math.isfinite(value) or half <= 1e-5 * max(abs(value), 1e-3):
        return plus + short(value), ""
    places = min(max(1 - math.floor(math.log10(half)), 0), 6)
    texts = [f"{round(number, places) + 0.0:.{places}f}".replace("-", MINUS) for number in (value, low, high)]
    return plus + texts[0], f"{texts[1]} to {texts[2]}"


def count(value: int) -> str:
    """A whole number with a thin space between groups of three digits."""
    return f"{value:,}".replace(",", THIN).replace("-", MINUS)


def vector(values: tuple[float, ...], most: int = 4) -> str:
    """A short vector in parentheses; long ones end in an ellipsis."""
    shown = ", ".join(short(value) for value in values[:most])
    return f"({shown}, …)" if len(values) > most else f"({shown})"
