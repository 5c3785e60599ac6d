"""Reports on what well-known tools write: their real files, and base and head that differ as two trainings do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from cml_bot.model import Bars, Chart, Histogram, Matrix, Metric, Param, Points, Report, Run
from tests.gallery.courses import falling
from tests.gallery.reports import make, read, run_of, shift, sources
from tests.making import make_metric

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FEATURES = (
    *("tenure", "monthly_charges", "contract_two_year", "total_charges", "internet_fiber", "payment_electronic_check"),
    *("online_security", "tech_support", "paperless_billing", "senior_citizen", "dependents", "streaming_tv"),
)

Side = tuple[float, ...]


def classification() -> Report:
    """Ten classes: a report per class, the confusion matrix, ROC, precision over recall, calibration, importances."""
    return make(_classifier(2, 0.9), _classifier(1, 0.86), title="CIFAR-10", fail_on=("accuracy < 0.8",))


def _classifier(seed: int, skill: float) -> Run:
    dice = random.Random(seed)
    confusion = _confusion(dice, skill)
    summed = run_of(accuracy=skill, macro_f1=skill - 0.004, roc_auc=1 / (1 + 1.4 * (1 - skill)), log_loss=1.2 - skill)
    charts: tuple[Chart, ...] = (
        confusion,
        _curve("roc", "fpr", "tpr", *_roc(skill), is_line=True),
        _curve("precision_recall", "recall", "precision", *_pr(skill), is_line=True),
        _curve("calibration", "mean predicted", "share of positives", *_calibration(dice, skill)),
        Bars(name="importance", labels=FEATURES, values=_importances(dice), group="plots/importance.json"),
    )
    metrics = (*summed.metrics, *_per_class(confusion))
    return Run(metrics=metrics, charts=charts, sources=sources("metrics.json", "report.json", "plots/roc.json"))


def _curve(name: str, x_label: str, y_label: str, x: Side, y: Side, *, is_line: bool = False) -> Points:
    return Points(name=name, x=x, y=y, x_label=x_label, y_label=y_label, is_line=is_line, group=f"plots/{name}.json")


def _confusion(dice: random.Random, skill: float) -> Matrix:
    """A thousand examples a class; cats and dogs are taken for each other."""
    rows = []
    for row in range(len(CLASSES)):
        wrong = [0 if row == column else round((1 - skill) * 220 * dice.random()) for column in range(len(CLASSES))]
        if row in (3, 5):
            wrong[8 - row] += 40
        rows.append(tuple(1000.0 - sum(wrong) if row == column else float(wrong[column]) for column in range(10)))
    return Matrix(name="confusion", rows=CLASSES, columns=CLASSES, values=tuple(rows), group="plots/confusion.json")


def _per_class(matrix: Matrix) -> Iterator[Metric]:
    for place, label in enumerate(matrix.rows):
        right = matrix.values[place][place]
        recall = right / sum(matrix.values[place])
        precision = right / sum(row[place] for row in matrix.values)
        f1 = 2 * precision * recall / (precision + recall)
        for part, value in (("precision", precision), ("recall", recall), ("f1-score", f1)):
            yield replace(make_metric(f"{label}/{part}", value, group="report.json"), is_detail=True)


def _roc(skill: float) -> tuple[Side, Side]:
    xs = tuple((step / 60) ** 2 for step in range(61))
    return xs, tuple(x ** (1.4 * (1 - skill)) if x else 0.0 for x in xs)


def _pr(skill: float) -> tuple[Side, Side]:
    xs = tuple(step / 60 for step in range(61))
    return xs, tuple(1 - (1 - skill) * (x + 4 * x**6) for x in xs)


def _calibration(dice: random.Random, skill: float) -> tuple[Side, Side]:
    xs = tuple(0.05 + step / 10 for step in range(10))
    return xs, tuple(min(1, max(0, x + (1 - skill) * 1.5 * dice.uniform(-0.6, 1))) for x in xs)


def _importances(dice: random.Random) -> tuple[float, ...]:
    raw = [0.75**place * dice.uniform(0.8, 1.2) for place in range(len(FEATURES))]
    return tuple(value / sum(raw) for value in raw)


def regression() -> Report:
    """House prices: predictions over truth, residuals, and errors in thousands of dollars."""
    return make(_regressor(2, 21.0), _regressor(1, 24.5), title="House prices", fail_on=("rmse > 30", "r2 < 0.8"))


def _regressor(seed: int, error: float) -> Run:
    dice = random.Random(seed)
    houses = random.Random(0)
    truths = [houses.lognormvariate(5.2, 0.45) for _ in range(400)]
    residuals = [dice.gauss(0, error) * (0.5 + truth / 400) for truth in truths]
    edges = tuple(-100.0 + 10 * place for place in range(21))
    counts = tuple(float(sum(left <= one < left + 10 for one in residuals)) for left in edges[:-1])
    scatter = Points(
        name="predictions", x=tuple(truths), y=tuple(t + r for t, r in zip(truths, residuals, strict=True)),
        x_label="true price (k$)", y_label="predicted (k$)", group="predictions.csv",
    )  # fmt: skip
    histogram = Histogram(
        name="residuals", edges=edges, counts=counts, x_label="residual (k$)", group="predictions.csv"
    )
    metrics = (
        make_metric("rmse", error, unit="k$"),
        make_metric("mae", error * 0.7, unit="k$"),
        make_metric("r2", 1 - (error / 65) ** 2),
        make_metric("max_error", error * 6, unit="k$"),
    )
    series = (falling("valid_0/rmse", start=95, end=error, count=120, seed=seed, x_label="iteration", unit="k$"),)
    return Run(metrics=metrics, charts=(scatter, histogram), series=series, sources=sources("metrics.json"))


def llm_tasks() -> Report:
    """Benchmarks of a language model with their standard errors, as lm-eval gives them."""
    tasks = {
        "hellaswag/acc_norm": (0.6302, 0.6551, 10042),
        "arc_challenge/acc_norm": (0.4411, 0.4502, 1172),
        "mmlu/acc": (0.5003, 0.5124, 14042),
        "mmlu_stem/acc": (0.4181, 0.4263, 3153),
        "gsm8k/exact_match,strict-match": (0.3412, 0.2987, 1319),
        "truthfulqa_mc2/acc": (0.4520, 0.4533, 817),
        "winogrande/acc": (0.7103, 0.7119, 1267),
    }

    def side(place: int) -> Run:
        metrics = tuple(
            Metric(
                name=name, values=(row[place],), stderr=(row[place] * (1 - row[place]) / row[2]) ** 0.5,
                n_items=int(row[2]), group="results_*.json",
            )
            for name, row in tasks.items()
        )  # fmt: skip
        more = (make_metric("wikitext/word_perplexity", 12.41 - 0.3 * place, group="results_*.json"),)
        params = (Param(name="model", value=("llama-3b-sft-v1", "llama-3b-sft-v2")[place], group="results_*.json"),)
        return Run(metrics=(*metrics, *more), params=params, sources=sources("out/results_2026-11-21.json"))

    return make(side(1), side(0), title="Llama 3B SFT", fail_on=("gsm8k/* regressed",))


def llm_prompts() -> Report:
    """Promptfoo: two prompts by two models, some tests failed; foreign names with signs of their own."""
    return make(read("promptfoo/candidate"), read("promptfoo/two_models"), title="Support bot")


def data_checks() -> Report:
    """Checks of data and of drift by Evidently and deepchecks, on another set than main's."""
    head = read("evidently/drift_candidate", "deepchecks/model_candidate")
    return make(head, read("evidently/drift_main", "deepchecks/model_main"), title="Credit scoring")


def tests_and_timings() -> Report:
    """JUnit and pytest-benchmark: what failed, and what got slower."""
    base = read("junit/pytest", "pytest_benchmark/benchmark")
    factors = {"tests failed": 1.5, "tests passed": 0.875, "test_recall[1]": 0, "test_recall[1]/recall": 0.9}
    metrics = (
        replace(
            one, values=tuple(value * factors.get(one.name, 1.35 if one.unit == "s" else 1) for value in one.values)
        )
        for one in base.metrics
    )
    return make(replace(base, metrics=tuple(metrics)), base, title="tokenizer")


def detector() -> Report:
    """Fourteen columns of a detector's training, as Ultralytics writes them; the job was stopped."""
    head = read("ultralytics/killed")
    dice = random.Random(5)
    series = tuple(replace(one, y=tuple(y * (1 + 0.06 * dice.gauss()) for y in one.y)) for one in head.series)
    return make(head, replace(shift(head, 0.1, seed=3), series=series, notes=()), title="Pedestrians")
