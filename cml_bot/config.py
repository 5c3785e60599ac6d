"""mlbot.toml, or [tool.mlbot] in pyproject.toml, with variables and options laid over it.

Order: option, ``MLBOT_*`` variable, file, default. Everything is optional; what is not known is refused with a
suggestion, because a misspelt gate that is ignored would pass in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from cml_bot.errors import ConfigError
from cml_bot.escape import JOINER, clean
from cml_bot.gates import is_same_gate, parse_gate
from cml_bot.model import Goal, Of, Outcome, Rule, Tolerance, Waiver, WhenDataChanges
from cml_bot.review import CommentWhen, Pictures, StatusWhen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cml_bot.model import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the project wants. The names are the keys of mlbot.toml, with ``_`` for ``-``."""

    title: str = field(default="", metadata={"help": "Heading of the report; the repository's name by default."})
    name: str = field(
        default="report",
        metadata={"help": "One comment and one history of main per name: give each model of a repository its own."},
    )
    sources: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "Files to read, as globs; found by themselves by default. "
            "`{replicate}` stands for what tells repeated trainings apart, such as a seed."
        },
    )
    optional: tuple[str, ...] = field(default=(), metadata={"help": "As sources, but may match nothing."})
    params: tuple[str, ...] = field(
        default=(), metadata={"help": "Files of parameters; found by themselves by default."}
    )
    data: tuple[str, ...] = field(
        default=(),
        metadata={"help": "Files that have to be the same on both sides; what DVC tracks by default."},
    )
    when_data_changes: WhenDataChanges = field(
        default=WhenDataChanges.WARN,
        metadata={"help": "What `regressed` gates come to where the data differ: warn (default), fail or ignore."},
    )
    baseline: str = field(
        default="auto",
        metadata={"help": "auto, record, git, a revision, a folder or `mlflow:EXPERIMENT`: the base."},
    )
    fail_on: tuple[str, ...] = field(default=(), metadata={"help": "Gates that fail the job when they hold."})
    warn_on: tuple[str, ...] = field(default=(), metadata={"help": "Gates that only warn."})
    comment: CommentWhen = field(
        default=CommentWhen.ALWAYS,
        metadata={
            "help": "When to comment: always (default), on-change, on-failure or never; "
            "a comment that is there is kept up to date."
        },
    )
    status: StatusWhen = field(
        default=StatusWhen.ALWAYS,
        metadata={"help": "Whether to mark the commit as passed or failed: always (default) or never."},
    )
    pictures: Pictures = field(
        default=Pictures.AUTO,
        metadata={
            "help": "How comments show curves: auto (default), host (as pictures that the forge keeps), "
            "mermaid (as charts in text) or none."
        },
    )
    metrics: tuple[Rule, ...] = field(
        default=(), metadata={"help": "Goal, tolerance, unit and so on of the metrics that a pattern means."}
    )
    waiver: tuple[Waiver, ...] = field(default=(), metadata={"help": "Known losses, accepted in the open until a day."})

    @property
    def minds_data(self) -> bool:
        """Whether it counts that the data differ between the sides."""
        return self.when_data_changes is not WhenDataChanges.IGNORE

    @property
    def gates(self) -> tuple[Gate, ...]:
        """Every gate, those that fail first."""
        failing = tuple(parse_gate(text, Outcome.FAIL, "fail-on") for text in self.fail_on)
        return failing + tuple(parse_gate(text, Outcome.WARN, "warn-on") for text in self.warn_on)


Word = TypeVar("Word", bound=StrEnum)

KEYS = tuple(item.name.replace("_", "-") for item in fields(Config))
"""Every key of the file, in the order of the documentation."""
OWN, SHARED = "mlbot.toml", "pyproject.toml"
_LISTS = ("sources", "optional", "params", "data", "fail-on", "warn-on")
_TEXTS = ("title", "name", "baseline")
_WORDS: dict[str, type[StrEnum]] = {
    "when-data-changes": WhenDataChanges,
    "comment": CommentWhen,
    "status": StatusWhen,
    "pictures": Pictures,
}
_RULE_KEYS = ("goal", "tolerance", "of", "unit", "headline")
_WAIVER_KEYS = ("gate", "reason", "until")


def read_config(root: Path, env: Mapping[str, str], options: Mapping[str, Any]) -> Config:
    """Lay options over variables over the file at `root`.

    Args:
        root: the top of the workspace.
        env: the environment; only ``MLBOT_*`` is looked at.
        options: by key of the file; None and empty tuples mean "not given".

    Raises:
        ConfigError: a file is not TOML, a key is not known, or a value is not of its kind.
    """
    where, found = _read_file(root)
    values = _parse_table(found, where)
    # Against the file's own gates: an option that replaces them makes no waiver wrong.
    _check_waivers(values, where)
    for key in (*_TEXTS, *_LISTS, *_WORDS):
        variable = "MLBOT_" + key.upper().replace("-", "_")
        if env.get(variable, "").strip():
            values[key] = _parse_value(key, env[variable], variable)
        if options.get(key) not in (None, ()):
            values[key] = _parse_value(key, options[key], f"--{key}")
    return Config(**{key.replace("-", "_"): value for key, value in values.items()})


def find_config(folder: Path) -> str:
    """Return the file of this folder that configures mlbot: such a folder is the top of what mlbot looks at.

    Empty when there is none. An mlbot.toml counts before a table in pyproject.toml.
    """
    if (folder / OWN).is_file():
        return OWN
    try:
        return SHARED if b"[tool.mlbot" in (folder / SHARED).read_bytes() else ""
    except OSError:
        return ""


def _read_file(root: Path) -> tuple[str, Mapping[str, Any]]:
    name = find_config(root)
    if name != SHARED:
        return OWN, _read_toml(root / OWN) if name else {}
    table = _read_toml(root / SHARED).get("tool", {})
    return f"{SHARED}, [tool.mlbot]", table.get("mlbot", {}) if isinstance(table, dict) else {}


def _read_toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(path.name, f"cannot be read as TOML ({error})", "Correct that line.") from error


def _parse_table(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    if isinstance(table, dict) and "tool" in table:
        raise ConfigError(where, "has a [tool] table", "In mlbot.toml write the keys at the top, without [tool.mlbot].")
    if not isinstance(table, dict):
        raise ConfigError(where, "is not a table", "Write it as [tool.mlbot] with keys under it.")
    refuse_unknown(table, KEYS, where)
    return {key: _parse_value(key, value, where) for key, value in table.items()}


def refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Stop at the first name that is not known, and say which one was probably meant.

    Raises:
        ConfigError: there is such a name.
    """
    known = tuple(known)
    for name in given:
        if name not in known:
            import difflib

            close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
            cure = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(known)}."
            raise ConfigError(where, f"{name!r} is not known", cure)


def _parse_value(key: str, value: object, where: str) -> object:
    if key in _LISTS:
        return _parse_list(key, value, where)
    if key == "metrics":
        return tuple(_parse_rule(name, table, where) for name, table in _expect_table(key, value, where).items())
    if key == "waiver":
        tables = value if isinstance(value, list) else [value]
        return tuple(_parse_waiver(table, where) for table in tables)
    if key in _WORDS:
        return _parse_word(value.strip() if isinstance(value, str) else value, _WORDS[key], key, where)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(where, f"{key} is {value!r}", f'Write it as text: {key} = "…".')
    return value.strip()


def _parse_list(key: str, value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [line for part in value.split("\n") for line in part.split(";")]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ConfigError(where, f"{key} is {value!r}", f'Write it as a list of texts: {key} = ["…"].')
    # Reports hold this invisible character in names, and somebody may copy one from there.
    texts = tuple(item.replace(JOINER, "").strip() for item in value if item.strip())
    if key in ("fail-on", "warn-on"):
        texts = tuple(clean(text, 300) for text in texts)
        for text in texts:
            parse_gate(text, Outcome.FAIL, where if where.endswith(key) else f"{where}, {key}")
    return texts


def _parse_rule(pattern: str, table: object, where: str) -> Rule:
    where = f'{where}, [metrics."{pattern}"]'
    table = _expect_table(pattern, table, where)
    refuse_unknown(table, _RULE_KEYS, where)
    headline = table.get("headline")
    if headline is not None and not isinstance(headline, bool):
        raise ConfigError(where, f"headline is {headline!r}", "Write true or false.")
    unit = table.get("unit")
    if unit is not None and not isinstance(unit, str):
        raise ConfigError(where, f"unit is {unit!r}", 'Write it as text: unit = "ms".')
    return Rule(
        pattern=pattern,
        goal=_parse_word(table.get("goal"), Goal, "goal", where),
        of=_parse_word(table.get("of"), Of, "of", where),
        tolerance=_parse_tolerance(table.get("tolerance"), where),
        unit=clean(unit, 20) if unit else unit,
        headline=headline,
    )


def _parse_word(value: object, words: type[Word], key: str, where: str) -> Word | None:
    if value is None:
        return None
    try:
        return words(str(value))
    except ValueError:
        raise ConfigError(where, f"{key} is {value!r}", f"Write one of: {', '.join(words)}.") from None


def _parse_tolerance(value: object, where: str) -> Tolerance | None:
    """Read a number, or a percentage of the base as text."""
    if value is None:
        return None
    text = value.strip() if isinstance(value, str) else value
    is_relative = isinstance(text, str) and text.endswith("%")
    try:
        amount = float(text[:-1] if isinstance(text, str) and is_relative else text)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        amount = -1.0
    if isinstance(value, bool) or not 0 <= amount < float("inf"):
        raise ConfigError(where, f"tolerance is {value!r}", 'Write a number such as 0.002, or a share such as "0.5%".')
    return Tolerance(amount=amount / 100 if is_relative else amount, is_relative=is_relative)


def _parse_waiver(table: object, where: str) -> Waiver:
    where = f"{where}, [[waiver]]"
    table = _expect_table("waiver", table, where)
    refuse_unknown(table, _WAIVER_KEYS, where)
    gate, reason, until = (table.get(key) for key in _WAIVER_KEYS)
    if not (isinstance(gate, str) and isinstance(reason, str) and reason.strip() and type(until) is date):
        lacking = "gate" if not isinstance(gate, str) else "until" if isinstance(reason, str) and reason else "reason"
        cure = 'Write gate = "the gate\'s text", reason = "why", until = 2026-12-31 (a day, without quotes).'
        raise ConfigError(where, f"needs a gate, a reason and a last day; its {lacking} is not right", cure)
    return Waiver(gate=gate.replace(JOINER, "").strip(), reason=clean(reason, 300), until=until)


def _expect_table(key: str, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(where, f"{key} is {value!r}", "Write it as a table.")
    return value


def _check_waivers(values: Mapping[str, Any], where: str) -> None:
    gates = (*values.get("fail-on", ()), *values.get("warn-on", ()))
    for waiver in values.get("waiver", ()):
        if not any(is_same_gate(waiver.gate, gate) for gate in gates):
            what = f"there is no gate {waiver.gate!r}"
            raise ConfigError(f"{where}, [[waiver]]", what, "Copy the gate it lifts from fail-on.")
