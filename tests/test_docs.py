"""The README says what the code does: its tables are made from the code."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml

from cml_bot import __version__
from cml_bot.cli import cli
from cml_bot.config import Config, read_config
from cml_bot.discover import PARAMS
from cml_bot.errors import MlbotError
from cml_bot.readers import READERS
from cml_bot.readers._shapes import DOCUMENTS, TABLES

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def hold(mark: str, rows: list[str], update: bool) -> None:
    """Hold the README's part between two comments to what it should be."""
    text = README.read_text()
    part = "\n".join(rows)
    wanted = re.sub(
        rf"<!-- {mark} -->.*<!-- end of {mark} -->",
        lambda _: f"<!-- {mark} -->\n\n{part}\n\n<!-- end of {mark} -->",
        text,
        flags=re.DOTALL,
    )
    assert f"<!-- {mark} -->" in text, f"the README has no place for the {mark}"
    if update:
        README.write_text(wanted)
    assert README.read_text() == wanted, f"the {mark} of the README differ from the code: run `make golden`"


def test_keys(update_golden: bool) -> None:
    rows = ["| key | means |", "|---|---|"]
    rows += [f"| `{item.name.replace('_', '-')}` | {item.metadata['help']} |" for item in fields(Config)]
    hold("keys", rows, update_golden)


def test_names(update_golden: bool) -> None:
    rows = ["| files | names |", "|---|---|"]
    for row in READERS:
        if row.names and row.suffixes:
            names = ", ".join(f"`{name}`" for name in row.names)
            rows.append(f"| {' '.join(row.suffixes)} | {names} |")
    rows.append(f"| parameters | {', '.join(f'`{name}`' for name in PARAMS)} |")
    hold("names", rows, update_golden)


def test_tools() -> None:
    part = README.read_text().partition("## What it reads")[2].partition("<details>")[0]
    rows = [line.split(" | ")[0][2:] for line in part.splitlines() if line.startswith("| ")]
    told = {name for row in rows[1:] for name in row.split(", ")}
    tools = {row.tool for row in READERS if row.tool} | {shape.tool for shape in (*DOCUMENTS, *TABLES)}
    assert tools <= told, "the README has to tell of every tool that is read"
    # These have no shape of their own in the tables: the readers of JSON and CSV know their layout.
    assert told - tools == {"any job", "predictions", "DVC", "DVCLive", "Lightning", "Keras", "XGBoost", "LightGBM"}


@pytest.mark.parametrize("command", ["report", "collect", "publish", "comment", "doctor", "history", "record"])
def test_options(update_golden: bool, command: str) -> None:
    rows = ["| option | does |", "|---|---|"]
    for option in cli.commands[command].params:
        if isinstance(option, click.Option):
            names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
            rows.append(f"| {names} | {option.help} |")
    hold(f"options of {command}", rows, update_golden)


def test_the_example_configuration_is_accepted(tmp_path: Path) -> None:
    [example] = re.findall(r"```toml\n(.*?)```", README.read_text(), flags=re.DOTALL)
    (tmp_path / "mlbot.toml").write_text(example)
    config = read_config(tmp_path, {}, {})
    assert len(config.gates) == 4
    assert config.metrics[0].headline
    assert config.waiver


def test_the_workflows_that_are_shown_call_real_commands() -> None:
    for block in re.findall(r"```ya?ml\n(.*?)```", README.read_text(), flags=re.DOTALL):
        for command, options in re.findall(r"\bmlbot (\w+)([^\n#|>\]]*)", block):
            known = {name for one in cli.commands[command].params for name in (*one.opts, *one.secondary_opts)}
            assert set(re.findall(r"(?<!\S)--?[a-z][\w-]*", options)) <= known, f"mlbot {command}{options}"
        if "mlbot history" in block:
            assert isinstance(yaml.safe_load(block), dict)


def test_exit_codes() -> None:
    shown = {int(code) for code in re.findall(r"^\| (\d+) \|", README.read_text(), flags=re.MULTILINE)}
    kinds: list[type[MlbotError]] = [MlbotError, *every_kind(MlbotError)]
    assert shown == {0, 1, 130} | {kind.exit_code for kind in kinds}


def every_kind(kind: type[MlbotError]) -> list[type[MlbotError]]:
    return [found for below in kind.__subclasses__() for found in (below, *every_kind(below))]


def test_what_the_readme_shows_is_there() -> None:
    for path in re.findall(r"\]\((\.[^)]+)\)", README.read_text()):
        assert (ROOT / path).is_file(), path


def test_versions_agree() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__


def test_every_library_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    for name in (re.split(r"[<>=]", line)[0] for line in wanted):
        assert f"| {name}" in reasons, name


BANNED = re.compile(
    r"(?:^|_|\b)(provider|driver|backend|manager|helper|utils|handler|processor|threshold|payload|alert|info)s?(?:$|_|\b)",
    re.IGNORECASE,
)


def test_the_words_that_are_not_used() -> None:
    """In the names we give: libraries have their own."""
    for path in sorted((ROOT / "cml_bot").rglob("*.py")):
        names = [path.stem]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.append(node.name)
            elif isinstance(node, ast.arg):
                names.append(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.append(node.id)
        assert [name for name in names if BANNED.search(name)] == [], path


@pytest.mark.parametrize("path", [README, *sorted((ROOT / "templates").rglob("*.j2"))], ids=lambda path: path.name)
def test_the_words_that_nobody_reads(path: Path) -> None:
    text = path.read_text().replace("catboost_info", "")  # a folder that CatBoost names so
    assert BANNED.findall(text) == []
