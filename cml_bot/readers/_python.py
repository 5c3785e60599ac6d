"""Settings written as Python: literals that are given to names, classes as keys in keys. Parsed, never run.

Source: https://dvc.org/doc/command-reference/params#examples-python-parameters-file
"""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from cml_bot.errors import InputError
from cml_bot.readers._document import too_deep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LARGEST = 512 * 1024
"""Characters of a module: its syntax tree takes a hundred times as much memory."""
_DEEPEST = 32
"""Levels of classes, dictionaries and lists."""


class _NoLiteralError(Exception):
    """What stands there has to be run to be known."""


def parse_python(text: str, where: str, number: Callable[[str], object] | None = None) -> dict[str, object]:
    r"""Return what a module gives to names, as far as it can be known without running it.

    Of a class that is what its body gives, and what its ``__init__`` gives to ``self``. A tuple or set is a list.

    Args:
        text: the module.
        where: the file's name.
        number: what to make of a number as written; Python's own choice when None.

    Raises:
        InputError: it is not Python, or too large.

    Example:
        >>> parse_python("lr = 1e-4\nclass Model:\n    depth: int = 3\nrun = train(lr)", "params.py")
        {'lr': 0.0001, 'Model': {'depth': 3}}
    """
    if len(text) > LARGEST:
        raise InputError(where, f"is larger than {LARGEST >> 10} kB", "Keep settings in a file of their own.")
    try:
        with warnings.catch_warnings():
            # An odd escape in somebody's text is not ours to warn of.
            warnings.simplefilter("ignore")
            module = ast.parse(text)
    except SyntaxError as error:
        place = f"{where}, line {error.lineno}" if error.lineno else where
        raise InputError(place, f"not Python ({error.msg})", "Look what Python itself says of it.") from error
    except (RecursionError, MemoryError) as error:
        raise too_deep(where) from error
    except ValueError as error:
        raise InputError(where, f"not Python ({error})", "Look what Python itself says of it.") from error
    return _Module(text, number).names_of(module.body)


class _Module:
    """A parsed module with its text, for numbers as they are written."""

    def __init__(self, text: str, number: Callable[[str], object] | None) -> None:
        self._number = number
        # As Python counts lines, and columns in bytes.
        self._lines = text.encode().split(b"\n") if number else []

    def names_of(self, body: Iterable[ast.stmt], depth: int = 0, *, of_self: bool = False) -> dict[str, object]:
        """Return what statements give to names, or to attributes of self."""
        found: dict[str, object] = {}
        for one in body:
            if isinstance(one, ast.ClassDef) and depth < _DEEPEST:
                found[one.name] = self.names_of(one.body, depth + 1)
            elif isinstance(one, ast.FunctionDef) and one.name == "__init__":
                found |= self.names_of(one.body, depth, of_self=True)
            else:
                found |= self._assigned(one, of_self=of_self)
        return found

    def _assigned(self, one: ast.stmt, *, of_self: bool) -> dict[str, object]:
        name = next(_names(one, of_self=of_self), None)
        value = one.value if isinstance(one, ast.Assign | ast.AnnAssign) else None
        try:
            return {} if name is None or value is None else {name: self._value(value)}
        except _NoLiteralError:
            return {}

    def _value(self, node: ast.expr, depth: int = 0) -> object:
        if depth > _DEEPEST:
            raise _NoLiteralError
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._as_written(node, value)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)):
                return self._as_written(node, -value if isinstance(sign, ast.USub) else value)
            case ast.Constant(value=str() | bool() | None as value):
                return value
            case ast.Constant(value=bytes() as value):
                return repr(value)
            case ast.List(elts=items) | ast.Tuple(elts=items) | ast.Set(elts=items):
                return [self._value(item, depth + 1) for item in items]
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return {_key(key): self._value(value, depth + 1) for key, value in pairs}
        raise _NoLiteralError

    def _as_written(self, node: ast.expr, value: float) -> object:
        if self._number is None:
            return value
        # Over several lines stands at most a sign.
        line = self._lines[node.lineno - 1] if node.lineno == node.end_lineno else b""
        text = line[node.col_offset : node.end_col_offset].decode("utf-8", "replace")
        return self._number(text or repr(value))


def _names(one: ast.stmt, *, of_self: bool) -> Iterator[str]:
    """Yield the one name or attribute that a statement gives a value to."""
    targets = one.targets if isinstance(one, ast.Assign) else [one.target] if isinstance(one, ast.AnnAssign) else []
    if len(targets) == 1:
        match targets[0]:
            case ast.Name(id=name) if not of_self:
                yield name
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                yield name


def _key(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    raise _NoLiteralError
