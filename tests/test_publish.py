from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import PublishError
from cml_bot.model import Page
from cml_bot.publish import Marker, parse_marker, publish
from tests.fakes import FakeForge

if TYPE_CHECKING:
    from cml_bot.forges import Forge
    from cml_bot.publish import Published

SHA = "a1b2c3d4" * 5
NAMES = st.text() | st.text("-> %=ab\n_&!<\"'", max_size=12)


def page(text: str = "### 2 better", footer: str = "<sub>mlbot · 12:00 · run 1</sub>") -> Page:
    return Page(body=f"{text}\n\n{footer}\n", short=f"short\n\n{footer}\n")


def put(forge: Forge, text: str = "### 2 better", *, name: str = "report", run_id: str = "10.1") -> Published:
    return publish(page(text, f"<sub>mlbot · run {run_id}</sub>"), forge, name=name, sha=SHA, run_id=run_id)


def test_two_pushes_one_comment() -> None:
    forge = FakeForge()
    first = put(forge, "### 2 better", run_id="10.1")
    second = put(forge, "### 1 worse", run_id="11.1")
    assert (first.action, second.action) == ("created", "updated")
    assert [comment.body for comment in forge.held] == [
        f"<!-- mlbot:v1 name=report sha={SHA} run=11.1 -->\n### 1 worse\n\n<sub>mlbot · run 11.1</sub>\n"
    ]
    assert first.comment is not None
    assert second.comment == forge.held[0]


def test_same_content_is_not_written_again() -> None:
    forge = FakeForge()
    put(forge, run_id="10.1")
    assert put(forge, run_id="11.1").action == "unchanged"
    assert forge.writes == ["create"]


def test_what_a_forge_does_to_white_space_is_no_change() -> None:
    forge = FakeForge()
    put(forge, "### 2 better  \n\n| a |\t\n")
    held = forge.held.pop()
    forge.say("mlbot", held.body.replace("  \n", "\n").replace("\n", "\r\n").strip())
    assert put(forge, "### 2 better  \n\n| a |\t\n", run_id="11.1").action == "unchanged"


def test_last_line_that_is_no_footer_counts() -> None:
    forge = FakeForge()
    for text in ("loss 0.3", "loss 0.4"):
        last = publish(Page(body=text, short=text), forge, name="notes", sha=SHA, run_id="")
    assert last.action == "updated"
    assert forge.held[0].body.endswith("loss 0.4")


def test_older_run_leaves_a_newer_report_alone() -> None:
    forge = FakeForge()
    put(forge, "### new", run_id="812346.1")
    late = put(forge, "### old", run_id="812345.3")
    assert (late.action, late.comment) == ("older", forge.held[0])
    assert forge.writes == ["create"]


@pytest.mark.parametrize(
    ("shown", "ours"), [("9.1", "10.1"), ("10.1", "10.2"), ("10.1", "10.1"), ("", "10.1"), ("10.1", ""), ("x", "1")]
)
def test_later_same_or_unknown_runs_are_written(shown: str, ours: str) -> None:
    forge = FakeForge()
    put(forge, "### a", run_id=shown)
    assert put(forge, "### b", run_id=ours).action == "updated"


def test_a_second_try_of_an_older_attempt_is_older() -> None:
    forge = FakeForge()
    put(forge, "### a", run_id="10.2")
    assert put(forge, "### b", run_id="10.1").action == "older"


def test_other_people_with_our_marker_are_left_alone() -> None:
    forge = FakeForge()
    put(forge)
    ours = forge.held.pop().body
    quote = "".join(f"> {line}\n" for line in ours.split("\n"))
    foreign = [ours, quote, f"Look:\n{ours}", f" {ours}", f"{ours} and more"]
    for body in foreign:
        forge.say("rose", body)
    assert put(forge, "### 1 worse").action == "created"
    assert [comment.body for comment in forge.held[:-1]] == foreign


def test_our_own_marker_below_the_first_line_is_not_ours_to_update() -> None:
    forge = FakeForge()
    put(forge)
    forge.say("mlbot", f"Somebody quoted:\n{forge.held.pop().body}")
    assert put(forge).action == "created"


def test_of_several_own_comments_the_oldest_is_kept() -> None:
    forge = FakeForge()
    put(forge, "### a")
    twin = forge.say("mlbot", forge.held[0].body)
    assert put(forge, "### b", run_id="11.1").action == "updated"
    assert forge.writes[-1] == "update 1"
    assert forge.held[1] == twin


def test_search_ends_at_our_comment() -> None:
    forge = FakeForge()
    put(forge)
    for number in range(50):
        forge.say("rose", str(number))
    forge.listed = 0
    put(forge, "### b", run_id="11.1")
    assert forge.listed == 1


def test_too_long_a_report_goes_out_short() -> None:
    forge = FakeForge(limit=200)
    put(forge, "x" * 200)
    assert "\nshort\n" in forge.held[0].body
    assert len(forge.held[0].body) <= 200


def test_the_marker_counts_for_the_limit() -> None:
    body = page().body
    marker = Marker(name="report", sha=SHA, run_id="1")
    exact = FakeForge(limit=len(f"{marker}\n{body}"))
    tight = FakeForge(limit=exact.limit - 1)
    for forge in (exact, tight):
        publish(page(), forge, name="report", sha=SHA, run_id="1")
    assert "2 better" in exact.held[0].body
    assert "2 better" not in tight.held[0].body


def test_too_long_a_short_form_is_never_cut() -> None:
    forge = FakeForge(limit=20)
    with pytest.raises(PublishError, match="even the short report has"):
        put(forge)
    assert forge.log == []


@pytest.mark.parametrize(
    "name", ["train_model", "a & b", 'say "hi"', "x --> y", "two\nlines", "модель 🚀", "--", "", " ", "%41", "a/b:c"]
)
def test_any_name_is_found_again(name: str) -> None:
    forge = FakeForge()
    put(forge, "### a", name=name)
    put(forge, "### other", name=f"{name}x")
    assert put(forge, "### b", name=name, run_id="11.1").action == "updated"
    assert len(forge.held) == 2
    assert forge.held[0].body.split("\n")[1] == "### b"


@given(name=NAMES, sha=NAMES, run_id=NAMES)
def test_marker_round_trip(name: str, sha: str, run_id: str) -> None:
    marker = Marker(name=name, sha=sha, run_id=run_id)
    text = str(marker)
    assert parse_marker(f"{text}\nbody") == marker
    assert text.isascii()
    assert "\n" not in text
    inner = text.removeprefix("<!--").removesuffix("-->")
    assert not {"--", "<", ">"} & {inner[i : i + n] for i in range(len(inner)) for n in (1, 2)}


@given(name=NAMES, other=NAMES)
def test_no_name_forges_the_marker_of_another(name: str, other: str) -> None:
    forge = FakeForge()
    put(forge, name=name)
    assert put(forge, name=other).action == ("unchanged" if name == other else "created")


@given(st.text() | st.text("<!-mlbot:v1 nae=shru->\n%2D", max_size=60))
def test_any_text_may_stand_in_a_comment(body: str) -> None:
    marker = parse_marker(body)
    assert marker is None or body.startswith(str(marker))
