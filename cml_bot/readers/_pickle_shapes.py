"""The tensors that a pickle describes, found by following its opcodes: nothing is imported, built or called.

Source: https://docs.python.org/3/library/pickletools.html and
https://github.com/pytorch/pytorch/blob/main/torch/_utils.py (``_rebuild_tensor_v2`` and its like)
"""

from __future__ import annotations

import pickletools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cml_bot.readers._weights import Tensor, as_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_OPCODES = 20_000_000
_MARK = object()
_OTHER = object()
"""Stands for every value that says nothing of tensors."""
_STATES = ("model_state_dict", "state_dict", "model", "module", "net")
"""Keys under which checkpoints keep the model, beside what the optimizer remembers."""
_TYPES = {
    "Float": "F32",
    "Double": "F64",
    "Half": "F16",
    "BFloat16": "BF16",
    "Long": "I64",
    "Int": "I32",
    "Short": "I16",
    "Char": "I8",
    "Byte": "U8",
    "Bool": "BOOL",
}


class PickleError(ValueError):
    """What is read is no pickle, or one of a kind that models have no need of."""


@dataclass(slots=True, eq=False)
class _Call:
    """Something that unpickling would have built: its parts, and what would have been put into it."""

    what: str
    parts: object = None
    items: list[object] = field(default_factory=list)


def find_tensors(data: bytes) -> list[Tensor]:
    """Return the tensors of a pickled model; of a checkpoint those of the model alone.

    Raises:
        PickleError: it is no pickle, or cut.
    """
    stack: list[object] = []
    memo: dict[int, object] = {}
    try:
        for count, (opcode, arg, _) in enumerate(pickletools.genops(data)):
            if count > _MOST_OPCODES:
                raise PickleError("it has too many parts")
            if opcode.name == "STOP":
                return list(_tensors(_model_in(stack[-1])))
            _step(opcode.name, arg, stack, memo)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError) as error:
        raise PickleError(str(error) or "it is cut") from error
    raise PickleError("it is cut")


def _step(name: str, arg: object, stack: list[object], memo: dict[int, object]) -> None:
    """Follow one opcode."""
    if name in _SIMPLE:
        _SIMPLE[name](stack)
    elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
        memo[_index(arg)] = stack[-1]
    elif name == "MEMOIZE":
        memo[len(memo)] = stack[-1]
    elif name in ("BINGET", "LONG_BINGET", "GET"):
        stack.append(memo[_index(arg)])
    elif name == "GLOBAL":
        stack.append(_Call(str(arg).replace(" ", ".", 1)))
    elif name in ("PROTO", "FRAME"):
        return
    elif name.startswith(("BININT", "LONG", "INT")) or "UNICODE" in name:
        stack.append(arg)
    elif "STRING" in name or "FLOAT" in name or "BYTES" in name or name == "BYTEARRAY8":
        stack.append(_OTHER)
    else:
        raise PickleError(f"it holds what no model needs ({name.lower()})")


def _index(arg: object) -> int:
    return int(arg)  # type: ignore[call-overload, no-any-return]


def _take(stack: list[object]) -> list[object]:
    """Take what was put on the stack since the last mark."""
    for place in range(len(stack) - 1, -1, -1):
        if stack[place] is _MARK:
            taken = stack[place + 1 :]
            del stack[place:]
            return taken
    raise PickleError("it is cut")


def _drop(stack: list[object]) -> None:
    _take(stack)


def _tuple(size: int) -> Callable[[list[object]], None]:
    def collect(stack: list[object]) -> None:
        taken = tuple(stack[-size:])
        del stack[-size:]
        stack.append(taken)

    return collect


def _fill(stack: list[object]) -> None:
    """Put what was marked into what lies below it."""
    taken = _take(stack)
    _items_of(stack[-1]).extend(taken)


def _fill_one(count: int) -> Callable[[list[object]], None]:
    def fill(stack: list[object]) -> None:
        taken = stack[-count:]
        del stack[-count:]
        _items_of(stack[-1]).extend(taken)

    return fill


def _items_of(node: object) -> list[object]:
    if not isinstance(node, _Call):
        raise PickleError("it fills what cannot be filled")
    return node.items


def _reduce(stack: list[object]) -> None:
    parts, what = stack.pop(), stack.pop()
    stack.append(_Call(what.what if isinstance(what, _Call) else "", parts))


def _build(stack: list[object]) -> None:
    state = stack.pop()
    if isinstance(stack[-1], _Call):
        stack[-1].items.append(state)


def _global(stack: list[object]) -> None:
    name, module = stack.pop(), stack.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise PickleError("it names what cannot be named")
    stack.append(_Call(f"{module}.{name}"))


def _new(kind: str) -> Callable[[list[object]], None]:
    return lambda stack: stack.append(_Call(kind))


_SIMPLE: dict[str, Callable[[list[object]], None]] = {
    "MARK": lambda stack: stack.append(_MARK),
    "POP": lambda stack: stack.__delitem__(-1),
    "POP_MARK": _drop,
    "DUP": lambda stack: stack.append(stack[-1]),
    "EMPTY_DICT": _new("dict"),
    "EMPTY_LIST": _new("list"),
    "EMPTY_SET": _new("set"),
    "EMPTY_TUPLE": lambda stack: stack.append(()),
    "TUPLE": lambda stack: stack.append(tuple(_take(stack))),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "DICT": lambda stack: stack.append(_Call("dict", None, _take(stack))),
    "LIST": lambda stack: stack.append(_Call("list", None, _take(stack))),
    "FROZENSET": lambda stack: stack.append(tuple(_take(stack))),
    "SETITEM": _fill_one(2),
    "SETITEMS": _fill,
    "APPEND": _fill_one(1),
    "APPENDS": _fill,
    "ADDITEMS": _fill,
    "REDUCE": _reduce,
    "NEWOBJ": _reduce,
    "BUILD": _build,
    "STACK_GLOBAL": _global,
    "BINPERSID": lambda stack: stack.append(_Call("storage", stack.pop())),
    "NONE": lambda stack: stack.append(None),
    "NEWTRUE": lambda stack: stack.append(True),
    "NEWFALSE": lambda stack: stack.append(False),
}


def _model_in(root: object) -> object:
    """Return the part of a checkpoint that is the model; all of it where there is no such part."""
    items = root.items if isinstance(root, _Call) else []
    named = dict(zip(filter(_is_text, items[::2]), items[1::2], strict=False)) if _are_pairs(items) else {}
    for key in _STATES:
        if key in named and any(True for _ in _tensors(named[key])):
            return named[key]
    return root


def _are_pairs(items: list[object]) -> bool:
    return len(items) % 2 == 0 and all(map(_is_text, items[::2]))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _tensors(root: object) -> Iterator[Tensor]:
    """Yield each tensor once, also one that two layers share."""
    seen: set[int] = set()
    told: set[object] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, tuple | list):
            waiting.extend(reversed(node))
        elif isinstance(node, _Call):
            found = _as_tensor(node)
            if found is None:
                waiting.extend((*node.items, node.parts))
            elif found[0] not in told:
                told.add(found[0])
                yield found[1]


def _as_tensor(call: _Call) -> tuple[object, Tensor] | None:
    """Return what identifies a tensor, and its description; None where it is something else."""
    if not call.what.startswith("torch._utils._rebuild") or not isinstance(call.parts, tuple):
        return None
    storage = next((part for part in call.parts[:1] if isinstance(part, _Call) and part.what == "storage"), None)
    shape = as_shape(call.parts[2]) if storage is not None and len(call.parts) > 2 else None
    if storage is None or shape is None or not isinstance(storage.parts, tuple) or len(storage.parts) < 3:
        return None
    key, offset = storage.parts[2], call.parts[1]
    # Anything else may be a tree whose text has no end.
    if not isinstance(key, str | int) or not isinstance(offset, int):
        return None
    kind = storage.parts[1].what if isinstance(storage.parts[1], _Call) else ""
    name = kind.rpartition(".")[2].removesuffix("Storage")
    return (key, offset, shape), Tensor(_TYPES.get(name, name or "unknown"), shape)
