from __future__ import annotations

from cml_bot.comparable import WINDOW, choose_comparable
from cml_bot.model import Fact, Param, Run


def make(number: int, data: str = "", epochs: str = "10") -> Run:
    facts = (Fact(name="train.csv", value=f"sha256:{data}"),) if data else ()
    params = (Param(name="epochs", value=epochs, group="params.yaml"),)
    return Run(sha=f"{number:040x}", data=facts, params=params)


def numbers(runs: tuple[Run, ...]) -> list[int]:
    return [int(run.sha, 16) for run in runs]


def test_runs_of_other_data_and_of_another_amount_are_left_out_and_told() -> None:
    history = [make(1, "a"), make(2, "b"), make(3, "a", epochs="20"), make(4, "a")]
    found = choose_comparable(history[-1], history)
    assert numbers(found.runs) == [1, 4]
    assert found.told == (
        "noise is taken from 2 runs of main, 0000000",
        "left out of it: 1 run of other data",
        "left out of it: 1 run of another amount of training",
    )


def test_data_do_not_count_where_they_are_ignored() -> None:
    history = [make(1, "a"), make(2, "b")]
    assert numbers(choose_comparable(history[-1], history, with_data=False).runs) == [1, 2]


def test_unknown_data_count_until_there_are_other_ones() -> None:
    history = [make(1), make(2, "a"), make(3), make(4, "b"), make(5)]
    assert numbers(choose_comparable(make(6, "b"), history).runs) == [3, 4, 5]
    assert numbers(choose_comparable(make(6, "b"), [make(1), make(2, "b")]).runs) == [1, 2]


def test_only_the_last_runs_count() -> None:
    history = [make(number) for number in range(WINDOW + 5)]
    found = choose_comparable(history[-1], history)
    assert numbers(found.runs) == list(range(5, WINDOW + 5))
    assert found.told[-1] == f"left out of it: 5 runs earlier than the last {WINDOW}"


def test_no_history_says_nothing() -> None:
    assert choose_comparable(make(1), ()) == ((), ())
