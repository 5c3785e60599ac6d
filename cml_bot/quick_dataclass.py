"""Frozen dataclasses that are quick to define.

Until Python 3.13 `dataclasses` writes and compiles six methods for each class, which for all nouns takes a sixth of a
short run. Here it is one, and the others are shared. Type checkers are shown the original (`model.py`).
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as plain
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import Field

Noun = TypeVar("Noun")


def dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type[Noun]], type[Noun]]:
    """Make a class what ``dataclasses.dataclass(frozen=True, slots=True, kw_only=True)`` makes of it.

    What is anything else, or has a ``__post_init__`` or a ``default_factory``, is left to that.
    """

    def make(cls: type[Noun]) -> type[Noun]:
        is_odd = any(getattr(one, "default_factory", MISSING) is not MISSING for one in vars(cls).values())
        if is_odd or hasattr(cls, "__post_init__") or not (frozen and slots and kw_only):
            return plain(frozen=frozen, slots=slots, kw_only=kw_only)(cls)
        made: Any = plain(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
        rows = fields(made)
        made.__init__ = _init_of(rows)
        made.__init__.__qualname__ = f"{cls.__qualname__}.__init__"
        _compare_by(made, [row.name for row in rows if row.compare])
        if "__repr__" not in cls.__dict__:
            _show_by(made, [row.name for row in rows if row.repr])
        made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
        made.__reduce__ = _reduce
        return made  # type: ignore[no-any-return]

    return make


def _init_of(rows: Sequence[Field[Any]]) -> Callable[..., None]:
    """Write the one method that has to be: names of fields are identifiers, and nothing else goes into it."""
    known: dict[str, object] = {"put": object.__setattr__}
    names, lines = [], []
    for row in rows:
        known[f"default_{row.name}"] = row.default
        names.append(row.name if row.default is MISSING else f"{row.name}=default_{row.name}")
        lines.append(f" put(self, {row.name!r}, {row.name})")
    exec(f"def __init__(self, *, {', '.join(names)}):\n" + "\n".join(lines), known)  # noqa: S102
    return known["__init__"]  # type: ignore[return-value]


def _compare_by(cls: Any, names: Sequence[str]) -> None:
    values = attrgetter(*names)

    def is_equal(self: object, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    def hash_of(self: object) -> int:
        return hash(values(self))

    cls.__eq__, cls.__hash__ = is_equal, hash_of


def _show_by(cls: Any, names: Sequence[str]) -> None:
    @recursive_repr()
    def show(self: object) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    cls.__repr__ = show


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> tuple[object, ...]:
    """Copy and pickle by the fields."""
    return _build, (self.__class__, {row.name: getattr(self, row.name) for row in fields(self)})


def _build(cls: type[Noun], values: dict[str, object]) -> Noun:
    return cls(**values)
