"""What a training cost in energy and emissions, as CodeCarbon logs it: a row a run, the last one counts.

Source: https://docs.codecarbon.io/latest/introduction/methodology/ and /reference/output/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.model import Goal, Metric, Note, Role
from cml_bot.readers._names import tidy
from cml_bot.readers._numbers import as_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cml_bot.model import Observation

_MEASURED = {"emissions": ("kg CO2e", Role.QUALITY), "energy_consumed": ("kWh", Role.QUALITY)}
_PARTS = {
    **dict.fromkeys(("cpu_energy", "gpu_energy", "ram_energy"), "kWh"),
    "duration": "s",
    "water_consumed": "L",
}
"""What these are made of, and what follows from them: folded."""


def observe(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[Observation]:
    """Yield emissions in kg of CO2 equivalents and energy in kWh of the last run."""
    last: dict[str, object] = {}
    for row in rows:
        last = dict(zip(columns, row, strict=False)) if any(row) else last
    if not last:
        yield Note(text="holds a header and no whole row. Look whether the tracker was stopped: call its stop().")
        return
    conditions = _tell_machine(last)
    for name, (unit, role) in _MEASURED.items():
        yield from _metric(last, name, unit, role, conditions)
    for name, unit in _PARTS.items():
        yield from _metric(last, name, unit, Role.BOOKKEEPING, conditions)


def _metric(row: dict[str, object], name: str, unit: str, role: Role, conditions: str) -> Iterator[Metric]:
    number = as_number(row.get(name))
    if number is not None:
        yield Metric(name=name, values=(number,), unit=unit, goal=Goal.LOWER, role=role, conditions=conditions)


def _tell_machine(row: dict[str, object]) -> str:
    """Say what has to be alike: other processors, and the electricity of another country, change the numbers.

    Example:
        >>> _tell_machine({"cpu_model": "EPYC", "gpu_model": "", "country_iso_code": "FRA"})
        'EPYC, FRA'
    """
    parts = (row.get(name) for name in ("cpu_model", "gpu_model", "country_iso_code"))
    return ", ".join(tidy(part) for part in parts if isinstance(part, str) and part.strip())
