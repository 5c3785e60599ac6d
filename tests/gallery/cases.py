"""Every kind of report there is, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from cml_bot.model import Report
from tests.gallery import cases_curves, cases_odd, cases_tools, cases_verdict

ALSO: Mapping[str, tuple[str, ...]] = {
    "one_worse": ("bitbucket", "mail", "short"),
    "two_hundred": ("short",),
    "hostile": ("bitbucket", "mail", "short"),
    "classification": ("bitbucket",),
    "train_and_val": ("bitbucket", "mail"),
    "own_pictures": ("bitbucket",),
    "seeds_against_seeds": ("mail",),
    "broken_files": ("bitbucket",),
}
"""Places that only some cases are looked at in: they differ too little elsewhere."""


def _cases_of(module: ModuleType) -> dict[str, Callable[[], Report]]:
    return {
        name: made
        for name, made in vars(module).items()
        if callable(made) and not name.startswith("_") and getattr(made, "__module__", "") == module.__name__
    }


CASES: Mapping[str, Callable[[], Report]] = {
    name: made
    for module in (cases_verdict, cases_curves, cases_tools, cases_odd)
    for name, made in _cases_of(module).items()
}
