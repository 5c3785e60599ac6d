"""Our dataclasses are those of Python, in all that anybody can see of them."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from cml_bot import quick_dataclass
from cml_bot.model import Key, Metric, Side


def make(dataclass: Any) -> Any:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Noun:
        """A noun."""

        name: str
        data: bytes = dataclasses.field(repr=False, default=b"x")
        values: tuple[float, ...] = ()

        @property
        def size(self) -> int:
            return len(self.values)

    return Noun


@pytest.fixture(params=[dataclasses.dataclass, quick_dataclass.dataclass], ids=["plain", "quick"])
def noun(request: pytest.FixtureRequest) -> Any:
    return make(request.param)


def test_what_a_dataclass_does(noun: Any) -> None:
    one = noun(name="a", values=(1.0,))
    assert (one.name, one.data, one.size) == ("a", b"x", 1)
    assert repr(one) == "make.<locals>.Noun(name='a', values=(1.0,))"
    assert one == noun(name="a", values=(1.0,))
    assert one != noun(name="a")
    assert one != ("a", b"x", (1.0,))
    assert len({one, noun(name="a", values=(1.0,)), noun(name="b")}) == 2
    assert dataclasses.replace(one, name="b") == noun(name="b", values=(1.0,))
    assert [field.name for field in dataclasses.fields(one)] == ["name", "data", "values"]
    assert dataclasses.asdict(one) == {"name": "a", "data": b"x", "values": (1.0,)}
    assert copy.copy(one) == copy.deepcopy(one) == one
    assert not hasattr(one, "__dict__")


def test_what_it_refuses(noun: Any) -> None:
    one = noun(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name
    for wrong in ({}, {"name": "a", "more": 1}):
        with pytest.raises(TypeError):
            noun(**wrong)
    with pytest.raises(TypeError):
        noun("a")
    with pytest.raises(TypeError):
        hash(noun(name=["a"]))


def test_what_it_leaves_to_python() -> None:
    @quick_dataclass.dataclass(frozen=True, slots=True, kw_only=True)
    class Odd:
        rows: list[int] = dataclasses.field(default_factory=list)

    assert (Odd().rows, Odd() == Odd()) == ([], True)


def test_the_nouns_are_pickled() -> None:
    for one in (Metric(name="acc", values=(1.0,)), Side(sha="", source="here"), Key("a", "b")):
        assert pickle.loads(pickle.dumps(one)) == one
