"""Units that are read more easily on another scale: 27.3 µs rather than 2.73e-05 s."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

_SMALL: Mapping[str, tuple[tuple[int, str], ...]] = {"s": ((-6, "ns"), (-3, "µs"))}
"""Below which power of ten another unit is shown."""
_LARGE: Mapping[str, tuple[tuple[int, str], ...]] = {"bytes": ((12, "TB"), (9, "GB"), (6, "MB"))}
"""From which power of ten on."""
_POINTS = {"ns": 9, "µs": 6, "MB": -6, "GB": -9, "TB": -12}
"""How far the decimal point moves."""


def scale_of(largest: Decimal, unit: str) -> tuple[int, str]:
    """Give how far the point moves and the unit that then stands beside it, by the largest number that is shown.

    Example:
        >>> from decimal import Decimal
        >>> scale_of(Decimal("2.73e-05"), "s"), scale_of(Decimal(24670208), "bytes"), scale_of(Decimal("0.2"), "s")
        ((6, 'µs'), (-6, 'MB'), (0, 's'))
    """
    place = largest.adjusted() if largest else 0
    small = (shown for below, shown in _SMALL.get(unit, ()) if place < below)
    large = (shown for least, shown in _LARGE.get(unit, ()) if place >= least)
    shown = next(small, "") or next(large, "") or unit
    return _POINTS.get(shown, 0) if shown != unit else 0, shown
