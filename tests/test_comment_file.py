"""Any Markdown file as a comment that is kept up to date."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cml_bot.cli import run
from cml_bot.comment_file import Text, Told, comment, read_markdown
from cml_bot.config import Config
from cml_bot.errors import ConfigError, ForbiddenError, InputError, PublishError
from cml_bot.job import Job
from cml_bot.model import Build
from cml_bot.review import LARGEST_PICTURE, Dialect, Pictures
from tests.fakes import FakeForge

PNG = b"\x89PNG\r\n\x1a\n"
BUILD = Build(forge="gitlab", server="https://gitlab.example", repo="o/r", sha="a" * 40, pull=7, run_id="12")
HOST = Config(pictures=Pictures.HOST)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    (folder / "plots").mkdir(parents=True)
    (folder / "plots" / "roc.png").write_bytes(PNG + b"roc")
    (tmp_path / "secret.png").write_bytes(PNG + b"secret")
    return folder


def send(
    root: Path, text: str, forge: FakeForge, *, build: Build = BUILD, config: Config = HOST, name: str = "x"
) -> Told:
    job = Job(root=root, sha=build.sha, build=build, now=datetime(2026, 1, 2, tzinfo=UTC))
    return comment(Text(markdown=text, folder=root), name, job, config, lambda: forge)


def body(forge: FakeForge) -> str:
    [held] = forge.held
    return held.body.partition("\n")[2]


def test_a_file_becomes_one_comment_with_its_pictures(root: Path) -> None:
    forge = FakeForge()
    text = "# Report  \r\n\r\n![roc](plots/roc.png)\r\n<img src='plots/roc.png'>\r\n`plots/roc.png`\r\n"
    told = send(root, text, forge)
    assert told == Told(url="https://forge.example/review/1#1", lines=("created",))
    [(name, data)] = forge.pictures.items()
    assert (name, data) == ("plots-roc.png", PNG + b"roc")
    address = body(forge).partition("(")[2].partition(")")[0]
    assert address.endswith("-plots-roc.png")
    assert body(forge) == text.replace("(plots/roc.png)", f"({address})").replace("'plots/roc.png'", f"'{address}'")
    assert send(root, text, forge).lines == ("unchanged",)
    assert send(root, f"{text}more", forge).lines == ("updated",)
    assert forge.log.count("create") == 1


def test_one_comment_per_name(root: Path) -> None:
    forge = FakeForge()
    send(root, "one", forge, name="a")
    send(root, "two", forge, name="b")
    send(root, "three", forge, name="a")
    assert [held.body.partition("\n")[2] for held in forge.held] == ["three", "two"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("missing.png", "was not found"),
        ("../secret.png", "lies outside of the workspace"),
        ("link.png", "lies outside of the workspace"),
        ("out/secret.png", "lies outside of the workspace"),
        (".git/x.png", "is hidden, or lies in a hidden folder"),
        ("plots/.x.png", "is hidden, or lies in a hidden folder"),
        ("inner.png", "is hidden, or lies in a hidden folder"),
        ("plots", "is a folder"),
        ("pipe.png", "is no plain file"),
        ("x.svg", "is SVG, which forges do not show"),
        ("text.png", "is not a picture"),
        ("empty.png", "is empty"),
        ("large.png", "has more than 5 MiB"),
        ("loop.png", "cannot be a file"),
        ("plots/roc.png/x.png", "was not found"),
        ("x%00.png", "cannot be a file"),
        (f"{'x' * 300}.png", "cannot be a file"),
    ],
)
def test_a_picture_that_is_refused_costs_itself_and_one_line(root: Path, path: str, said: str) -> None:
    (root / "link.png").symlink_to(root.parent / "secret.png")
    (root / "out").symlink_to(root.parent)
    for hidden in (root / ".git" / "x.png", root / "plots" / ".x.png"):
        hidden.parent.mkdir(exist_ok=True)
        hidden.write_bytes(PNG)
    (root / "inner.png").symlink_to(root / ".git" / "x.png")
    os.mkfifo(root / "pipe.png")
    (root / "x.svg").write_text("<svg/>")
    (root / "text.png").write_text("token=1")
    (root / "empty.png").touch()
    (root / "large.png").write_bytes(PNG + bytes(LARGEST_PICTURE))
    (root / "loop.png").symlink_to("loop.png")
    forge = FakeForge()
    told = send(root, f"![a]({path}) ![b](plots/roc.png)", forge)
    assert told.lines[1:] == ("created",)
    assert said in told.lines[0]
    assert f"![a]({path})" in body(forge)
    assert list(forge.pictures) == ["plots-roc.png"]


def test_names_of_pictures_are_safe_and_differ(root: Path) -> None:
    for name in ("a b.png", "a-b.png", "ü;$.png", "plots/big.JPG"):
        (root / name).write_bytes(PNG + name.encode())
    forge = FakeForge()
    send(root, "![](a%20b.png?raw=1#x) ![](<a b.png>) ![](a-b.png) ![](ü;$.png) ![](plots/big.JPG)", forge)
    assert sorted(forge.pictures) == ["2-a-b.png", "a-b.png", "picture.png", "plots-big.JPG.png"]
    assert "![](a%20b" not in body(forge)


def test_a_private_repository_on_github_keeps_its_pictures(root: Path) -> None:
    build = replace(BUILD, forge="github", server="https://github.com", is_private=True)
    forge = FakeForge()
    told = send(root, "![](plots/roc.png)", forge, build=build, config=Config())
    assert body(forge) == "![](plots/roc.png)"
    assert told.lines[0].startswith("1 picture: not uploaded, since")
    assert 'pictures = "host"' in told.lines[0]
    assert forge.pictures == {}
    assert send(root, "![](plots/roc.png)", forge, build=build).lines == ("updated",)


def test_no_pictures_as_configured(root: Path) -> None:
    forge = FakeForge()
    told = send(root, "![](plots/roc.png)", forge, config=Config(pictures=Pictures.NONE))
    assert (told.lines, forge.pictures) == (("created",), {})


def test_a_text_that_is_too_long_is_refused_before_anything_is_sent(root: Path) -> None:
    forge = FakeForge(limit=100)
    with pytest.raises(PublishError, match="has 118 characters, and a comment may have 100"):
        send(root, "x" * 100 + "![](plots/roc.png)", forge)
    assert forge.log == []


@pytest.mark.parametrize(
    ("build", "name", "said"),
    [
        (Build(), "x", "no CI job was found here"),
        (replace(BUILD, pull=None), "x", "belongs to no pull request"),
        (BUILD, "report", "is the name of the report's comment"),
        (BUILD, " ", "is empty"),
    ],
)
def test_where_there_is_nothing_to_comment_on(root: Path, build: Build, name: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        send(root, "text", FakeForge(), build=build, name=name)


def test_a_fork_may_not_comment_and_does_not_fail(root: Path) -> None:
    def refuse() -> None:
        raise ForbiddenError("comment", "is not allowed", "Grant it.")

    forge = FakeForge()
    forge.before["create"] = [refuse, refuse]
    with pytest.raises(ForbiddenError):
        send(root, "text", forge)
    told = send(root, "text", forge, build=replace(BUILD, is_fork=True))
    assert told == Told(lines=("comment: is not allowed. Grant it.",))


def test_a_text_is_read_as_it_is(root: Path) -> None:
    (root / "plots" / "r.md").write_bytes("\ufeffä  \r\n".encode())
    assert read_markdown("plots/r.md", root, root, io.BytesIO()) == Text(markdown="ä  \r\n", folder=root / "plots")
    assert read_markdown("-", root, root, io.BytesIO(b"text")) == Text(markdown="text", folder=root)
    (root.parent / "out.md").write_text("named by its path")
    assert read_markdown("../out.md", root, root, io.BytesIO()).markdown == "named by its path"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.md", "was not found"),
        ("empty.md", "is empty"),
        ("blank.md", "is empty"),
        ("latin.md", "is not UTF-8"),
        ("binary.md", "is not a text file"),
        ("large.md", "has more than 1 MiB"),
        ("link.md", "lies outside of the workspace"),
        ("out/secret.png", "lies outside of the workspace"),
        ("plots", "is a folder"),
        ("x\0.md", "cannot be a file"),
    ],
)
def test_a_text_that_is_refused(root: Path, name: str, said: str) -> None:
    (root / "link.md").symlink_to(root.parent / "secret.png")
    (root / "out").symlink_to(root.parent)
    for file, data in {
        "empty.md": b"",
        "blank.md": b" \n",
        "latin.md": "ä".encode("latin-1"),
        "binary.md": b"a\0b",
        "large.md": b"x" * (1024 * 1024 + 1),
    }.items():
        (root / file).write_bytes(data)
    with pytest.raises(InputError, match=said):
        read_markdown(name, root, root, io.BytesIO())


def test_standard_input_that_cannot_be_read_is_refused(root: Path) -> None:
    """As of `mlbot comment - 0>file`."""
    with (
        os.fdopen(os.open(root / "new", os.O_WRONLY | os.O_CREAT), "rb") as only_to_write,
        pytest.raises(InputError, match=r"^standard input: cannot be read \(bad file descriptor\)\. Give"),
    ):
        read_markdown("-", root, root, only_to_write)
    with pytest.raises(InputError, match=r"^standard input: has more than 1 MiB"):
        read_markdown("-", root, root, io.BytesIO(bytes(1024 * 1024 + 1)))


def test_the_command_on_a_laptop(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER", "BITBUCKET_PIPELINE_UUID"):
        monkeypatch.delenv(name, raising=False)
    (root / "report.md").write_text("text")
    assert run(["comment", "report.md"]) == ConfigError.exit_code
    assert "name the review with --forge, --repo and --pull" in capsys.readouterr().err
    assert run(["comment", "other.md"]) == InputError.exit_code


@pytest.mark.parametrize("text", ["Done.\n\n/close\n", "/merge", "/label ~bug\n"])
def test_what_gitlab_would_carry_out_is_refused_there(root: Path, text: str) -> None:
    forge = FakeForge(dialect=Dialect.GITLAB)
    with pytest.raises(InputError, match="which GitLab would carry out"):
        send(root, text, forge)
    assert forge.log == []
    send(root, text, FakeForge())
    send(root, "The files:\n/home/rose/x\n" + text.replace("/", "\\/"), forge)
