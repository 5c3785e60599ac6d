"""The README's table of error rates: held to what was promised, and to the code by simulating a part of it again."""

from __future__ import annotations

import math
import re

import pytest

from tests.bench import verdicts
from tests.bench.verdicts import FAMILY_LENGTHS, KINDS, LENGTHS, LENGTHS_WITH_DROP, TRIALS

FEWER = 1500


def read_shown() -> dict[str, list[list[float]]]:
    """The rows of the README's two tables by their first cell, each cell as its numbers."""
    found = re.search(r"<!-- verdicts -->(.*)<!-- end of verdicts -->", verdicts.README.read_text("utf-8"), re.DOTALL)
    rows = [line.strip("| ").split(" | ") for line in (found[1] if found else "").splitlines()]
    return {row[0]: [[float(number) for number in re.findall(r"[\d.]+", cell)] for cell in row[1:]] for row in rows}


SHOWN = read_shown()


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_the_table_keeps_what_was_promised(kind: verdicts.Kind) -> None:
    alarms, found = SHOWN[kind.name]
    assert all(share <= most for share, most in zip(alarms, kind.alarms, strict=True)), alarms
    assert not kind.found or all(share >= least for share, least in zip(found, kind.found, strict=True)), found


def test_a_stable_history_is_not_bought_with_blindness() -> None:
    alarms, _ = SHOWN[KINDS["normal"].name]
    assert min(alarms) >= 4


def test_families_keep_what_was_promised() -> None:
    failed, marked = SHOWN[f"{KINDS['normal'].name}, each"]
    assert max(failed) <= 1.5
    assert max(marked) <= 6


def is_near(again: float, shown: float, trials: int = FEWER) -> bool:
    """Whether two shares in percent, of few and of many trials, are alike but for chance: four standard errors."""
    share = max(again, shown, 0.5) / 100
    error = math.sqrt(share * (1 - share) * (1 / trials + verdicts.OTHER_SHARE / TRIALS))
    return abs(again - shown) / 100 <= 4 * error + 0.0005


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_the_table_is_what_the_code_does(kind: str) -> None:
    alarms, found = SHOWN[KINDS[kind].name]
    for place, n in enumerate(LENGTHS):
        again, finds = verdicts.count_alarms(kind, n, FEWER)
        assert is_near(again, alarms[place]), (n, again, alarms[place])
        if n in LENGTHS_WITH_DROP:
            assert is_near(finds, found[LENGTHS_WITH_DROP.index(n)]), (n, finds)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "shift"])
def test_families_are_what_the_code_does(kind: str) -> None:
    for place, n in enumerate(FAMILY_LENGTHS):
        for again, shown in zip(
            verdicts.count_families(kind, n, FEWER // 3), SHOWN[f"{KINDS[kind].name}, each"], strict=True
        ):
            assert is_near(again, shown[place], FEWER // 3), (n, again, shown[place])
