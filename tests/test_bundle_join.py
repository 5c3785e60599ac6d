"""Several bundles as one run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cml_bot.bundle_paths import Bundle, read_paths
from cml_bot.join_runs import join
from cml_bot.model import Fact, Figure, Metric, Param, Run, Series, Source
from tests.making import BASE_SHA, HEAD_SHA, make_metric, make_run
from tests.test_as_json import runs
from tests.test_bundle import files_of, lay

ONE = replace(
    make_run(acc=0.9),
    params=(Param(name="lr", value="0.1", group="params.yaml"), Param(name="seed", value="1", group="params.yaml")),
    series=(Series(name="loss", x=(1, 2), y=(2, 1), group="log.csv"),),
    figures=(Figure(name="roc.png", media="image/png", data=b"1"),),
    data=(Fact(name="train.csv", value="sha256:a", detail="3 rows"),),
    environment=(Fact(name="Python", value="3.11"), Fact(name="GPU", value="A100")),
    notes=("metrics.json: a note",),
    sources=(Source(path="metrics.json", why="a well-known name"),),
)
OTHER = replace(
    ONE,
    metrics=(make_metric("acc", 0.7),),
    params=(ONE.params[0], replace(ONE.params[1], value="2")),
    data=(Fact(name="train.csv", value="sha256:b"),),
    environment=(ONE.environment[0], Fact(name="GPU", value="T4")),
    broken=("eval.json: is missing. Write it.",),
)


def shards(**runs: Run | str) -> list[Bundle]:
    return [Bundle(name=name.replace("_", "-"), run=run, is_one_of_many=True) for name, run in runs.items()]


def seeds(*runs: Run) -> list[Bundle]:
    group = "out/seed-{replicate}"
    return [Bundle(name="seed", run=run, group=group, replicate=str(n + 1)) for n, run in enumerate(runs)]


def test_shards_stand_side_by_side_under_their_names() -> None:
    run = join(shards(gpu_a=ONE, gpu_b=OTHER), sha=HEAD_SHA).run
    assert [(str(one.key), one.value) for one in run.metrics] == [
        ("gpu-a/metrics.json:acc", 0.9),
        ("gpu-b/metrics.json:acc", 0.7),
    ]
    assert [str(one.key) for one in run.series] == ["gpu-a/log.csv:loss", "gpu-b/log.csv:loss"]
    assert [one.name for one in run.figures] == ["gpu-a/roc.png", "gpu-b/roc.png"]
    assert [(str(one.key), one.value) for one in run.params] == [
        ("params.yaml:lr", "0.1"),
        ("gpu-a/params.yaml:seed", "1"),
        ("gpu-b/params.yaml:seed", "2"),
    ]
    assert run.notes == ("gpu-a: metrics.json: a note", "gpu-b: metrics.json: a note")
    assert run.broken == ("gpu-b: eval.json: is missing. Write it.",)
    assert [source.path for source in run.sources] == ["gpu-a/metrics.json", "gpu-b/metrics.json"]


def test_facts_keep_their_names_and_have_the_values_of_all() -> None:
    run = join(shards(a=ONE, b=OTHER), sha="").run
    assert run.data == (Fact(name="train.csv", value="sha256:a sha256:b"),)
    assert run.environment == (Fact(name="Python", value="3.11"), Fact(name="GPU", value="A100 T4"))
    assert join(shards(a=ONE, b=ONE), sha="").run.data == ONE.data


def test_the_only_one_that_could_be_keeps_its_names() -> None:
    assert join([Bundle(name="b", run=ONE)], sha=HEAD_SHA).run == ONE
    assert join(shards(b=ONE), sha="").run.metrics[0].group == "b/metrics.json"


def test_a_shard_that_is_missing_changes_nothing_of_the_others() -> None:
    whole, part = (join(shards(a=ONE, b=run), sha="").run for run in (OTHER, "b: is missing. See."))
    assert part.metrics == whole.metrics[:1]
    assert part.broken == ("b: is missing. See.",)
    one_of_two = [Bundle(name="a", run=ONE), Bundle(name="b", run="b: is missing. See.")]
    assert join(one_of_two, sha="").run.metrics == part.metrics


def test_nothing_at_all_is_a_run_of_what_is_missing() -> None:
    run = join([Bundle(name="a", run="a: is missing. See.")], sha=HEAD_SHA).run
    assert run == Run(sha=HEAD_SHA, broken=("a: is missing. See.",))


def test_repeated_trainings_are_one_metric_with_many_values() -> None:
    run = join(seeds(ONE, OTHER, OTHER), sha=HEAD_SHA).run
    [metric] = run.metrics
    assert (str(metric.key), metric.values, metric.labels) == ("metrics.json:acc", (0.9, 0.7, 0.7), ("1", "2", "3"))
    assert [(str(one.key), one.replicate) for one in run.series] == [("log.csv:loss", n) for n in "123"]
    assert [param.name for param in run.params] == ["lr"]
    assert [figure.data for figure in run.figures] == [b"1"]
    assert "roc.png: the picture of 1 stands for those of 3 repeated trainings" in run.notes
    assert run.data == (Fact(name="train.csv", value="sha256:a sha256:b"),)


def test_a_training_that_is_repeated_within_its_bundle_counts_once() -> None:
    inner = replace(ONE, metrics=(Metric(name="acc", values=(0.5, 0.7), labels=("x", "y"), group="metrics.json"),))
    run = join(seeds(ONE, inner), sha="").run
    assert run.metrics[0].values == (0.9, 0.6)
    assert "acc: the mean of each bundle counts once" in run.notes


def test_repeated_trainings_beside_another_bundle_carry_their_name() -> None:
    run = join([*seeds(ONE, OTHER), Bundle(name="big", run=ONE)], sha="").run
    assert [str(one.key) for one in run.metrics] == ["seed/metrics.json:acc", "big/metrics.json:acc"]
    assert [len(one.values) for one in run.metrics] == [2, 1]


def test_a_bundle_of_another_commit_is_told_and_not_recorded() -> None:
    stranger = replace(OTHER, sha=BASE_SHA)
    joined = join(shards(a=ONE, gpu_b=stranger), sha=HEAD_SHA)
    assert joined.run.sha == HEAD_SHA
    assert joined.run.notes[0] == "gpu-b was collected on 9f8e7d6, and this is a1b2c3d"
    assert joined.objection
    assert join(shards(a=ONE, b=stranger), sha=HEAD_SHA, same={BASE_SHA}).objection is None


def test_without_a_commit_the_bundles_say_which_it_is() -> None:
    assert join(shards(a=ONE, b=OTHER), sha="").run.sha == HEAD_SHA
    odd = join(shards(a=ONE, b=replace(OTHER, sha=BASE_SHA)), sha="")
    assert odd.run.sha == ""
    assert len(odd.strangers) == 2


def test_repeated_trainings_on_disk(tmp_path: Path) -> None:
    for seed, value in ((7, 0.9), (10, 0.8)):
        lay(tmp_path / "bundles" / f"seed-{seed}", files_of(make_run(acc=value)))
    lay(tmp_path / "bundles" / "other", files_of(Run()))
    [metric] = join(read_paths(["./bundles/seed-{replicate}"], tmp_path), sha="").run.metrics
    assert (metric.values, metric.labels) == ((0.9, 0.8), ("7", "10"))
    again = join(read_paths([f"{tmp_path}/bundles/seed-{{replicate}}"], Path("/")), sha="").run.metrics
    assert again == (metric,)


@given(st.lists(runs(), min_size=2, max_size=4))
def test_no_number_is_lost_and_no_two_are_mixed_up(found: list[Run]) -> None:
    named = {f"r{n}": run for n, run in enumerate(found)}
    joined = join(shards(**named), sha="").run
    values = [repr(metric.values) for run in found for metric in run.metrics]
    assert [repr(metric.values) for metric in joined.metrics] == values
    for name, run in named.items():
        own = [one for one in joined.metrics if one.group.split("/")[0] == name]
        assert [one.name for one in own] == [one.name for one in run.metrics]


@given(runs())
def test_a_training_repeated_twice_alike_has_the_same_means(run: Run) -> None:
    joined = join(seeds(run, run), sha="").run
    means: dict[object, str] = {}
    for metric in run.metrics:
        means.setdefault(metric.key, repr(metric.value))
    assert {metric.key for metric in joined.metrics} == set(means)
    assert all(len(metric.values) == 2 for metric in joined.metrics)
    assert {metric.key: repr(metric.values[0]) for metric in joined.metrics} == means
