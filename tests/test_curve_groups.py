from __future__ import annotations

from cml_bot.curve_groups import group_curves, order_groups
from cml_bot.model import Curve, Key, Series


def curve(name: str, group: str = "history.csv", x_label: str = "epoch") -> Curve:
    series = Series(name=name, group=group, x=(0.0, 1.0), y=(1.0, 0.5), x_label=x_label)
    return Curve(key=series.key, head=series, base=None)


def grouped(*curves: Curve) -> list[tuple[str, list[str]]]:
    known = {one.key: one for one in curves}
    groups = group_curves(known, {key: key.name for key in known})
    return [(group.name, [member.part for member in group.members]) for group in groups]


def test_parts_of_one_metric_stand_together_what_was_held_out_first() -> None:
    names = ("train/loss", "val/loss", "lr", "accuracy", "val_accuracy")
    assert grouped(*map(curve, names)) == [("loss", ["val", "train"]), ("lr", [""]), ("accuracy", ["val", ""])]


def test_other_files_steps_and_names_stay_apart() -> None:
    assert grouped(curve("train/loss"), curve("val/loss", group="b.csv")) == [("train/loss", [""]), ("val/loss", [""])]
    assert grouped(curve("train/loss"), curve("val/loss", x_label="step"))[0] == ("train/loss", [""])
    assert grouped(curve("train"), curve("val")) == [("train", [""]), ("val", [""])]


def test_what_would_be_one_part_twice_stays_apart() -> None:
    assert grouped(curve("val/loss"), curve("val_loss"), curve("train/loss"))[0][0] == "val/loss"


def test_two_groups_may_be_of_one_metric() -> None:
    names = ("a/train", "a/val", "b/train", "b/val")
    assert [group for group, _ in grouped(*map(curve, names))] == ["a", "b"]


def test_two_files_of_the_same_names_are_told_apart() -> None:
    curves = [curve(name, group) for group in ("a.csv", "b.csv") for name in ("train/loss", "val/loss")]
    groups = group_curves({one.key: one for one in curves}, {one.key: str(one.key) for one in curves})
    assert [group.name for group in groups] == ["a.csv:loss", "b.csv:loss"]


def test_what_a_reader_looks_for_stands_first_and_what_is_no_result_last() -> None:
    names = ("lr", "lr/pg0", "train/margin", "train/loss", "val/loss", "val/f1")
    known = {one.key: one for one in map(curve, names)}
    groups = group_curves(known, {key: key.name for key in known})
    order = [group.name for group in order_groups(groups, {Key("history.csv", "val/f1")})]
    assert order == ["val/f1", "loss", "train/margin", "lr", "lr/pg0"]
