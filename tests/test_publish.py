from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.errors import ForbiddenError, GoneError, PassingError, PublishError, TooLongError
from cml_bot.model import Figure
from cml_bot.publish import Marker, parse_marker, publish
from cml_bot.review import Dialect, Draft, Page
from tests.fakes import FakeForge

if TYPE_CHECKING:
    from collections.abc import Callable

    from cml_bot.forges import Forge
    from cml_bot.publish import Published

SHA = "a1b2c3d4" * 5
NAMES = st.text() | st.text("-> %=ab\n_&!<\"'", max_size=12)


def draft(*forms: str, footer: str = "<sub>mlbot 0.1.0 · 12:00 · run 1</sub>") -> Draft:
    page = Page(forms=tuple(f"{form}\n\n{footer}\n" for form in forms))
    return Draft(write=lambda addresses: page)


def refuse(error: PublishError) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


def put(forge: Forge, text: str = "### 2 better", *, name: str = "report", run_id: str = "10.1") -> Published:
    written = draft(text, f"middle of {text[:9]}", "short", footer=f"<sub>mlbot 0.1.0 · run {run_id}</sub>")
    return publish(written, forge, name=name, sha=SHA, run_id=run_id)


def test_two_pushes_one_comment() -> None:
    forge = FakeForge()
    first = put(forge, "### 2 better", run_id="10.1")
    second = put(forge, "### 1 worse", run_id="11.1")
    assert (first.action, second.action) == ("created", "updated")
    assert [comment.body for comment in forge.held] == [
        f"<!-- mlbot:v1 name=report sha={SHA} run=11.1 -->\n### 1 worse\n\n<sub>mlbot 0.1.0 · run 11.1</sub>\n"
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
        page = Page(forms=(text,))
        last = publish(Draft(write=lambda _, page=page: page), forge, name="notes", sha=SHA, run_id="")  # type: ignore[misc]
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


def test_of_several_own_comments_the_oldest_is_kept_and_the_others_go() -> None:
    forge = FakeForge()
    put(forge, "### a")
    forge.say("mlbot", forge.held[0].body)
    quoted = forge.say("rose", forge.held[0].body)
    assert put(forge, "### b", run_id="11.1").action == "updated"
    assert forge.writes == ["create", "update 1", "delete 2"]
    assert [comment.id for comment in forge.held] == ["1", quoted.id]


def test_two_jobs_that_create_at_once_leave_the_oldest() -> None:
    forge = FakeForge()
    theirs = "<!-- mlbot:v1 name=report sha=x run=9.1 -->\n### theirs"

    def another_job_creates() -> None:
        forge.say("mlbot", theirs)

    forge.before["create"] = [another_job_creates]
    assert put(forge, "### ours").action == "updated"
    assert forge.writes == ["create", "update 1", "delete 2"]
    assert "### ours" in forge.held[0].body


def test_a_newer_report_of_a_job_that_is_not_done_yet_is_not_deleted() -> None:
    forge = FakeForge()
    newer = "<!-- mlbot:v1 name=report sha=x run=12.1 -->\n### newer"
    forge.say("mlbot", "<!-- mlbot:v1 name=report sha=x run=9.1 -->\n### old")

    def another_job_creates() -> None:
        forge.say("mlbot", newer)

    forge.before["list"] = [another_job_creates]
    assert put(forge, "### ours", run_id="10.1").action == "older"
    assert [comment.id for comment in forge.held] == ["1", "2"]
    assert put(forge, "### newest", run_id="13.1").action == "updated"
    assert [comment.id for comment in forge.held] == ["1"]


def test_what_another_job_deletes_meanwhile_is_looked_for_anew() -> None:
    forge = FakeForge()
    put(forge, "### a")

    def delete() -> None:
        forge.held.clear()
        raise GoneError("update", "it is gone", "Look again.")

    forge.before["update"] = [delete]
    assert put(forge, "### b", run_id="11.1").action == "created"
    assert len(forge.held) == 1


def test_a_comment_that_is_listed_and_never_there_is_told_so() -> None:
    forge = FakeForge()
    put(forge, "### a")
    forge.before["update"] = [refuse(GoneError("update", "it is gone", "Look again."))] * 20
    with pytest.raises(GoneError, match="it is gone"):
        put(forge, "### b", run_id="11.1")
    assert forge.log.count("update 1") == 3


def test_a_review_that_cannot_be_seen_is_told_at_once() -> None:
    forge = FakeForge()
    forge.before["create"] = [refuse(GoneError("create", "not found", "Give the token its scope."))] * 20
    with pytest.raises(PublishError, match=r"not found\. Give the token its scope"):
        put(forge)
    assert forge.log == ["list", "create"]


def test_a_form_that_the_forge_forced_is_not_written_again() -> None:
    forge = FakeForge()
    forge.before["create"] = [refuse(TooLongError("create", "422", "Say less."))]
    put(forge, "### a")
    assert put(forge, "### a", run_id="11.1").action == "unchanged"


def test_a_run_that_was_made_up_does_not_keep_us_silent() -> None:
    forge = FakeForge()
    forge.say("mlbot", "<!-- mlbot:v1 name=report sha=x run=999999999999999999 -->\n### planted")
    assert put(forge, "### ours", run_id="20000000000.1").action == "updated"


def test_what_another_job_wrote_while_pictures_were_hosted_is_seen() -> None:
    forge = FakeForge()
    put(forge, "### before", run_id="9.1")

    def another_job_writes() -> None:
        forge.held[0] = replace(forge.held[0], body="<!-- mlbot:v1 name=report sha=x run=12.1 -->\n### newer")

    forge.before["host"] = [another_job_writes]
    figure = Figure(name="loss.png", media="image/png", data=b"png")
    pictured = Draft(write=lambda addresses: Page(forms=("### ours",)), figures=(figure,))
    assert publish(pictured, forge, name="report", sha=SHA, run_id="10.1").action == "older"


def test_a_post_whose_answer_was_lost_is_looked_for_before_it_is_sent_again() -> None:
    forge = FakeForge()

    def store_and_fail() -> None:
        forge.say("mlbot", "<!-- mlbot:v1 name=report sha=x run=10.1 -->\n### a")
        raise PassingError("create", "502", "Again.")

    forge.before["create"] = [refuse(PassingError("create", "503", "Again.")), store_and_fail]
    put(forge, "### a")
    assert len(forge.held) == 1
    assert forge.log[:5] == ["list", "create", "list", "create", "list"]


def test_of_a_post_that_failed_another_jobs_comment_is_not_taken_for_it() -> None:
    forge = FakeForge()

    def fail_while_another_job_creates() -> None:
        forge.say("mlbot", "<!-- mlbot:v1 name=report sha=x run=9.1 -->\n### theirs, older")
        raise PassingError("create", "502", "Again.")

    forge.before["create"] = [fail_while_another_job_creates]
    assert put(forge, "### ours", run_id="10.1").action == "updated"
    assert len(forge.held) == 1
    assert "### ours" in forge.held[0].body


def test_a_look_up_that_fails_never_ends_in_a_second_comment() -> None:
    forge = FakeForge()
    forge.before["list"] = [refuse(PassingError("list", "502", "Again."))]
    with pytest.raises(PassingError):
        put(forge)
    assert forge.log == ["list"]


def test_a_forge_that_stays_down_is_given_up() -> None:
    forge = FakeForge()
    forge.before["create"] = [refuse(PassingError("create", "502", "Run the job again."))] * 50
    with pytest.raises(PassingError, match="502"):
        put(forge)
    assert forge.held == []


def test_a_missing_right_is_told_at_once() -> None:
    forge = FakeForge()
    forge.before["create"] = [refuse(ForbiddenError("create", "no", "Grant it."))]
    with pytest.raises(ForbiddenError):
        put(forge)
    assert forge.log == ["list", "create"]


def test_nothing_is_made_where_none_is_wanted_but_what_is_there_is_kept_up_to_date() -> None:
    forge = FakeForge()
    done = publish(draft("### a"), forge, name="report", sha=SHA, run_id="1.1", may_create=False)
    assert (done.action, done.comment, forge.writes) == ("withheld", None, [])
    put(forge, "### a")
    assert publish(draft("### b"), forge, name="report", sha=SHA, run_id="11.1", may_create=False).action == "updated"


def test_pictures_are_hosted_once_and_not_for_an_older_run() -> None:
    forge = FakeForge()
    figure = Figure(name="loss.png", media="image/png", data=b"png")
    pictured = Draft(write=lambda addresses: Page(forms=(f"![loss]({addresses['loss.png']})\n",)), figures=(figure,))
    for run_id in ("10.1", "11.1", "9.1"):
        publish(pictured, forge, name="report", sha=SHA, run_id=run_id)
    assert forge.writes == ["host loss.png", "create"]


def test_too_long_a_report_goes_out_short() -> None:
    forge = FakeForge(limit=400)
    put(forge, "x" * 300)
    assert "\nmiddle of" in forge.held[0].body
    assert len(forge.held[0].body) <= 400


def test_a_forge_that_counts_otherwise_gets_the_next_shorter_form() -> None:
    forge = FakeForge()
    forge.before["create"] = [refuse(TooLongError("create", "422", "Say less."))]
    put(forge, "### a")
    assert "\nmiddle of" in forge.held[0].body
    forge.before["update"] = [refuse(TooLongError("update", "422", "Say less."))] * 2
    put(forge, "### b", run_id="11.1")
    assert "\nshort\n" in forge.held[0].body


def test_the_marker_counts_for_the_limit() -> None:
    body = draft("### 2 better", "short").write({}).body
    marker = Marker(name="report", sha=SHA, run_id="1").write(Dialect.GITHUB)
    exact = FakeForge(limit=len(f"{marker}\n{body}"))
    tight = FakeForge(limit=exact.limit - 1)
    for forge in (exact, tight):
        publish(draft("### 2 better", "short"), forge, name="report", sha=SHA, run_id="1")
    assert "2 better" in exact.held[0].body
    assert "2 better" not in tight.held[0].body


def test_too_long_a_short_form_is_never_cut() -> None:
    forge = FakeForge(limit=20)
    with pytest.raises(PublishError, match="its shortest form has"):
        put(forge)
    assert forge.writes == []


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


@given(name=NAMES, sha=NAMES, run_id=NAMES, dialect=st.sampled_from(Dialect))
def test_marker_round_trip(name: str, sha: str, run_id: str, dialect: Dialect) -> None:
    marker = Marker(name=name, sha=sha, run_id=run_id)
    text = marker.write(dialect)
    assert parse_marker(f"{text}\nbody") == marker
    assert text.isascii()
    assert "\n" not in text.rstrip("\n")
    inner = text.strip().removeprefix("<!--").removesuffix("-->").removeprefix('[mlbot]: # "').removesuffix('"')
    assert not {"--", "<", ">", '"', "\\"} & {inner[i : i + n] for i in range(len(inner)) for n in (1, 2)}


@given(name=NAMES, other=NAMES)
def test_no_name_forges_the_marker_of_another(name: str, other: str) -> None:
    forge = FakeForge()
    put(forge, name=name)
    assert put(forge, name=other).action == ("unchanged" if name == other else "created")


@given(st.text() | st.text('<!-mlbot:v1 nae=shru->\n%2D[]#"', max_size=60))
def test_any_text_may_stand_in_a_comment(body: str) -> None:
    marker = parse_marker(body)
    assert marker is None or body.startswith(tuple(marker.write(dialect).rstrip() for dialect in Dialect))


def test_a_marker_that_readers_would_see_is_written_otherwise() -> None:
    import cmarkgfm

    text = Marker(name="my model", sha=SHA, run_id="5.1").write(Dialect.BITBUCKET)
    assert cmarkgfm.markdown_to_html(f"{text}\n### Title\n").strip() == "<h3>Title</h3>"
