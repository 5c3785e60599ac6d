"""Who may import whom. Data flows one way, and heavy libraries have one home each."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cml_bot"
EDGE = {"errors", "model"}
TEXT = {"filters", "escape"}

ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "model": set(),
    "filters": EDGE,
    "escape": EDGE,
    "goals": EDGE,
    "git_process": EDGE,
    "git": EDGE | {"git_process"},
    "git_fetch": EDGE | {"git", "git_process"},
    "globs": EDGE,
    "trees": EDGE | {"globs"},
    "commit_tree": EDGE | {"git", "git_fetch", "globs", "trees"},
    "draw": EDGE | TEXT | {"draw_axes"},
    "draw_axes": set(),
    "as_json": EDGE,
    "judge": EDGE | TEXT,
    "config": EDGE | {"judge"},
    "compare": EDGE | {"goals", "stats"},
    "readers": EDGE,
    "readers/*": EDGE,
    "discover": EDGE | {"config", "trees", "readers"},
    "collect": EDGE | {"config", "trees", "readers", "discover"},
    "baselines": EDGE | {"trees"},
    "baselines/*": EDGE | {"git", "git_fetch", "trees", "commit_tree", "as_json"},
    "forges": EDGE,
    "forges/*": EDGE,
    "wording": EDGE | TEXT,
    "render": EDGE | TEXT | {"wording", "draw"},
    "terminal": EDGE | TEXT | {"wording"},
    "report_folder": EDGE | {"render", "as_json"},
    "publish": EDGE | {"forges"},
    "pipeline": EDGE | {"baselines", "collect", "compare", "config", "git", "judge", "trees", "commit_tree"},
    "workspace": EDGE | {"config", "forges", "git", "pipeline"},
    "deliver": EDGE | {"as_json", "forges", "publish", "render", "report_folder", "terminal"},
    "doctor": EDGE | TEXT | {"collect", "readers", "config", "deliver", "git", "pipeline", "trees"},
    "demo": EDGE,
    "demo_train": set(),
    "__main__": {"cli"},
}
"""What a module may import of mlbot. `cli` may import everything, and nobody imports it but `__main__`."""

HOMES = {
    "github": {"forges/github_review", "forges/github_errors"},
    "requests": {"forges/github_errors", "forges/github_review"},
    "urllib3": {"forges/github_review", "forges/github_errors"},
    "matplotlib": {"draw_axes", "demo_train"},
    "jinja2": {"render"},
    "yaml": {"readers/yaml_file", "readers/params_file", "readers/dvc_file", "readers/_yaml", "demo_train"},
    "rich": {"terminal"},
    "click": {"cli"},
    "sklearn": {"demo_train", "demo"},
    "numpy": {"draw_axes", "demo_train"},
    "PIL": {"draw_axes"},
}
"""The modules that may import a library."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports_of(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_within_mlbot(path: Path) -> None:
    name = name_of(path)
    if name == "cli":
        return
    folder = name.partition("/")[0]
    allowed = ALLOWED[name if name in ALLOWED else f"{folder}/*"]
    for target in imports_of(path):
        if not target.startswith("cml_bot."):
            continue
        first, _, rest = target.removeprefix("cml_bot.").partition(".")
        is_sibling = first == folder and "/" in name and rest
        assert is_sibling or first in allowed, f"{name} imports {target}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_have_their_home(path: Path) -> None:
    name = name_of(path)
    for target in imports_of(path):
        library = target.partition(".")[0]
        if library in sys.stdlib_module_names or library in ("cml_bot", "_typeshed"):
            continue
        assert name in HOMES.get(library, set()), f"{name} imports {library}"
