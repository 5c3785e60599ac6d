"""lm-evaluation-harness: its results by task, with the standard errors, directions and counts that it gives.

Source: https://github.com/EleutherAI/lm-evaluation-harness/blob/main/lm_eval/loggers/evaluation_tracker.py
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cml_bot.filters import plural
from cml_bot.model import Fact, Goal, Metric, Note, Role
from cml_bot.readers._evals import as_count, as_error, as_text, observe_params
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._numbers import as_double
from cml_bot.readers._parts import as_mapping
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.model import Observation, Param

BY_TASK = ("results", "versions", "task_hashes", "n-shot", "n-samples", "higher_is_better")
"""Keys of the document that hold a part for each task."""
_STDERR = "_stderr"
_COUNTS = frozenset(("sample_len", "sample_count", "samples"))
_SETTINGS = (
    *("model", "model_args", "model_revision", "model_sha", "model_dtype", "model_num_parameters", "peft_revision"),
    *("batch_size", "limit", "gen_kwargs", "num_fewshot", "random_seed", "numpy_seed", "torch_seed", "fewshot_seed"),
)
"""Of what the key `config` holds."""
_ABOVE = ("system_instruction_sha", "chat_template_sha", "fewshot_as_multiturn", "lm_eval_version")
"""Settings at the top of the document."""
_CURE = "Look in the log of lm_eval."


def observe(document: object, where: str) -> Iterator[Observation]:
    """Yield the metrics of every task and group once, its settings, and what makes it another evaluation."""
    del where
    whole = as_mapping(document)
    yield from observe_tasks(whole)
    yield from observe_time([whole])
    yield from observe_settings(whole)


def tasks_of(whole: Mapping[str, object]) -> Mapping[str, object]:
    """Return the results by task; groups stand among them too, but for a few versions."""
    tasks = {**as_mapping(whole.get("results"))}
    return tasks | {name: group for name, group in as_mapping(whole.get("groups")).items() if name not in tasks}


def observe_tasks(whole: Mapping[str, object]) -> Iterator[Observation]:
    """Yield the metrics of every task, and what has to be alike to compare them."""
    tasks = tasks_of(whole)
    rows = list(islice(_rows(whole, tasks), MOST_METRICS + 1))
    yield from rows[:MOST_METRICS]
    if len(rows) > MOST_METRICS:
        most = plural(MOST_METRICS, "metric")
        yield Note(text=f"has more than {most}; the others were left out. Write groups of tasks to files of their own.")
    if not rows:
        yield Note(text=f"holds no number of any task. {_CURE}")
    empty = [tidy(task) for task, found in tasks.items() if not as_mapping(found)]
    if empty:
        yield Note(text=f"tasks without results: {some(empty)}. {_CURE}")
    yield from _facts(whole)


def observe_time(runs: Sequence[Mapping[str, object]]) -> Iterator[Metric]:
    """Yield how long some runs took together."""
    found = [as_double(whole.get("total_evaluation_time_seconds")) for whole in runs]
    seconds = [one for one in found if one is not None]
    if seconds:
        yield Metric(name="evaluation_time", values=(sum(seconds),), unit="s", role=Role.BOOKKEEPING)


def _rows(whole: Mapping[str, object], tasks: Mapping[str, object]) -> Iterator[Metric]:
    names = Names()
    for task, found in tasks.items():
        scores = as_mapping(found)
        for key, value in scores.items():
            metric, comma, chosen = key.partition(",")
            number = None if isinstance(value, str) and not value.strip() else as_double(value)
            if number is None or metric in _COUNTS or _is_error_of(metric, comma + chosen, scores):
                continue
            yield Metric(
                name=names.take(f"{task}/{metric if chosen in ('', 'none') else key}"),
                values=(number,),
                stderr=as_error(scores.get(f"{metric}{_STDERR}{comma}{chosen}")),
                n_items=_count(whole, task, key, scores),
                goal=_goal(whole, task, metric),
            )


def _is_error_of(metric: str, ending: str, scores: Mapping[str, object]) -> bool:
    return metric.endswith(_STDERR) and f"{metric.removesuffix(_STDERR)}{ending}" in scores


def _count(whole: Mapping[str, object], task: str, key: str, scores: Mapping[str, object]) -> int | None:
    """Tell on how many documents a number was measured; a group says it for each of its metrics."""
    counts = as_mapping(as_mapping(whole.get("n-samples")).get(task))
    found = as_mapping(scores.get("sample_count")).get(key, counts.get("effective"))
    return as_count(found) or as_count(scores.get("sample_len"))


def _goal(whole: Mapping[str, object], task: str, metric: str) -> Goal | None:
    is_higher = as_mapping(as_mapping(whole.get("higher_is_better")).get(task)).get(metric)
    return (Goal.HIGHER if is_higher else Goal.LOWER) if isinstance(is_higher, bool) else None


def _facts(whole: Mapping[str, object]) -> Iterator[Fact]:
    """Yield what has to be alike: the version of a task, and the hash of its documents, prompts and answers."""
    for key, what in (("versions", "task version"), ("task_hashes", "samples")):
        for task, value in islice(as_mapping(whole.get(key)).items(), MOST_METRICS):
            number = as_double(value)
            # The version of a group is a text, that of a task a number: "1.0" and 1 are the same.
            text = f"{number:g}" if key == "versions" and number is not None else as_text(value)
            if text and text not in ("N/A", "Yaml"):
                detail = f"version {text[:60]}" if key == "versions" else ""
                yield Fact(name=tidy(f"{task} {what}"), value=f"recorded:{text[:200]}", detail=detail, of=f"{task}/")


def observe_settings(whole: Mapping[str, object], prefix: str = "") -> Iterator[Param | Note]:
    """Yield what a model and its tasks were evaluated with."""
    config = as_mapping(whole.get("config"))
    settings = {key: config[key] for key in _SETTINGS if key in config}
    if isinstance(settings.get("model_args"), str):
        settings["model_args"] = _parse_args(as_text(settings["model_args"]))
    shots = as_mapping(whole.get("n-shot"))
    above = {key: whole[key] for key in _ABOVE if key in whole}
    yield from observe_params({**settings, **above, "n-shot": shots}, prefix)


def _parse_args(text: str) -> Mapping[str, object]:
    """Cut what the command line was given: ``pretrained=gpt2,dtype=float32``.

    Example:
        >>> _parse_args("pretrained=gpt2,dtype=float32"), _parse_args("gpt2")
        ({'pretrained': 'gpt2', 'dtype': 'float32'}, {'': 'gpt2'})
    """
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(equals for _, equals, _ in pairs):
        return {"": text}
    return {name.strip(): value for name, _, value in pairs}
