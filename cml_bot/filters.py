"""Numbers, sparklines and counts as a reviewer reads them; the same bytes under every locale.

What is returned is plain text, not markup: for Markdown it goes through `escape` like a name, which leaves digits,
signs and no-break spaces alone. A unit may come from the pull request.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from cml_bot.units import scale_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MISSING = "–"
MINUS = "\u2212"
THIN = "\u202f"
"""Narrow no-break space between thousands: U+2009 is thin too, but browsers break lines at it."""
NO_BREAK = "\u00a0"
PASSED = "passed"
"""The unit of what a check came to: 1, 0.5 and 0 are shown as words."""
_CAME_TO = {1: "passed", 0.5: "warned", 0: "failed"}
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_WIDEST_TICK = 9
"""Digits before the point for which an axis has room."""
_DIGITS = 4
"""Significant digits of a number that stands alone."""
_REACH = 2
"""How many digits further a pair goes for the sake of its smaller side."""
_EXACT = Context(prec=400, rounding=ROUND_HALF_UP)
"""Wide enough for the exact difference of two floats that lie close, and for any integer as large as a float."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A row of the report: both sides with the same decimals, and what lies between them."""

    base: str
    head: str
    change: str
    """Head minus base with its sign, or ``–`` where there is no such number."""
    relative: str
    """The change in percent of base, empty where that would mean nothing."""


def format_pair(base: float | None, head: float | None, unit: str = "") -> Pair:
    r"""Two numbers with as many decimals as it takes to see their difference, but none that they do not have.

    The change gets two significant digits, three if the first is a one. A number that would round to zero is shown on
    its own scale. With the unit ``%`` the change is in points, and there is no relative one.

    Example:
        >>> format_pair(0.8912, 0.9034)
        Pair(base='0.8912', head='0.9034', change='+0.0122', relative='+1.4\xa0%')
        >>> format_pair(1.2e-07, 2.4e-07).head, format_pair(84.23, 80.1, "%").change
        ('2.4e-07', '−4.1\xa0pp')
        >>> format_pair(9.1e-05, 1.3e-04, "s").head, format_pair(24_670_208, 34_670_208, "bytes").change
        ('130\xa0µs', '+10.0\xa0MB')
    """
    if unit == PASSED and base in _CAME_TO and head in _CAME_TO:
        return Pair(base=_CAME_TO[base], head=_CAME_TO[head], change=MISSING, relative="")
    if base is None or head is None or base == head or not (_is_finite(base) and _is_finite(head)):
        return Pair(
            base=format_number(base, unit), head=format_number(head, unit), change=_leap(base, head), relative=""
        )
    point, unit = scale_of(max(_decimal(base).copy_abs(), _decimal(head).copy_abs()), unit)
    low, high = (_decimal(side).scaleb(point, _EXACT) for side in (base, head))
    change = _EXACT.subtract(high, low)
    plain = _is_plain(max(low.copy_abs(), high.copy_abs()))
    step = _common_step(low, high, change)
    in_points = unit.strip() == "%"
    return Pair(
        base=_join(_side(low, step, plain=plain), unit),
        head=_join(_side(high, step, plain=plain), unit),
        change=_join(_sign(change) + _digits(change, step, plain=_is_plain(change)), "pp" if in_points else unit),
        relative="" if in_points else _relative(low, high, change),
    )


def format_number(value: float | None, unit: str = "") -> str:
    r"""One number alone: four significant digits, or all of an integer up to fifteen.

    Example:
        >>> format_number(0.123456), format_number(131500, "rows"), format_number(-1.5e-07), format_number(None)
        ('0.1235', '131\u202f500\xa0rows', '−1.5e-07', '–')
    """
    if value is None:
        return MISSING
    if unit == PASSED and value in _CAME_TO:
        return _CAME_TO[value]
    if _is_finite(value):
        point, unit = scale_of(_decimal(value), unit)
        return _join(_alone(_decimal(value).scaleb(point, _EXACT)), unit)
    return _join("∞" if value > 0 else f"{MINUS}∞", unit) if abs(value) > 0 else "NaN"


def format_ticks(ticks: Sequence[float]) -> list[str]:
    r"""Write the rising, equally spaced numbers of an axis with the digits that show that they are.

    Example:
        >>> format_ticks([0.5, 1.0]), format_ticks([0, 2000]), format_ticks([1.5e-9, 2e-9])
        (['0.5', '1.0'], ['0', '2\u202f000'], ['1.5e-09', '2.0e-09'])
    """
    values = [_decimal(tick) for tick in ticks]
    largest = max((value.copy_abs() for value in values), default=Decimal(0))
    gap = min((_EXACT.subtract(high, low) for low, high in pairwise(values)), default=largest) or Decimal(1)
    # Sums of steps carry the noise of floats: 0.30000000000000004.
    steps = range(gap.adjusted(), gap.adjusted() - 4, -1)
    step = next((step for step in steps if all(_is_close(value, step, gap) for value in values)), steps[-1])
    plain = not largest or -4 <= largest.adjusted() < _WIDEST_TICK
    return [_side(_round(value, step), step, plain=plain) for value in values]


def _is_close(value: Decimal, step: int, gap: Decimal) -> bool:
    return _EXACT.subtract(_round(value, step), value).copy_abs() * 100 < gap


def format_percent(fraction: float | None) -> str:
    r"""A fraction in percent with two significant digits; what is less than everything never shows as 100 %.

    Example:
        >>> format_percent(0.0487), format_percent(-0.5), format_percent(0.9996)
        ('4.9\xa0%', '−50\xa0%', '99.9\xa0%')
    """
    if fraction is None or not _is_finite(fraction):
        return format_number(fraction, "%")
    value = _decimal(fraction)
    return (MINUS if value < 0 else "") + _percent(value)


def format_spread(noise: float | None, unit: str = "") -> str:
    r"""Half the width of what noise explains, with two significant digits; empty where it is not known.

    Example:
        >>> format_spread(0.01134), format_spread(12.34, "ms"), format_spread(None)
        ('±0.011', '±12\xa0ms', '')
    """
    if noise is None or not _is_finite(noise):
        return ""
    point, unit = scale_of(_decimal(noise), unit)
    value = _decimal(noise).scaleb(point, _EXACT)
    return "±" + _join(_digits(value, _step(value, 2), plain=_is_plain(value)), "pp" if unit.strip() == "%" else unit)


def format_beside(value: float | None, noise: float | None, unit: str = "") -> str:
    r"""A number with the decimals that its noise is shown with; alone where there is none.

    Example:
        >>> format_beside(0.84213, 0.01134), format_beside(0.8, 0.01134), format_beside(84.2, 12.34, "ms")
        ('0.842', '0.800', '84\xa0ms')
        >>> format_beside(0.84213, None), format_beside(1.23456e-07, 1.1e-09)
        ('0.8421', '1.235e-07')
    """
    if value is None or not noise or not (_is_finite(value) and _is_finite(noise)):
        return format_number(value, unit)
    point, unit = scale_of(_decimal(value), unit)
    number, spread = (_decimal(each).scaleb(point, _EXACT) for each in (value, noise))
    return _join(_side(number, _step(spread, 2), plain=_is_plain(number)), unit)


def format_p(p: float) -> str:
    """How often noise alone would make so large a change.

    Example:
        >>> format_p(0.0321), format_p(0.00042), format_p(1e-9)
        ('p = 0.032', 'p = 0.0004', 'p below 0.0001')
    """
    if p < 0.0001:
        return "p below 0.0001"
    return f"p = {p:.4f}" if p < 0.001 else f"p = {p:.2g}"


def sparkline(values: Sequence[float], width: int = 20, beside: Sequence[float] = ()) -> str:
    """A row of bars from the lowest to the highest value; longer rows are averaged in groups.

    What is not finite is left out of its group, and a dot where the group has nothing else. Rows that are read side by
    side share a scale: `beside` is the other one.

    Example:
        >>> sparkline([1, 2, 3, 4, 5, 6, 7, 8]), sparkline([0.5, float("nan"), 0.5]), sparkline([])
        ('▁▂▃▄▅▆▇█', '▄·▄', '')
        >>> sparkline([1, 2], beside=[1, 8]), sparkline([1, 8], beside=[1, 2])
        ('▁▂', '▁█')
    """
    means = _means(values, width)
    scale = [mean for mean in (*means, *_means(beside, width)) if mean is not None]
    return "".join(_GAP if mean is None else _bar(mean, min(scale), max(scale)) for mean in means)


def _means(values: Sequence[float], width: int) -> list[float | None]:
    count = min(len(values), width)
    groups = (values[n * len(values) // count : (n + 1) * len(values) // count] for n in range(count))
    return [_mean([float(value) for value in group if _is_finite(value)]) for group in groups]


def list_some(texts: Sequence[str], most: int) -> str:
    """The first few of a list, and how many there are beside them.

    Example:
        >>> list_some("ab", 3), list_some("abcde", 3)
        ('a, b', 'a, b, c and 2 more')
    """
    shown = ", ".join(texts[:most])
    return f"{shown} and {format_number(len(texts) - most)} more" if len(texts) > most else shown


def plural(count: int, one: str, many: str = "") -> str:
    """A count and its noun.

    Example:
        >>> plural(1, "metric"), plural(2, "metric"), plural(0, "analysis", "analyses")
        ('1 metric', '2 metrics', '0 analyses')
    """
    return f"{format_number(count)} {one if count == 1 else many or f'{one}s'}"


def format_size(count: int) -> str:
    r"""A number of bytes, with two digits.

    Example:
        >>> format_size(812), format_size(4_130_000), format_size(999_999)
        ('812\xa0B', '4.1\xa0MB', '1.0\xa0MB')
    """
    size, units = float(count), ["B", "kB", "MB", "GB", "TB", "PB"]
    while size >= 999.5 and len(units) > 1:
        size, units = size / 1000, units[1:]
    is_small = size < 9.95 and units[0] != "B"
    return _join(f"{size:.1f}" if is_small else f"{size:.0f}", units[0])


def _is_finite(value: float) -> bool:
    """As `math.isfinite`, for integers that no float can hold too: they count as infinite."""
    return abs(value) <= sys.float_info.max


def _decimal(value: float) -> Decimal:
    """The number as its shortest text says, so that 0.9034 - 0.8912 is 0.0122; no trailing zeros and no -0."""
    exact = Decimal(value) if isinstance(value, int) else Decimal(repr(float(value)))
    return exact.normalize(_EXACT) if exact else Decimal(0)


def _own_place(value: Decimal) -> int:
    """The power of ten of the last digit that it has; zero has none to lose."""
    return int(value.as_tuple().exponent) if value else sys.maxsize


def _step(value: Decimal, digits: int) -> int:
    """The power of ten of the last of so many significant digits, counted after rounding to them."""
    if not value:
        return 0
    step = max(value.adjusted() - digits + 1, _own_place(value))
    return step + (_round(value, step).adjusted() > value.adjusted())


def _common_step(low: Decimal, high: Decimal, change: Decimal) -> int:
    """The power of ten of the last digit that both sides of a pair show.

    It shows two digits of the change and, where they are not too far apart, two of each side: a change from 100 to
    1.4999 must not make a 1 of it.
    """
    # A change that begins with a one has a third digit, or it would be known to a tenth of its size only.
    step = change.adjusted() - 1
    if 1 in (change.as_tuple().digits[0], _round(change, step).as_tuple().digits[0]):
        step -= 1
    small = [side.adjusted() - 1 for side in (low, high) if side and side.adjusted() >= step - _REACH]
    return max(min([step, *small]), min(_own_place(low), _own_place(high)))


def _is_plain(value: Decimal) -> bool:
    """Whether it reads well without an exponent."""
    return not value or -4 <= value.adjusted() < 15


def _round(value: Decimal, step: int, rounding: str | None = None) -> Decimal:
    return value.quantize(Decimal((0, (1,), step)), rounding, _EXACT)


def _digits(value: Decimal, step: int, *, plain: bool) -> str:
    """The number without its sign down to the power of ten `step`; a plain one keeps all before the point."""
    shown = _round(value.copy_abs(), min(step, 0) if plain else step)
    if plain:
        return f"{shown:,f}".replace(",", THIN)
    exponent = shown.adjusted()
    return f"{shown.scaleb(-exponent, _EXACT):f}e{exponent:+03d}"


def _side(value: Decimal, step: int, *, plain: bool) -> str:
    """One side of a pair."""
    rounds_to_zero = not _round(value, min(step, 0) if plain else step)
    if rounds_to_zero and (value or not plain):
        return _alone(value)
    return (MINUS if value < 0 else "") + _digits(value, step, plain=plain)


def _alone(value: Decimal) -> str:
    """A number that no other one stands beside."""
    return (MINUS if value < 0 else "") + _digits(value, _step(value, _DIGITS), plain=_is_plain(value))


def _percent(fraction: Decimal) -> str:
    """The size of a fraction in percent."""
    share = fraction.copy_abs().scaleb(2, _EXACT)
    step = _step(share, 2)
    if share < 100 <= _round(share, step):
        return _join(f"{_round(share, -1, ROUND_DOWN):f}", "%")
    return _join(_digits(share, step, plain=_is_plain(share)), "%")


def _relative(low: Decimal, high: Decimal, change: Decimal) -> str:
    """The change in percent of base, where base is not zero, the sign stays and nobody would say "times"."""
    if not low or (high and low.is_signed() != high.is_signed()):
        return ""
    fraction = _EXACT.divide(change, low.copy_abs())
    return _sign(change) + _percent(fraction) if fraction.copy_abs() < 10 else ""


def _leap(base: float | None, head: float | None) -> str:
    """The change where there is none to calculate."""
    if base is None or head is None:
        return MISSING
    if base == head:
        return "0" if _is_finite(base) else MISSING
    return "+∞" if head > base else f"{MINUS}∞" if head < base else MISSING


def _sign(change: Decimal) -> str:
    return "+" if change > 0 else MINUS


def _join(number: str, unit: str) -> str:
    return NO_BREAK.join([number, *unit.split()])


def _mean(values: Sequence[float]) -> float | None:
    """The mean, divided first so that no sum overflows, and held where rounding makes it leave; None of nothing."""
    return min(max(sum(value / len(values) for value in values), min(values)), max(values)) if values else None


def _bar(value: float, low: float, high: float) -> str:
    """The bar for a value between two bounds, whose distance may be more than a float holds."""
    span = high / 2 - low / 2
    if not span:
        return _BARS[3]
    return _BARS[min(int((value / 2 - low / 2) / span * 8), 7)]
