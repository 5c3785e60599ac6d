"""The grammar of gates: ``NAME OP NUMBER``, ``NAME change OP NUMBER[%]`` and ``NAME regressed``; NAME may be a glob."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from cml_bot.errors import ConfigError
from cml_bot.model import Form, Gate, Outcome

_LIMIT = re.compile(
    r"(?P<name>.+?)\s*(?P<op><=|>=|==|!=|<|>)\s*(?P<bound>[-+]?[\d.]+(?:e[-+]?\d+)?)(?P<percent>\s*%)?", re.IGNORECASE
)
_CHANGE = re.compile(r"(?P<name>\S(?:.*\S)?)\s+change")
_REGRESSED = re.compile(r"(?P<name>\S(?:.*\S)?)\s+regressed")

_SENTENCE = re.compile(r"[<>=!]$|\s(regressed|is|be|must|should|not|at|than)$", re.IGNORECASE)
"""How a name ends that is the beginning of a sentence, and would be taken for a metric that is missing."""


def parse_gate(text: str, outcome: Outcome, where: str = "gate") -> Gate:
    """Read one gate.

    Raises:
        ConfigError: it has none of the three forms.

    Example:
        >>> gate = parse_gate("latency_ms change > 10%", Outcome.FAIL)
        >>> gate.pattern, gate.form.value, gate.operator, gate.bound, gate.is_relative
        ('latency_ms', 'change', '>', 0.1, True)
    """
    text = text.strip()
    if found := _REGRESSED.fullmatch(text):
        return Gate(text=text, pattern=found["name"], form=Form.REGRESSED, outcome=outcome)
    found = _LIMIT.fullmatch(text)
    bound = _parse_bound(found["bound"]) if found else None
    change = _CHANGE.fullmatch(found["name"]) if found else None
    name = change["name"] if change else found["name"] if found else ""
    is_odd = bool(_SENTENCE.search(name)) or (found and found["percent"] and not change)
    if found is None or bound is None or is_odd:
        raise ConfigError(
            where,
            f"{text!r} is not a gate",
            'Write one of "NAME < 0.9", "NAME change > 10%", "NAME regressed"; NAME may hold * and ?.',
        )
    return Gate(
        text=text,
        pattern=name,
        form=Form.CHANGE if change else Form.LIMIT,
        outcome=outcome,
        operator=found["op"],
        bound=bound / 100 if found["percent"] else bound,
        is_relative=bool(found["percent"]),
    )


def _parse_bound(text: str) -> float | None:
    try:
        bound = float(text)
    except ValueError:
        return None
    return bound if math.isfinite(bound) else None


def is_same_gate(one: str, other: str) -> bool:
    """Whether two texts mean the same gate, however they are spaced and their numbers are written.

    Example:
        >>> is_same_gate("accuracy<0.9", "accuracy < 0.90")
        True
    """
    try:
        gates = [replace(parse_gate(text, Outcome.FAIL), text="") for text in (one, other)]
    except ConfigError:
        return False
    return gates[0] == gates[1]
