"""Reports of tests in the form of JUnit, as pytest and others write them: how many passed, and the numbers they noted.

Sources: https://docs.pytest.org/en/stable/how-to/output.html#creating-junitxml-format-files and
https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from cml_bot.errors import InputError
from cml_bot.filters import PASSED, format_number, plural
from cml_bot.model import Goal, Metric, Note, Param, Role
from cml_bot.readers._checks import count
from cml_bot.readers._names import Names, some, tidy
from cml_bot.readers._numbers import as_number
from cml_bot.readers._text import unreadable
from cml_bot.readers._tree import MOST_METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cml_bot.model import Observation

_CHUNK = 64 * 1024
_ROOTS = frozenset({"testsuites", "testsuite"})
_MOST_TESTS = 1_000_000
_FAILED = frozenset({"failure", "error"})
_DEEPEST = 100


@dataclass(slots=True, kw_only=True)
class _Test:
    """A test that noted something or failed."""

    place: str
    name: str
    outcome: str = "passed"
    properties: dict[str, str] = field(default_factory=dict)


class _Report:
    """Collects the elements of a report as they come."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.named: Counter[str] = Counter()
        """How often each name of a test was met."""
        self.noted: list[_Test] = []
        self.n_left = 0
        """Tests that noted something when there was enough of it."""
        self.n_lost = 0
        """What was noted of all tests when there was enough of it."""
        self._n_noted = 0
        self.failed: list[str] = []
        self.properties: dict[str, str] = {}
        """What was noted of all tests."""
        self.is_whole = False
        self._open: list[str] = []
        self._test: _Test | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take the beginning of an element."""
        if not self._open and tag not in _ROOTS:
            raise _NO_REPORT
        self._open.append(tag)
        if len(self._open) > _DEEPEST:
            raise _RefusedError(f"is nested more than {_DEEPEST} elements deep", "Look what wrote it.")
        if self.counts.total() > _MOST_TESTS:
            what = f"holds more than {format_number(_MOST_TESTS)} tests"
            raise _RefusedError(what, "Write several smaller reports.")
        if tag == "testcase":
            self._test = _Test(place=attributes.get("classname", ""), name=attributes.get("name", ""))
        elif tag == "property":
            self._take_property(attributes)
        elif tag in _FAILED and self._test:
            self._test.outcome = "failed"
        elif tag == "skipped" and self._test:
            self._test.outcome = "skipped"

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        self._open.pop()
        self.is_whole = not self._open
        if tag != "testcase" or self._test is None:
            return
        test, self._test = self._test, None
        self.counts[test.outcome] += 1
        self.named[test.name] += 1
        if test.outcome == "failed":
            self.failed.append(test.name)
        if test.properties and self._has_room(1 + len(test.properties)):
            self.noted.append(test)
            self._n_noted += 1 + len(test.properties)
        elif test.properties:
            self.n_left += 1

    def _take_property(self, attributes: Mapping[str, str]) -> None:
        name, value = attributes.get("name"), attributes.get("value", "")
        if name is None:
            return
        if self._test:
            # One more than there is room for is enough to leave the test out.
            if len(self._test.properties) < MOST_METRICS:
                self._test.properties[name] = value
        elif name in self.properties:
            self.properties[name] = value
        elif self._has_room(1):
            self.properties[name] = value
            self._n_noted += 1
        else:
            self.n_lost += 1

    def _has_room(self, count: int) -> bool:
        return self._n_noted + count <= MOST_METRICS


class _RefusedError(Exception):
    """What is read is no report, or one that is not read to its end; its parts say what and what to do."""


_NO_REPORT = _RefusedError("is XML, but no report of tests", "Take it out of the sources.")


def read(path: Path, x: str | None = None) -> Iterator[Observation]:  # noqa: ARG001 - tests have no columns
    """Yield how many tests passed, failed and were skipped, and the numbers that tests noted as properties.

    Raises:
        InputError: it is no report of tests.
    """
    report = _Report()
    try:
        with path.open("rb") as file:
            reason = _parse(file.read, report)
    except OSError as error:
        raise unreadable(path.name, error) from error
    except _RefusedError as error:
        raise InputError(path.name, *error.args) from error
    if reason and not report.counts:
        raise InputError(path.name, f"not a report of tests ({reason})", "Look whether the tests were stopped.")
    yield from _counts(report)
    yield from _noted(report)
    if reason:
        yield Note(text=f"ends in the middle ({reason}): later tests are not counted. Look whether they were stopped.")


def _parse(read_some: Callable[[int], bytes], report: _Report) -> str:
    """Feed a report to the parser; give the reason where it is not whole."""
    parser = expat.ParserCreate()
    parser.StartElementHandler = report.start
    parser.EndElementHandler = report.end
    # No report has one, and entities are declared in it alone: ``<!ENTITY a "&b;&b;">`` ad infinitum.
    parser.StartDoctypeDeclHandler = _refuse
    try:
        while chunk := read_some(_CHUNK):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        return expat.ErrorString(error.code).lower()
    except (ValueError, LookupError) as error:
        # Python gives the parser no encodings of more than one byte a character, and knows not every name.
        raise _RefusedError("is in an encoding that is not read", "Write it as UTF-8.") from error
    return ""


def _refuse(*_: object) -> None:
    raise _NO_REPORT


def _counts(report: _Report) -> Iterator[Observation]:
    passed, failed, skipped = (report.counts[outcome] for outcome in ("passed", "failed", "skipped"))
    yield count("tests passed", passed, Goal.HIGHER)
    # What fails on both sides is no change, and has to be seen all the same.
    yield count("tests failed", failed, Goal.LOWER, role=Role.HEADLINE if failed else Role.QUALITY)
    yield count("tests skipped", skipped)
    if report.failed:
        yield Note(text=f"{plural(failed, 'test')} failed: {some(report.failed)}. Look into the log of the job.")


def _noted(report: _Report) -> Iterator[Observation]:
    """Yield what tests noted, under the test's name; the class stands before it where two tests share a name."""
    names, n_texts = Names(), 0
    for test in report.noted:
        name = f"{test.place}.{test.name}" if report.named[test.name] > 1 and test.place else test.name
        if test.outcome != "skipped":
            value = int(test.outcome == "passed")
            yield Metric(name=names.take(name), values=(value,), unit=PASSED, goal=Goal.HIGHER, is_exact=True)
        for what, text in test.properties.items():
            number = as_number(text)
            if number is None:
                n_texts += 1
            else:
                yield Metric(name=names.take(f"{name}/{what}"), values=(number,))
    for what, text in report.properties.items():
        number = as_number(text)
        if number is None:
            yield Param(name=tidy(what), value=text)
        else:
            yield Metric(name=names.take(what), values=(number,))
    if report.n_lost:
        yield Note(text=f"{plural(report.n_lost, 'property', 'properties')} of all tests left out. Note fewer.")
    if report.n_left:
        yield Note(text=f"numbers of {plural(report.n_left, 'more test')} left out. Note fewer of them.")
    if n_texts:
        yield Note(
            text=f"{plural(n_texts, 'property', 'properties')} of tests no numbers; left out. Note plain numbers."
        )
