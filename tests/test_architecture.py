"""Who may import whom. Data flows one way, and heavy libraries have one home each."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cml_bot"
EDGE = {"errors", "model"}
EVERYBODY = EDGE
"""What any module above them may import, whether it does at present or not."""
TEXT = {"filters", "escape"}
WORDING = {"wording", "wording_counts", "wording_noise", "wording_rows"}

ALLOWED: dict[str, set[str]] = {
    "__init__": set(),
    "errors": set(),
    "model": {"quick_dataclass"},
    "quick_dataclass": set(),
    "tokens": set(),
    "review": EDGE | {"quick_dataclass"},
    "filters": EDGE | {"units"},
    "units": set(),
    "escape": EDGE,
    "goals": EDGE,
    "git_process": EDGE | {"tokens"},
    "git": EDGE | {"git_process"},
    "git_fetch": EDGE | {"git", "git_process"},
    "git_write": EDGE | {"git_fetch", "git_process"},
    "progress": set(),
    "job": EDGE | {"progress"},
    "records": set(),
    "records/*": EDGE
    | {
        "as_json",
        "charts",
        "config",
        "escape",
        "filters",
        "git",
        "git_fetch",
        "git_process",
        "git_write",
        "job",
        "readers",
    },
    "globs": EDGE | {"filters", "own_folder"},
    "steps": set(),
    "stats": set(),
    "stats/*": set(),
    "trees": EDGE | {"globs"},
    "held_file": set(),
    "dvc_cache": set(),
    "commit_tree": EDGE | {"dvc_cache", "git", "git_fetch", "globs", "held_file", "trees"},
    "draw": EDGE
    | TEXT
    | {"bands", "charts", "curve_ends", "curve_groups", "curve_rules", "draw_axes", "draw_png", "draw_sheet", "steps"},
    "draw_sheet": {"bins", "draw_png", "filters"},
    "draw_axes": {"curve_rules", "draw_canvas", "draw_lines", "draw_scales", "draw_sheet"},
    "bins": EDGE,
    "charts": EDGE | {"bins"},
    "known_curves": EDGE | {"charts"},
    "draw_png": set(),
    "draw_canvas": {"draw_png", "draw_sheet"},
    "draw_lines": {"curve_rules", "draw_sheet"},
    "draw_scales": {"bins", "curve_rules", "draw_sheet", "filters"},
    "bands": EDGE | {"charts", "filters", "stats"},
    "dark": EDGE,
    "curve_ends": EDGE | TEXT | {"charts"},
    "curve_groups": EDGE | {"goals"},
    "chart_words": EDGE | {"bins", "charts", "draw", "filters", "known_curves"},
    "chart_numbers": EDGE | {"bins", "chart_words", "charts", "draw", "filters", "known_curves"},
    "draw_charts": EDGE | {"chart_words", "draw", "draw_bars", "draw_histogram", "draw_matrix", "draw_points"},
    "draw_matrix": EDGE | {"chart_words", "charts", "draw", "draw_sheet", "filters"},
    "draw_bars": EDGE | {"chart_words", "charts", "draw", "draw_sheet", "filters"},
    "draw_points": EDGE | {"chart_words", "charts", "draw", "draw_sheet", "filters", "known_curves"},
    "draw_histogram": EDGE | {"bins", "chart_words", "draw", "draw_sheet"},
    "as_json": EDGE | {"charts"},
    "gates": EDGE,
    "judge": EDGE | {"filters", "gates", "names", "stats"},
    "config": EDGE | {"escape", "gates", "review"},
    "names": EDGE | {"filters"},
    "seeds": EDGE,
    "weigh": EDGE | {"filters", "stats"},
    "rules": EDGE | {"goals"},
    "rows": EDGE | {"goals", "rules", "seeds", "steps"},
    "compare": EDGE | {"rows", "rules", "stats", "weigh"},
    "comparable": EDGE | {"filters", "like_for_like"},
    "history_table": EDGE | {"comparable", "doubles", "drift", "rows", "rules", "stats", "weigh"},
    "history_forms": EDGE | TEXT | {"as_json", "history_table", "names", "stats", "wording_noise", "wording_rows"},
    "history_log": EDGE | {"config", "git", "history_table", "job", "records"},
    "history_links": EDGE | {"escape"},
    "history_drawing": EDGE | {"history_table", "stats", "wording_noise"},
    "history_cards": EDGE
    | TEXT
    | {"history_drawing", "history_forms", "history_table", "names", "stats", "wording_rows"},
    "history_page": EDGE
    | TEXT
    | {
        "history_cards",
        "history_drawing",
        "history_forms",
        "history_settings",
        "history_table",
        "own_page",
        "page_parts",
        "stats",
        "units",
        "wording_rows",
    },
    "history_settings": EDGE | TEXT | {"like_for_like", "names", "pairs", "seeds"},
    "history_badge": EDGE | TEXT | {"history_forms", "history_table", "names"},
    "drift": EDGE | {"rows", "rules", "stats", "weigh"},
    "like_for_like": EDGE | {"filters", "seeds", "steps"},
    "readers": EDGE,
    "readers/*": EDGE | {"charts", "filters", "goals", "seeds", "stats", "steps"},
    "environment": EDGE,
    "fingerprints": EDGE | {"filters", "trees"},
    "placing": EDGE,
    "regroup": EDGE,
    "mlflow_source": EDGE | {"mlflow_server", "mlflow_wire", "readers"},
    "mlflow_server": EDGE | {"filters", "mlflow_wire", "readers"},
    "mlflow_wire": EDGE | {"mlflow_source", "tokens"},
    "data_files": EDGE | {"filters", "fingerprints", "readers", "trees"},
    "newest": EDGE | {"filters", "readers", "replicates"},
    "copies": EDGE,
    "conditions": EDGE,
    "repeats": EDGE | {"newest", "readers", "seeds", "trees"},
    "discover": EDGE
    | {"config", "copies", "filters", "mlflow_source", "newest", "readers", "repeats", "replicates", "trees"},
    "collect": EDGE
    | {
        "charts",
        "conditions",
        "config",
        "copies",
        "data_files",
        "discover",
        "mlflow_source",
        "placing",
        "progress",
        "readers",
        "replicates",
        "trees",
    },
    "replicates": EDGE | {"filters", "readers", "seeds"},
    "baselines": EDGE | {"trees"},
    "baselines/*": EDGE
    | {"as_json", "commit_tree", "filters", "git", "git_fetch", "records", "trees"}
    | {"mlflow_source", "placing", "readers"},
    "forges": EDGE | {"review"},
    "forges/*": EDGE | {"git_process", "git_write", "review", "tokens"},
    "reach": EDGE | {"forges", "job", "tokens", "workspace"},
    "announce": EDGE | {"forges", "publish", "render", "review", "wording_counts", "wording_rows"},
    "markdown_pictures": set(),
    "plain_file": EDGE,
    "picture_files": EDGE | {"plain_file", "readers", "review"},
    "comment_file": EDGE
    | TEXT
    | {"config", "forges", "job", "markdown_pictures", "picture_files", "plain_file", "publish", "readers", "review"},
    "wording_noise": EDGE | {"filters", "names", "stats"},
    "wording_rows": EDGE | TEXT | {"goals", "names", "wording_noise"},
    "wording_counts": EDGE | {"filters", "judge", "wording_noise", "wording_rows"},
    "wording": EDGE | TEXT | {"judge", "names", "wording_counts", "wording_noise", "wording_rows"},
    "mermaid": EDGE | TEXT | {"charts"},
    "chart_text": EDGE | {"bins", "chart_numbers", "chart_words", "charts", "filters", "known_curves", "mermaid"},
    "views": EDGE
    | WORDING
    | {"chart_numbers", "chart_text", "chart_words", "curve_views", "draw", "escape", "mermaid", "names"},
    "render": EDGE
    | {"curve_views", "dark", "draw", "draw_charts", "escape", "progress", "review", "template_files", "views"},
    "console": {"draw", "filters"},
    "template_files": EDGE | TEXT,
    "page_parts": EDGE | {"template_files"},
    "page_data": EDGE | {"charts"},
    "page_sketch": EDGE | {"charts", "filters"},
    "page_curves": EDGE
    | TEXT
    | {
        "bands",
        "charts",
        "curve_groups",
        "curve_rules",
        "curve_views",
        "draw",
        "draw_lines",
        "page_data",
        "page_sketch",
        "records",
        "views",
    },
    "page": EDGE | {"draw", "page_curves", "page_parts", "render", "views", "wording_counts", "wording_rows"},
    "terminal": EDGE
    | TEXT
    | WORDING
    | {
        "chart_words",
        "console",
        "curve_views",
        "draw",
        "goals",
        "history_forms",
        "history_table",
        "names",
        "terminal_history",
        "terminal_rows",
        "views",
    },
    "terminal_history": EDGE | {"console", "escape", "history_forms"},
    "terminal_rows": EDGE | TEXT | {"console", "wording_noise", "wording_rows"},
    "own_folder": EDGE,
    "own_page": EDGE,
    "report_folder": EDGE | {"as_json", "own_folder", "page", "render"},
    "bundle": EDGE | {"as_json", "charts", "filters", "own_folder", "readers", "records", "review"},
    "bundle_zip": EDGE | {"bundle"},
    "bundle_paths": EDGE | {"bundle", "bundle_zip", "own_folder", "plain_file", "readers", "replicates", "review"},
    "join_runs": EDGE | {"bundle_paths", "records", "replicates"},
    "trusted": EDGE | {"bundle_paths", "bundle_zip", "config", "forges", "git", "job", "own_folder"},
    "publish": EDGE | {"forges", "review"},
    "pairs": EDGE | {"bands", "charts", "goals", "rules"},
    "slices": EDGE | {"charts", "goals"},
    "picture_pixels": EDGE | {"draw_difference", "filters"},
    "draw_difference": set(),
    "base_pictures": EDGE | {"baselines", "filters", "job", "pairs", "records", "trees"},
    "differences": EDGE | {"picture_pixels"},
    "doubles": EDGE | {"rows"},
    "pipeline": EDGE
    | {
        "base_pictures",
        "baselines",
        "collect",
        "commit_tree",
        "comparable",
        "compare",
        "config",
        "doubles",
        "drift",
        "environment",
        "filters",
        "git",
        "job",
        "judge",
        "like_for_like",
        "mlflow_source",
        "pairs",
        "progress",
        "regroup",
        "slices",
        "trees",
    },
    "workspace": EDGE | {"config", "escape", "forges", "git", "job", "tokens"},
    "deliver": EDGE
    | {
        "announce",
        "as_json",
        "differences",
        "forges",
        "own_folder",
        "page",
        "progress",
        "reach",
        "render",
        "report_folder",
        "review",
        "standard_streams",
        "terminal",
        "tokens",
    },
    "doctor": EDGE | TEXT | {"readers", "records", "config", "git", "job", "pipeline", "reach", "tokens"},
    "demo": EDGE,
    "demo_train": set(),
    "cli": EDGE | {"commands", "standard_streams"},
    "commands": set(),
    "__main__": {"cli"},
    "curve_views": EDGE | {"curve_groups", "draw", "filters", "mermaid", "names"},
    "curve_rules": EDGE | {"bins", "charts", "curve_groups", "filters"},
    "standard_streams": EDGE,
}
"""What a module may import of mlbot. `commands` may import everything; nobody imports them but `cli`, and that nobody
but `__main__`."""

COMMANDS = {
    f"commands/{name}"
    for name in ("_shared", "collect", "comment", "demo", "doctor", "history", "publish", "record", "report")
}

HOMES = {
    "github": {"forges/github/calls", "forges/github/errors"},
    "gitlab": {"forges/gitlab/errors", "forges/gitlab/find", "forges/gitlab/review", "forges/gitlab/rights"},
    "requests": {
        "forges/_wire",
        "forges/bitbucket/calls",
        "forges/github/artifacts",
        "forges/github/calls",
        "forges/github/errors",
        "forges/gitlab/errors",
        "mlflow_wire",
    },
    "markdown_it": {"markdown_pictures"},
    "matplotlib": {
        "demo_train",
        "draw_bars",
        "draw_canvas",
        "draw_histogram",
        "draw_matrix",
        "draw_points",
        "draw_scales",
        "draw_sheet",
    },
    "jinja2": {"render", "template_files"},
    "yaml": {"demo_train", "readers/_yaml"},
    "rich": {"console", "terminal", "terminal_history", "terminal_rows"},
    "click": {"cli", *COMMANDS},
    "sklearn": {"demo_train"},
    "pyarrow": {"readers/parquet_file"},
    "numpy": {
        "demo_train",
        "draw_axes",
        "draw_bars",
        "draw_canvas",
        "draw_difference",
        "draw_histogram",
        "draw_lines",
        "draw_matrix",
        "draw_png",
        "draw_points",
        "draw_scales",
        "draw_sheet",
        "picture_pixels",
        "readers/_buckets",
        "readers/_event_frames",
        "readers/_examples",
    },
    "orjson": {"readers/_block", "readers/jsonl_file"},
    "PIL": {"draw_difference", "draw_png", "picture_pixels"},
}
"""The modules that may import a library."""

OUTER = {
    "cli": {"output"},
    "commands/_shared": {"environment", "output", "clock"},
    "commands/collect": {"environment"},
    "commands/comment": {"environment"},
    "commands/demo": {"environment"},
    "commands/doctor": {"environment", "output"},
    "commands/history": {"environment", "output"},
    "commands/publish": {"environment", "output"},
    "commands/record": {"environment"},
    "commands/report": {"environment", "output"},
    "__main__": {"exit"},
    "git_process": {"environment"},  # what git's own process is given
    "forges/_wire": {"clock"},  # how long it is until a moment that a forge names
    "demo": {"environment"},  # what the training's process is given
}
"""The modules that use the environment, the terminal, the exit and the clock by themselves; others are given them."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "/".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports_of(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "cml_bot":
            found += [f"cml_bot.{alias.name}" for alias in node.names if alias.name != "__version__"]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append(node.module)
    return found


def row_of(name: str) -> str:
    """The row of the table that speaks of a module."""
    return name if name in ALLOWED else f"{name.partition('/')[0]}/*"


def targets_of(path: Path) -> set[str]:
    """What a module imports of mlbot, but not from its own folder: the first word after ``cml_bot.``."""
    name, found = name_of(path), set()
    folder = name.partition("/")[0]
    for target in imports_of(path):
        if target.startswith("cml_bot."):
            first, _, rest = target.removeprefix("cml_bot.").partition(".")
            is_sibling = first == folder and rest
            found |= set() if is_sibling else {first}
    return found


def libraries_of(path: Path) -> set[str]:
    roots = {target.partition(".")[0] for target in imports_of(path)}
    return roots - sys.stdlib_module_names - {"cml_bot", "_typeshed"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_within_mlbot(path: Path) -> None:
    name = name_of(path)
    if name not in COMMANDS:
        assert targets_of(path) <= ALLOWED[row_of(name)], f"{name} imports {targets_of(path)}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "forges").glob("*/*.py")), ids=name_of)
def test_a_forge_knows_no_other(path: Path) -> None:
    own = f"cml_bot.forges.{path.parent.name}"
    known = [target for target in imports_of(path) if target.startswith("cml_bot.forges")]
    strange = [one for one in known if not (one.startswith("cml_bot.forges._") or f"{one}.".startswith(f"{own}."))]
    assert not strange, f"{name_of(path)} imports {strange}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "forges").glob("*.py")), ids=name_of)
def test_what_forges_have_in_common_knows_none(path: Path) -> None:
    known = [target for target in imports_of(path) if target.startswith("cml_bot.forges")]
    assert all(one.startswith("cml_bot.forges._") for one in known), f"{name_of(path)} imports {known}"


@pytest.mark.parametrize("row", ALLOWED)
def test_every_row_is_needed(row: str) -> None:
    used = [targets_of(path) for path in MODULES if name_of(path) not in COMMANDS and row_of(name_of(path)) == row]
    assert used, f"no module is called {row}"
    unused = ALLOWED[row] - EVERYBODY - set().union(*used)
    assert not unused, f"{row} may import {sorted(unused)}, but does not"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_libraries_have_their_home(path: Path) -> None:
    name = name_of(path)
    strange = {library for library in libraries_of(path) if name not in HOMES.get(library, set())}
    assert not strange, f"{name} imports {sorted(strange)}"


@pytest.mark.parametrize("library", HOMES)
def test_every_home_is_lived_in(library: str) -> None:
    assert HOMES[library] == {name_of(path) for path in MODULES if library in libraries_of(path)}


def uses_of(path: Path) -> set[str]:
    """What of the outer world a module uses by itself, without being given it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr="environ" | "environb" | "getenv" | "putenv"):
                found.add("environment")
            case ast.ImportFrom(module="os", names=names) if {one.name for one in names} & {"environ", "getenv"}:
                found.add("environment")
            case ast.Call(func=ast.Name(id="print"), keywords=given) if "file" not in {one.arg for one in given}:
                found.add("output")
            case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr"):
                found.add("output")
            case ast.Call(func=ast.Name(id="exit" | "quit")) | ast.Attribute(value=ast.Name(id="sys"), attr="exit"):
                found.add("exit")
            case ast.Attribute(value=ast.Name(id="datetime"), attr="now" | "utcnow" | "today"):
                found.add("clock")
            case ast.Attribute(value=ast.Name(id="time"), attr="time" | "time_ns" | "localtime" | "gmtime"):
                found.add("clock")
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_outer_world_is_for_the_command_line(path: Path) -> None:
    assert uses_of(path) == OUTER.get(name_of(path), set())
