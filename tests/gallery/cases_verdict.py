"""What a comparison can come to: better, worse, the same, unclear, and nothing to hold against."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from cml_bot.filters import plural
from cml_bot.model import Drift, Fact, Key, Param, Report, Run, Waiver
from tests.gallery.courses import falling
from tests.gallery.reports import make, run_of, sources
from tests.making import BASE_SHA, make_history, make_metric

LEVELS = {
    "accuracy": (0.8912, 0.0020),
    "recall": (0.842, 0.0055),
    "precision": (0.871, 0.0040),
    "f1": (0.856, 0.0040),
    "roc_auc": (0.9312, 0.0015),
    "val_loss": (0.352, 0.0075),
    "latency_ms": (12.1, 0.25),
}
PARAMS = tuple(Param(name=name, value=value, group="params.yaml") for name, value in (("lr", "0.01"), ("depth", "6")))


def _history(count: int = 20) -> list[Run]:
    return [replace(run, params=PARAMS, sources=sources("metrics.json")) for run in make_history(count, LEVELS, seed=1)]


def _head(base: Run, **changed: float) -> Run:
    """The base's run, with some metrics of its own and the others a little off."""
    metrics = tuple(
        make_metric(one.name, changed.get(one.name, one.value * (1 + 0.0007 * number)))
        for number, one in enumerate(base.metrics)
    )
    params = (replace(PARAMS[0], value="0.003"), PARAMS[1])
    return Run(metrics=metrics, params=params, sources=sources("metrics.json", "params.yaml"))


def one_better() -> Report:
    """One metric got better, beyond the noise of twenty runs of main."""
    history = _history()
    return make(_head(history[-1], accuracy=0.9034), history[-1], fail_on=("recall regressed",), history=history)


def one_worse() -> Report:
    """Recall fell, and its gate failed; one is better, and a curve tells."""
    history = _history()
    head = _head(history[-1], recall=0.801, accuracy=0.9034)
    base = replace(history[-1], series=(falling("val/loss", start=0.9, end=0.35, count=40),))
    head = replace(head, series=(falling("val/loss", start=0.9, end=0.31, count=40, seed=2),))
    gates = ("recall regressed", "accuracy < 0.88", "roc_auc regressed")
    return make(head, base, fail_on=gates, warn_on=("latency_ms change > 10%",), history=[*history[:-1], base])


def all_same() -> Report:
    """Nothing changed beyond noise."""
    history = _history()
    return make(_head(history[-1]), history[-1], fail_on=("recall regressed",), history=history)


def no_metrics() -> Report:
    """The job wrote nothing that mlbot knows."""
    return make(Run(), None)


def first_run() -> Report:
    """Main has no run yet; curves are shown all the same."""
    head = replace(
        run_of(accuracy=0.8934, recall=0.8421, val_loss=0.3127, train_seconds=71.2, n_test=2000),
        series=(falling("val/loss", start=0.9, end=0.31), falling("train/loss", start=0.95, end=0.21)),
    )
    return make(head, None)


def no_base_with_gates() -> Report:
    """Main has no run yet, and gates are set: limits are checked, comparisons warn."""
    head = run_of(accuracy=0.8934, recall=0.8421, val_loss=0.3127, latency_ms=12.9)
    return make(head, None, fail_on=("accuracy < 0.85", "recall regressed", "latency_ms change > 10%"))


def two_unclear() -> Report:
    """One run a side and no history: nobody can tell, and the report says what would."""
    return make(run_of(accuracy=0.9034, val_loss=0.31, f1=0.871), run_of(accuracy=0.8912, val_loss=0.352, f1=0.871))


def seed_against_many() -> Report:
    """One training here, and five seeds on main."""
    base = Run(
        metrics=(
            make_metric("accuracy", 0.912, 0.915, 0.909, 0.914, 0.911),
            make_metric("val/loss", 0.312, 0.309, 0.318, 0.310, 0.314),
        )
    )
    head = Run(metrics=(make_metric("accuracy", 0.921), make_metric("val/loss", 0.335)))
    return make(head, base, fail_on=("accuracy regressed",))


def seeds_against_seeds() -> Report:
    """Five seeds on both sides: Welch's and the paired test."""
    seeds = ("0", "1", "2", "3", "4")

    def run(accuracy: tuple[float, ...], loss: tuple[float, ...], ms: tuple[float, ...]) -> Run:
        metrics = (
            make_metric("accuracy", *accuracy),
            make_metric("val/loss", *loss),
            make_metric("latency_ms", *ms),
        )
        return Run(
            metrics=tuple(replace(metric, labels=seeds) for metric in metrics), sources=sources("seed-0/eval.json")
        )

    base = run((0.912, 0.915, 0.909, 0.914, 0.911), (0.312, 0.309, 0.318, 0.310, 0.314), (12.1, 12.3, 12.2, 12.0, 12.4))
    head = run((0.921, 0.925, 0.919, 0.922, 0.920), (0.311, 0.312, 0.316, 0.313, 0.312), (13.9, 14.1, 14.2, 13.8, 14.0))
    return make(head, base, fail_on=("accuracy regressed",), warn_on=("latency_ms change > 10%",))


def _lower(run: Run, name: str, by: float) -> Run:
    return replace(
        run, metrics=tuple(make_metric(one.name, one.value - by * (one.name == name)) for one in run.metrics)
    )


def main_slid() -> Report:
    """A report of main itself, which has lost accuracy over its last runs."""
    history = _history()
    history = [*history[:13], *(_lower(run, "accuracy", 0.0071) for run in history[13:])]
    drift = Drift(
        key=Key("metrics.json", "accuracy"),
        best=0.8912,
        level=0.8841,
        noise=0.0021,
        n_best=9,
        n_level=7,
        last_good="0c0ffee" + "0" * 33,
        first_bad="0badcab" + "0" * 33,
    )
    return replace(make(_head(history[-1]), history[-1], history=history), drifts=(drift,))


def odd_base() -> Report:
    """The run of main that the branch left from crashed: main's level stands for it."""
    history = _history(12)
    crashed = replace(history[-1], metrics=(make_metric("accuracy", 0.5), make_metric("val_loss", 2.3)))
    head = run_of(accuracy=0.885, val_loss=0.351)
    return make(head, crashed, fail_on=("accuracy regressed",), history=[*history[:-1], crashed])


def waived_gate() -> Report:
    """A known loss was accepted until a day; another gate passed."""
    history = _history()
    waiver = Waiver(gate="recall < 0.83", reason="new label policy, see #41", until=date(2026, 12, 31))
    head = _head(history[-1], recall=0.801)
    return make(head, history[-1], fail_on=("recall < 0.83", "accuracy < 0.85"), waivers=(waiver,), history=history)


def other_data() -> Report:
    """Trained on another file, with another torch: not like for like, so nothing is judged."""
    history = _history()
    base = replace(
        history[-1],
        data=(Fact(name="data/train.csv", value="sha256:aa", detail=plural(120_000, "row")),),
        environment=(Fact(name="torch", value="2.8.0"), Fact(name="GPU", value="A100")),
    )
    head = replace(
        _head(history[-1], recall=0.801, accuracy=0.9034),
        data=(Fact(name="data/train.csv", value="sha256:bb", detail=plural(131_500, "row")),),
        environment=(Fact(name="torch", value="2.9.1"), Fact(name="GPU", value="H100")),
    )
    return make(head, base, fail_on=("recall regressed", "accuracy < 0.85"))


def broken_files() -> Report:
    """A declared file is missing, another is cut; what can be told is told."""
    report = make(run_of(accuracy=0.8934), run_of(BASE_SHA, accuracy=0.8912, recall=0.842), fail_on=("recall < 0.8",))
    return replace(
        report,
        broken=("out/eval.json: no such file. Named in mlbot.toml: see that the job writes it before mlbot runs.",),
        unread=("logs/history.csv: row 812 has 3 cells, the header 5. Look whether the job was stopped.",),
        notes=("logs/old.json: not JSON (line 3). Skipped.", "main: metrics of 2 files were told twice; shown once."),
    )
