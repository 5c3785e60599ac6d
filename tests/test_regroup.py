"""A base from a tracking server takes the groups of the head, and only where no doubt is left."""

from __future__ import annotations

from cml_bot.model import Base, Param, Run, Series, Side
from cml_bot.regroup import regroup
from tests.making import make_metric


def course(name: str, group: str) -> Series:
    return Series(name=name, x=(0, 1), y=(1.0, 0.5), group=group)


def base_of(*runs: Run) -> Base:
    return Base(run=runs[0], side=Side(sha="", source="MLflow", kind="mlflow"), history=runs[1:])


def groups(run: Run) -> list[str]:
    return [one.key.group for part in (run.metrics, run.series, run.params) for one in part]


def test_names_that_are_once_take_the_group_of_the_head_in_the_history_too() -> None:
    head = Run(
        metrics=(make_metric("acc", 0.5, group="metrics.json"),),
        series=(course("loss", "log.csv"),),
        params=(Param(name="lr", value="1", group="params.yaml"),),
    )
    there = Run(
        metrics=(make_metric("acc", 0.4, group="churn"),),
        series=(course("loss", "churn"),),
        params=(Param(name="lr", value="2", group="churn"),),
    )
    found = regroup(base_of(there, there), head)
    assert groups(found.run) == groups(found.history[0]) == ["metrics.json", "log.csv", "params.yaml"]
    assert found.run.metrics[0].value == 0.4
    assert found.run.params[0].value == "2"


def test_a_number_here_and_its_course_there_are_the_same() -> None:
    head = Run(metrics=(make_metric("loss", 0.5, group="metrics.json"),))
    assert groups(regroup(base_of(Run(series=(course("loss", "churn"),))), head).run) == ["metrics.json"]


def test_a_name_in_two_groups_of_the_head_leaves_a_doubt() -> None:
    head = Run(metrics=(make_metric("acc", 0.5, group="a.json"), make_metric("acc", 0.6, group="b.json")))
    assert groups(regroup(base_of(Run(metrics=(make_metric("acc", 0.4, group="churn"),))), head).run) == ["churn"]


def test_a_name_that_the_head_lacks_stays() -> None:
    head = Run(metrics=(make_metric("acc", 0.5, group="a.json"),))
    there = Run(metrics=(make_metric("val_acc", 0.4, group="churn"), make_metric("Acc", 0.4, group="churn")))
    assert groups(regroup(base_of(there), head).run) == ["churn", "churn"]


def test_a_parameter_is_no_metric() -> None:
    head = Run(metrics=(make_metric("depth", 3, group="a.json"),), params=(Param(name="acc", value="1", group="p"),))
    there = Run(
        metrics=(make_metric("acc", 0.4, group="churn"),), params=(Param(name="depth", value="3", group="churn"),)
    )
    assert groups(regroup(base_of(there), head).run) == ["churn", "churn"]
