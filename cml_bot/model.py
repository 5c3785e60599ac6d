"""Every noun of mlbot. Frozen, standard library only, no input or output.

Facts (what a file says) and opinions (goal, tolerance, gate) are kept apart: the first are what a reader yields, the
second arrive with `Delta` and `Gate`. Absence is a value: a side that has no such metric is None.
"""

from __future__ import annotations

import math
from dataclasses import field
from enum import IntEnum, StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from dataclasses import dataclass
    from datetime import date
else:
    from cml_bot.quick_dataclass import dataclass


class Key(NamedTuple):
    """What a metric, series or parameter is known by; the group is shown only where the name alone is ambiguous."""

    group: str
    """Where it came from: the path of its file, without parts that differ from run to run."""
    name: str

    def __str__(self) -> str:
        """Return the long form ``group:name``."""
        return f"{self.group}:{self.name}" if self.group else self.name

    def matches(self, pattern: str) -> bool:
        """Whether a pattern of the configuration or of a gate means this key.

        The exact name counts first, so that ``mAP50[B]`` need not be escaped; then the pattern as a glob over the
        name and over ``group:name``.

        Example:
            >>> Key("eval.json", "val/loss").matches("*loss*"), Key("eval.json", "acc").matches("eval.json:acc")
            (True, True)
        """
        return pattern in (self.name, str(self)) or fnmatchcase(self.name, pattern) or fnmatchcase(str(self), pattern)


def mean_of(values: Sequence[float]) -> float:
    """The mean, divided first so that no sum overflows; NaN of nothing, and where one is not finite.

    Example:
        >>> mean_of([1.7e308, 1.7e308]), mean_of([1.0, float("inf")])
        (1.7e+308, nan)
    """
    if not values or not all(map(math.isfinite, values)):
        return math.nan
    return math.fsum(value / len(values) for value in values)


class Goal(StrEnum):
    """Which way of a metric is good."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


class Role(StrEnum):
    """How much of the reader's attention a metric may take."""

    HEADLINE = "headline"
    """Configured as such, or gated: always in the first table."""
    QUALITY = "quality"
    """What a training is judged by; in the first table when it changed."""
    BOOKKEEPING = "bookkeeping"
    """Counts, steps and timings: folded unless gated."""


class Repeats(StrEnum):
    """What the values of one metric are repetitions of."""

    TRAININGS = "trainings"
    """Whole trainings, each with a seed of its own."""
    FOLDS = "folds"
    """Folds of one cross-validation: their trainings share most of their data."""
    TIMINGS = "timings"
    """Rounds of one benchmark."""

    @property
    def one(self) -> str:
        """One of them, for a sentence."""
        return self.value.removesuffix("s")


class Trend(StrEnum):
    """What can be said of a metric's change, in the order of the report."""

    WORSE = "worse"
    BETTER = "better"
    UNCLEAR = "unclear"
    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"
    SAME = "same"


class Outcome(IntEnum):
    """What a check came to; the worst of all is the verdict's."""

    PASS = 0
    WARN = 1
    FAIL = 2

    @property
    def word(self) -> str:
        """The outcome as the report and the JSON write it."""
        return self.name.lower()

    @property
    def past(self) -> str:
        """The outcome in a sentence: ``passed``."""
        return {Outcome.PASS: "passed", Outcome.WARN: "warned", Outcome.FAIL: "failed"}[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number of a run, or the same number of its repeated trainings."""

    name: str
    values: tuple[float, ...]
    """Shape (n,), n >= 1: one value a training. NaN and infinities are kept; integers stay exact."""
    group: str = ""
    stderr: float | None = None
    """Standard error that the tool itself gave."""
    n_items: int | None = None
    """How many examples the number was measured on."""
    labels: tuple[str, ...] = ()
    """What tells repeated trainings apart, such as their seeds: one for each value, or none at all."""
    unit: str = ""
    source: str = ""
    """The file it was read from, and where in it if that needs saying."""
    goal: Goal | None = None
    """Which way is good, where the tool that wrote it says so."""
    role: Role | None = None
    """How much attention it deserves, where its format tells: a count is bookkeeping, whatever its name."""
    is_detail: bool = False
    """Whether it is one of many beside what sums them up: of one class among all."""
    is_exact: bool = False
    """Whether it holds no noise, as what a check of data came to: any difference is one."""
    repeats: Repeats = Repeats.TRAININGS
    """What its values are repetitions of, where there are many."""
    conditions: str = ""
    """What it was measured under, where that is told: the version of a task, a machine. Under others it is another."""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.group, self.name)

    @property
    def value(self) -> float:
        """The mean of its values; the value itself when there is one.

        Example:
            >>> Metric(name="acc", values=(1, 2)).value
            1.5
        """
        return self.values[0] if len(self.values) == 1 else mean_of(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A number over the steps of a training."""

    name: str
    x: tuple[float, ...]
    """Shape (n,), strictly rising."""
    y: tuple[float, ...]
    """Shape (n,); NaN where it was not a number."""
    group: str = ""
    x_label: str = "step"
    unit: str = ""
    source: str = ""
    replicate: str = ""
    """Which of several repeated trainings it is the course of; empty where there is one."""
    mean: float | None = None
    """The mean of all of y before points were left out; None where none were."""
    goal: Goal | None = None
    """Which way is good, where the tool that wrote it says so."""
    best: float | None = None
    """The x of the step that the training kept (early stopping, the best checkpoint): its value stands for all."""
    is_smoothed: bool = False
    """Whether a smoothed line is wanted over it."""

    @property
    def key(self) -> Key:
        """Its identity; repeated trainings share it."""
        return Key(self.group, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Counts by two labels: a confusion matrix."""

    name: str
    rows: tuple[str, ...]
    """Labels of the rows: what was true."""
    columns: tuple[str, ...]
    """Labels of the columns: what was predicted."""
    values: tuple[tuple[float, ...], ...]
    """Shape (rows, columns)."""
    group: str = ""
    source: str = ""
    is_shares: bool = False
    """Whether it is shown as shares of each row."""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.group, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """One number for each of several labels: how much each feature counts."""

    name: str
    labels: tuple[str, ...]
    values: tuple[float, ...]
    """Shape (labels,)."""
    unit: str = ""
    group: str = ""
    source: str = ""
    is_ordered: bool = False
    """Whether the order of the labels is kept; else the largest stands first."""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.group, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points in a plane, in no order: a scatter plot, or a curve whose x does not rise."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    """Shape of both (n,)."""
    x_label: str = "x"
    y_label: str = "y"
    is_line: bool = False
    """Whether neighbours are joined, as in the curve of precision over recall."""
    group: str = ""
    source: str = ""
    is_jittered: bool = False
    """Whether points that lie on each other are drawn beside each other."""
    score: float | None = None
    """What it comes to by all examples: the area under a ROC curve, an average precision, the error of a calibration.
    None where nobody knows, or the points that are here tell it."""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.group, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many of many numbers lie between each two edges: scores, residuals."""

    name: str
    edges: tuple[float, ...]
    """Shape (n + 1,), strictly rising, finite."""
    counts: tuple[float, ...]
    """Shape (n,)."""
    x_label: str = "value"
    group: str = ""
    source: str = ""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.group, self.name)


Chart = Matrix | Bars | Points | Histogram
"""Numbers to be drawn that are no course of a training."""


NOTHING_HERE = "no metrics were found here"
"""How the line of a report begins whose head has nothing of what its base has."""
ENDINGS = {
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/svg+xml": ("svg",),
}
"""How files of a media type end, the usual ending first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture: made by the job, or drawn by mlbot."""

    name: str
    media: str
    """Media type, as its first bytes say: ``image/png`` and so on."""
    data: bytes = field(repr=False)
    caption: str = ""
    """Its alternative text: what a reader would see."""
    source: str = ""
    width: int = 0
    """How wide it is to be shown, in CSS pixels: a drawing has more of its own, for dense screens. 0 for its own."""
    dark: bytes = field(default=b"", repr=False)
    """The same picture for dark pages; empty where it is the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Param:
    """A setting that the job was run with."""

    name: str
    value: str
    """Text as written in the file: ``1e-4`` stays ``1e-4``."""
    group: str = ""
    source: str = ""

    @property
    def key(self) -> Key:
        """Its identity."""
        return Key(self.group, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something of a run that has to be alike on both sides before their numbers can be held against each other."""

    name: str
    """``data/train.csv``, ``torch``, ``GPU``."""
    value: str
    """Equal texts mean that it is the same: a hash, a version."""
    detail: str = ""
    """What a reader knows it by, where the value is a hash: ``131 500 rows``."""
    of: str | None = None
    """How the names of the metrics begin that it concerns, of those of its own file; None where it is the whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that was left out or mended, for the reader."""

    text: str
    source: str = ""

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.source}: {self.text}" if self.source else self.text


Observation = Metric | Series | Chart | Figure | Param | Fact | Note
"""What a reader yields; a fact is one of the data that was evaluated on."""


class Part(StrEnum):
    """What a source is read for."""

    METRICS = "metrics"
    PARAMS = "params"
    PLOTS = "plots"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of a run, and why it was taken."""

    path: str
    """Relative to the top of the tree, with forward slashes."""
    why: str
    """For `mlbot doctor`: ``dvc.yaml names it``, ``a well-known name``."""
    part: Part = Part.METRICS
    declared: bool = False
    """Somebody named it (configuration or dvc.yaml), so that not being able to read it is an error."""
    x: str | None = None
    """The column to draw over, where somebody named one."""
    y: tuple[str, ...] = ()
    """The columns to draw; all when empty."""
    template: str = ""
    """DVC's name of how to draw it, where dvc.yaml gives one."""
    has_words: bool = False
    """Whether texts and bools in it count as well, as DVC counts those of a metrics file."""
    files: tuple[str, ...] = ()
    """The files of a store, of which `path` is the folder; empty where `path` is the one file."""
    group: str = ""
    """What it has in common with the files of other runs and repeated trainings; its own path when empty."""
    replicate: str = ""
    """What tells it apart from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one side holds: everything that was read of one training."""

    sha: str = ""
    """The commit it belongs to; empty outside a repository."""
    created: str = ""
    """When it was collected, ISO 8601 in UTC."""
    metrics: tuple[Metric, ...] = ()
    series: tuple[Series, ...] = ()
    charts: tuple[Chart, ...] = ()
    figures: tuple[Figure, ...] = ()
    params: tuple[Param, ...] = ()
    environment: tuple[Fact, ...] = ()
    """What it ran in: Python, platform, GPU, versions of libraries. Empty where nobody knows."""
    data: tuple[Fact, ...] = ()
    """Fingerprints of what it was trained and evaluated on. Empty where nobody knows."""
    notes: tuple[str, ...] = ()
    """What was skipped and why, one line each."""
    broken: tuple[str, ...] = ()
    """Declared sources that are missing or cannot be read, one line each: they end in exit code 3."""
    unread: tuple[str, ...] = ()
    """Files that mlbot found by itself and could not read, one line each: shown, but no error."""
    sources: tuple[Source, ...] = ()
    """The files that were read."""
    build_url: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all was found."""
        return not (self.metrics or self.series or self.charts or self.figures or self.params)


class Method(StrEnum):
    """How a change was told from noise."""

    NONE = "none"
    EQUAL = "equal"
    TOLERANCE = "tolerance"
    COUNT = "count"
    """A whole number that counts something: it holds no noise."""
    NOT_FINITE = "not finite"
    DETERMINISTIC = "deterministic"
    """Main's runs are all equal, so that any change is one."""
    PREDICTION = "prediction interval"
    WELCH = "welch"
    PAIRED = "paired t"
    FOLDS = "corrected t"
    """Folds of a cross-validation, whose trainings share examples: Nadeau and Bengio's t."""
    ERRORS = "standard errors"

    @property
    def is_replicated(self) -> bool:
        """Whether it takes repeated trainings of both sides."""
        return self in (Method.WELCH, Method.PAIRED, Method.FOLDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a delta's trend is what it is."""

    method: Method
    is_real: bool | None
    """True: the change is beyond tolerance and noise. False: it is not. None: nobody can tell from what is there."""
    expected: float | None = None
    """What the head is held against, where that is not the base's value: the level of main."""
    interval: tuple[float, float] | None = None
    """Where 95 of 100 heads would lie if nothing had changed, in the metric's unit."""
    p: float | None = None
    """How often noise alone would make a change so large, beyond the tolerance, up or down."""
    adjusted: float | None = None
    """The same after Benjamini and Hochberg, over all metrics of the report: the trend is decided by it."""
    n_head: int = 0
    n_base: int = 0
    n_history: int = 0
    """Runs of main that make the noise; outliers do not count."""
    repeats: Repeats = Repeats.TRAININGS
    """What `n_head` and `n_base` count."""
    noise: float | None = None
    """Half the width of the interval."""
    outliers: tuple[float, ...] = ()
    """Values of the history that were left out, because they do not belong to the others."""
    note: str = ""
    """What was left out, and what else a reader should know of how it was told."""
    decide: str = ""
    """What would decide an unclear change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One metric on both sides, with what can be said of the change."""

    key: Key
    head: Metric | None
    base: Metric | None
    goal: Goal = Goal.NONE
    tolerance: float = 0.0
    """Smallest change anyone should care about, absolute, in the metric's unit."""
    unit: str = ""
    role: Role = Role.QUALITY
    evidence: Evidence
    history: tuple[float, ...] = ()
    """Its values in the runs of main that can be compared with, oldest first."""

    @property
    def reference(self) -> float | None:
        """What the head is held against: the level of main where that is known, else the base's value."""
        if self.evidence.expected is not None:
            return self.evidence.expected
        return self.base.value if self.base else None

    @property
    def is_base_odd(self) -> bool:
        """Whether the base's own value lies outside of what main's runs explain, so that it is no measure."""
        by_main = self.evidence.method in (Method.PREDICTION, Method.DETERMINISTIC)
        if self.base is None or not by_main or self.evidence.interval is None:
            return False
        low, high = self.evidence.interval
        return not low <= self.base.value <= high and not math.isclose(self.base.value, low)

    @property
    def shown_base(self) -> float | None:
        """The value to show for the base: its own, unless that is no measure; then the level of main."""
        return self.reference if self.is_base_odd else self.base.value if self.base else None

    @property
    def change(self) -> float | None:
        """Head minus base; None where a side is missing.

        Integers stay exact.
        """
        if self.head is None or self.base is None:
            return None
        change = self.head.value - self.base.value
        try:
            float(change)
        except OverflowError:
            return math.inf if change > 0 else -math.inf
        return change

    @property
    def relative(self) -> float | None:
        """The change as a fraction of base's size: 0.05 is five percent up. None where no honest fraction exists."""
        change = self.change
        if change is None or self.base is None or not math.isfinite(change) or self.base.value == 0:
            return None
        fraction = change / abs(self.base.value)
        return fraction if math.isfinite(fraction) else None

    @property
    def trend(self) -> Trend:
        """What the evidence, the goal and the sign of the change come to."""
        if self.base is None:
            return Trend.NEW
        if self.head is None:
            return Trend.GONE
        if self.evidence.is_real is None:
            return Trend.UNCLEAR
        if not self.evidence.is_real:
            return Trend.SAME
        if self.goal is Goal.NONE:
            return Trend.CHANGED
        if not (math.isfinite(self.head.value) and math.isfinite(self.reference or 0.0)):
            return Trend.BETTER if math.isfinite(self.head.value) else Trend.WORSE
        rose = self.head.value > (self.reference or 0.0)
        return Trend.BETTER if rose == (self.goal is Goal.HIGHER) else Trend.WORSE

    @property
    def is_wrong_way(self) -> bool:
        """Whether the head lies on the bad side of what it is held against, be that noise or not."""
        if self.head is None or self.reference is None or self.goal is Goal.NONE:
            return False
        low, high = sorted((self.head.value, self.reference))
        return low < high and (self.head.value == low) == (self.goal is Goal.HIGHER)


class Of(StrEnum):
    """Which value of a series stands for it in the table."""

    LAST = "last"
    BEST = "best"
    MIN = "min"
    MAX = "max"
    MEAN = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerance:
    """The smallest change anyone should care about."""

    amount: float
    """In the metric's unit, or as a fraction of the base when `is_relative`."""
    is_relative: bool = False

    def absolute(self, base: float) -> float:
        """Give it in the metric's unit.

        Example:
            >>> Tolerance(amount=0.005, is_relative=True).absolute(-200.0)
            1.0
        """
        return self.amount * abs(base) if self.is_relative else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the configuration says of the metrics that a pattern means."""

    pattern: str
    goal: Goal | None = None
    tolerance: Tolerance | None = None
    of: Of | None = None
    unit: str | None = None
    headline: bool | None = None


class Form(StrEnum):
    """The three forms of a gate."""

    LIMIT = "limit"
    """``NAME OP NUMBER``: the value itself."""
    CHANGE = "change"
    """``NAME change OP NUMBER[%]``: head minus base."""
    REGRESSED = "regressed"
    """``NAME regressed``: the trend is worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition that fails or warns when it holds."""

    text: str
    """As its author wrote it."""
    pattern: str
    form: Form
    outcome: Outcome
    """What it comes to when it holds: FAIL for ``fail-on``, WARN for ``warn-on``."""
    operator: str = ""
    bound: float = 0.0
    """In the metric's unit, or as a fraction when `is_relative`."""
    is_relative: bool = False


class WhenDataChanges(StrEnum):
    """What gates on a regression come to when the sides were not trained or evaluated on the same data."""

    WARN = "warn"
    FAIL = "fail"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A known loss that was accepted in the open, until a day."""

    gate: str
    """The text of the gate it lifts."""
    reason: str
    until: date
    """The last day it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A gate held against one metric."""

    gate: Gate
    key: Key | None
    """None when no metric of that name was found."""
    outcome: Outcome
    reason: str
    """One sentence without a full stop."""
    waiver: Waiver | None = None
    """The waiver that lowered the outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What all gates together came to."""

    checks: tuple[Check, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of all checks; PASS when there are none."""
        return max((check.outcome for check in self.checks), default=Outcome.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Where one side's numbers come from."""

    sha: str
    source: str
    """For the head: ``working tree`` or a revision. For the base: how it was found."""
    kind: str = ""
    """For the base: ``record``, ``git_files``, ``folder``, ``mlflow`` or ``none``."""
    label: str = ""
    """How a column is headed: a branch or folder name."""

    @property
    def short_sha(self) -> str:
        """Seven digits, as people write it."""
        return self.sha[:7]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """What a baseline gives: main's run, and what is known of the runs before it."""

    run: Run
    side: Side
    """Its commit, and in words how it was found: the report always says so."""
    history: tuple[Run, ...] = ()
    """The recorded runs of the base's ancestors, one a commit, oldest first; the base's own is the last."""
    notes: tuple[str, ...] = ()
    """What was left out on the way to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """A metric of which main has lost more than noise, however small each step was."""

    key: Key
    best: float
    """Its best earlier level."""
    level: float
    """Its level now."""
    noise: float
    """Half the width of what noise explains of the difference, 95 of 100 times."""
    n_best: int
    n_level: int
    """Runs of either level."""
    last_good: str
    """The last commit of the best level."""
    first_bad: str
    """The first commit of the level now: it fell after the one and not after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamDelta:
    """A parameter that differs between the sides."""

    key: Key
    head: str | None
    base: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Between what several trainings of one side lie at each step."""

    x: tuple[float, ...]
    """Shape (n,), strictly rising."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    """Shape of both (n,); NaN where there is no number."""
    count: int
    """How many trainings, or runs of main."""
    is_history: bool = False
    """Whether they are the last runs of main; else they are the repeated trainings of the side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One series on both sides; only those that differ get this far."""

    key: Key
    head: Series | None
    base: Series | None
    goal: Goal = Goal.NONE
    head_band: Band | None = None
    base_band: Band | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPair:
    """One chart on both sides, of one kind; only those that differ get this far."""

    key: Key
    head: Chart | None
    base: Chart | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigurePair:
    """A picture of the job on both sides; only those that look different get this far, as far as anybody can tell."""

    name: str
    head: Figure | None
    base: Figure | None
    difference: Figure | None = None
    """What differs between them, where they are of one size."""
    told: str = ""
    """What there is to say of the two, without a full stop: how much differs and where, or why that is not known."""
    is_base_lost: bool = False
    """Whether the base had one that nobody kept: then it is not new, and whether it changed is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Where mlbot runs: the CI job and the review that it belongs to. Empty on a laptop."""

    forge: str = ""
    """A name of the FORGES table; empty when no CI was found."""
    server: str = ""
    """Address of the pages: ``https://github.com``."""
    api: str = ""
    repo: str = ""
    """``owner/name``."""
    sha: str = ""
    """The commit under review: the head of the pull request, never a merge commit made for the test."""
    base_sha: str = ""
    """The base as the event names it; empty when it does not."""
    branch: str = ""
    pull: int | None = None
    base_branch: str = ""
    """The branch the review goes to, else the default branch; empty when unknown."""
    on_main: bool = False
    is_fork: bool = False
    is_private: bool = False
    url: str = ""
    """The page of this build."""
    run_id: str = ""
    """``RUN.ATTEMPT``: later runs have larger numbers."""
    head_owner: str = ""
    """Whose repository the branch lies in, where that is not this one's and the event tells it."""
    trusted_sha: str = ""
    """Where the job holds rights that the author of the pull request need not have: the one commit whose code it may
    run. Empty in all other jobs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Exactly what a template sees. A public contract: fields are added, never renamed."""

    name: str
    title: str
    version: str
    created: str
    """ISO 8601 in UTC."""
    head: Side
    base: Side
    """`kind` is ``none`` where there is nothing to compare with; then `source` says why."""
    build: Build
    verdict: Verdict
    deltas: tuple[Delta, ...] = ()
    """In declared order."""
    params: tuple[ParamDelta, ...] = ()
    """Those that differ."""
    same_params: tuple[Param, ...] = ()
    """Those that are alike on both sides; only the JSON has them."""
    curves: tuple[Curve, ...] = ()
    charts: tuple[ChartPair, ...] = ()
    figures: tuple[FigurePair, ...] = ()
    like_for_like: tuple[str, ...] = ()
    """What makes the sides hard to compare, one sentence each."""
    drifts: tuple[Drift, ...] = ()
    """What main has lost over its last runs; only in the report of a run of main."""
    band: tuple[str, ...] = ()
    """Which runs of main say how large noise is, and which were left out; one line each."""
    notes: tuple[str, ...] = ()
    """What was skipped and why; the base's begin with its name."""
    broken: tuple[str, ...] = ()
    """Declared sources of the head that are missing or cannot be read."""
    unread: tuple[str, ...] = ()
    """Discovered files of the head that could not be read."""
    sources: tuple[Source, ...] = ()
    """The files read of the head's side."""
    is_trusted: bool = True
    """False where the numbers come from a job that ran a stranger's code, and nobody here has checked them."""

    @property
    def outcome(self) -> Outcome:
        """What the job comes to: the verdict's outcome, and FAIL where something declared could not be read."""
        return Outcome.FAIL if self.broken else self.verdict.outcome

    @property
    def lost(self) -> tuple[str, ...]:
        """The files of the head that could not be read: what is broken but for the sentence that nothing was found."""
        return (*(line for line in self.broken if not line.startswith(NOTHING_HERE)), *self.unread)

    @property
    def has_base(self) -> bool:
        """Whether there was anything to compare with."""
        return self.base.kind != "none"
