"""The page and the badge of main's history: what they are given, what they link to, and that no name does anything."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cml_bot.errors import ConfigError
from cml_bot.escape import safe_link
from cml_bot.history_badge import draw_badge
from cml_bot.history_cards import make_cards, tell_lead, write_values
from cml_bot.history_drawing import ODD, draw_course, place_levels
from cml_bot.history_forms import write_csv
from cml_bot.history_links import find_commits
from cml_bot.history_page import gather_data, render_history_page, view_history
from cml_bot.history_settings import gather_settings
from cml_bot.history_table import History, make_history
from cml_bot.model import Build, Fact, Metric, Param, Role, Rule, Run
from cml_bot.own_page import MARK, write_own_page
from tests.making import make_metric
from tests.test_history_table import HOSTILE, make_runs, noisy

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOLDEN = Path(__file__).parent / "golden" / "history"
COMMITS = "https://github.example/ada/net/commit/"
SVG = "{http://www.w3.org/2000/svg}"


def shifted() -> History:
    """Thirty runs: one outlier, and a fall of the level with the twentieth."""
    values = [*noisy(19, seed=5), *noisy(11, level=0.80, seed=6)]
    values[8] = 0.5
    return make_history("report", make_runs(values, val_loss=0.3, n_test=100.0), with_bookkeeping=True)


def page_of(history: History, commits: str = COMMITS, title: str = "Churn model") -> str:
    return render_history_page(history, commits, title, NOW)


class Seen(HTMLParser):
    """The elements of a page, and its text outside of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in ("script", "style"):
            self.text += data

    def links(self) -> set[str]:
        return {attrs["href"] or "" for tag, attrs in self.found if tag == "a"}


def test_where_main_stands_is_told_first() -> None:
    view = view_history(shifted(), COMMITS, "Churn model")
    assert view["lead"] == "2 metrics: 1 slid, 1 steady"
    assert "".join(piece.text for piece in view["slides"]) == "Main has slid: accuracy 0.838 → 0.799 since 0000014"
    assert [piece.url for piece in view["slides"] if piece.url] == [f"{COMMITS}{20:07x}{'0' * 33}"]
    assert "".join(piece.text for piece in view["notes"][0]).startswith("main has slid: accuracy was 0.838 (")
    accuracy, loss = view["cards"]
    assert (accuracy.state.words, accuracy.state.tone) == ("has slid", "bad")
    assert "".join(piece.text for piece in accuracy.words) == (
        "0.7992 ±0.0086 over 29 runs; outlier at 0000009; level shifted at 0000014 (0.838 → 0.799)"
    )
    assert (loss.state.words, loss.drawing.ends) == ("steady", None)
    assert [card.name for card in view["folded"]] == ["n_test"]


def test_what_is_gated_comes_first() -> None:
    history = make_history("report", make_runs(noisy(6), f1=0.5, auc=0.9), gated=["auc"])
    assert [card.name for card in make_cards(history, {})] == ["auc ↑", "accuracy ↑", "f1 ↑"]
    assert [row.role for row in history.rows] == [Role.QUALITY, Role.QUALITY, Role.HEADLINE]


@pytest.mark.parametrize(
    ("values", "goal", "said"),
    [
        ([*noisy(10), *noisy(10, level=0.90)], "accuracy", "1 metric: 1 better than before"),
        ([*noisy(10), *noisy(4, level=0.90)], "plain", "1 metric: 1 at another level than before"),
        (noisy(3), "accuracy", "1 metric: 1 without a band yet"),
        ([*noisy(10), None], "accuracy", "1 metric: 1 not in the last run"),
        ([*noisy(20), 0.5], "accuracy", "1 metric: 1 with an outlier as the last run"),
    ],
)
def test_the_lead(values: list[float | None], goal: str, said: str) -> None:
    runs = make_runs(values, goal)
    if values[-1] is None:
        runs[-1] = replace(runs[-1], metrics=(make_metric("n", 1),))
    history = make_history("report", runs, wanted=[goal])
    assert tell_lead(make_cards(history, {})) == said


def test_levels_of_runs() -> None:
    history = shifted()
    levels = place_levels(history.rows[0], history)
    assert levels == (*[0] * 8, ODD, *[0] * 10, *[1] * 11)
    of_other_data = make_history("report", make_runs([None, *noisy(3)]))
    assert place_levels(of_other_data.rows[0], of_other_data) == (None,) * 4


def test_a_course_is_drawn_from_its_numbers() -> None:
    """The outlier stands at the edge, and does not press the rest flat."""
    history = shifted()
    row = history.rows[0]
    drawing = draw_course(row, place_levels(row, history))
    tree = ET.fromstring(drawing.svg)
    assert drawing.ends is not None
    assert 0.77 < drawing.ends[0] < drawing.ends[1] < 0.86
    [out] = tree.iter("text")
    assert (out.text, out.get("y")) == ("×", "92%")
    paths = {path.get("class"): path.get("d") or "" for path in tree.iter("path")}
    assert len(re.findall("[ML]", paths["line"])) == 29
    assert paths["dots"].count("h0") == 29
    assert paths["level"].count("M") == 2
    assert [line.get("class") for line in tree.iter("line")] == ["shift"]
    [band] = tree.iter("rect")
    assert 60 < float((band.get("x") or "").rstrip("%")) < 70


@pytest.mark.parametrize(
    "values",
    [
        [float("nan")] * 6,
        [float("inf"), *noisy(6)],
        [1e308, -1e308] * 4,
        [1e200] * 6,
        [0.0],
        [10**400, *noisy(6)],
        [None, 0.5],
        [0.5] * 8,
    ],
)
def test_odd_numbers_are_drawn(values: list[float | None]) -> None:
    history = make_history("report", make_runs(values))
    for row in history.rows:
        drawing = draw_course(row, place_levels(row, history))
        assert "nan" not in drawing.svg
        assert "inf" not in drawing.svg
        ET.fromstring(drawing.svg)
    assert page_of(history).count("<figure") == len(history.rows)


def test_the_data_of_the_script() -> None:
    history = shifted()
    data = gather_data(history)
    assert data["csv"] == write_csv(history)
    assert isinstance(data["metrics"], list)
    accuracy = data["metrics"][0]
    assert accuracy["means"] == pytest.approx([0.8384, 0.7992], abs=1e-4)
    assert accuracy["shifts"] == ["0000014 (0.838 → 0.799)"]
    assert accuracy["texts"] == write_values(history.rows[0])
    assert len(set(map(len, accuracy["texts"]))) == 1
    [text] = re.findall(r'id="history-data">(.*?)</script>', page_of(history))
    assert json.loads(text) == json.loads(json.dumps(data))


def test_units_stand_on_the_scale_of_the_largest() -> None:
    runs = [
        Run(sha=f"{n:040x}", metrics=(make_metric("size", 2e9 + n, unit="bytes"), make_metric("top", 80 + n, unit="%")))
        for n in range(3)
    ]
    tables = gather_data(make_history("report", runs, with_bookkeeping=True))["metrics"]
    assert isinstance(tables, list)
    size, top = tables
    assert (size["unit"], size["factor"], top["unit"], top["factor"]) == ("GB", 1e-9, "pp", 1)


def test_what_changed_since_the_run_before() -> None:
    runs = make_runs(noisy(3))
    settings = [{"lr": "1e-3", "seed": "1"}, {"lr": "1e-3", "seed": "2"}, {"lr": "3e-4", "depth": "6", "seed": "3"}]
    runs = [
        replace(run, params=tuple(Param(name=name, value=value) for name, value in each.items()))
        for run, each in zip(runs, settings, strict=True)
    ]
    newest, middle, oldest = view_history(make_history("report", runs), "", "")["runs"]
    assert (newest.changes, middle.changes, oldest.changes) == (("lr 1e-3 → 3e-4", "depth – → 6"), (), ())


def test_what_is_kept_of_settings_is_what_differs() -> None:
    plain = Run(
        sha="a", params=(Param(name="lr", value="1"), Param(name="seed", value="1"), Param(name="k", value="2"))
    )
    data = (Fact(name="train.csv", value="sha256:0123456789", detail="10 rows"),)
    other = Run(
        sha="b", params=(Param(name="lr", value="2"), Param(name="seed", value="2"), Param(name="k", value="2"))
    )
    assert gather_settings([plain, replace(other, data=data)]) == [
        ("lr", ("1", "2")),
        ("train.csv", (None, "10 rows, 0123456")),
    ]


def test_links_lead_to_commits_and_builds_alone() -> None:
    runs = make_runs(noisy(3))
    urls = ("https://ci.example/7?a=b&c", "javascript:alert(1)", 'https://x.example/"><script>')
    runs = [replace(run, build_url=url) for run, url in zip(runs, urls, strict=True)]
    links = Seen(page_of(make_history("report", runs))).links()
    outer = {link for link in links if not link.startswith("#")}
    commits = {COMMITS + run.sha for run in runs}
    assert outer == commits | {"https://ci.example/7?a=b&c", "https://x.example/%22%3E%3Cscript%3E"}
    assert not {link for link in Seen(page_of(make_history("r", make_runs(noisy(3))), "")).links() if link[0] != "#"}


@pytest.mark.parametrize(
    ("origin", "commits"),
    [
        ("https://github.com/ada/net", "https://github.com/ada/net/commit/"),
        ("https://x-access-token:ghs_secret@github.com/ada/net.git", "https://github.com/ada/net/commit/"),
        ("git@github.com:ada/net.git", "https://github.com/ada/net/commit/"),
        ("git@github.com-work:ada/net.git", "https://github.com/ada/net/commit/"),
        ("ssh://git@ssh.github.com:443/ada/net.git", "https://github.com/ada/net/commit/"),
        ("ssh://git@gitlab.example:2222/team/sub/net.git", "https://gitlab.example/team/sub/net/-/commit/"),
        ("http://gitlab.example:8080/team/net/", "http://gitlab.example:8080/team/net/-/commit/"),
        ("git@bitbucket.org:team/net.git", "https://bitbucket.org/team/net/commits/"),
        ("https://bitbucket.example/scm/team/net.git", ""),
        ("https://code.example/ada/net.git", ""),
        ("/srv/github/ada/net.git", ""),
        ("file:///srv/github.com/ada/net.git", ""),
        ("C:/github.com/ada/net", ""),
        ("https://github.com/ada", ""),
        ("https://github.com/ada/<script>", ""),
        ("https://[github.com/ada/net", ""),
        ("javascript://github.com/ada/net", ""),
        ("", ""),
    ],
)
def test_where_commits_are_shown(origin: str, commits: str) -> None:
    assert find_commits(Build(), origin) == commits


def test_the_build_says_it_first() -> None:
    build = Build(forge="gitlab", server="https://git.example", repo="team/net")
    assert find_commits(build, "git@github.com:ada/net.git") == "https://git.example/team/net/-/commit/"
    assert safe_link("data:text/html,x") == safe_link("//x.example") == safe_link("http:///x") == ""


def test_a_hostile_history_is_text() -> None:
    metric = Metric(name=HOSTILE, values=(0.5,), group="</script><b>", unit="<i>&")
    runs = [
        Run(
            sha=f"{n:040x}",
            created='"><script>x</script>',
            metrics=(metric,),
            params=(Param(name="</td><script>", value=f"<img src=x>{n}"),),
            build_url=f"https://x.example/{HOSTILE}",
        )
        for n in range(8)
    ]
    plain = Seen(page_of(make_history("report", make_runs(noisy(8)))))
    seen = Seen(page_of(make_history(HOSTILE, runs), title=HOSTILE))
    assert {tag for tag, _ in seen.found} <= {tag for tag, _ in plain.found} | {"details", "summary"}
    assert [attrs for _, attrs in seen.found if any(name.startswith("on") for name in attrs)] == []
    assert "<img src=x onerror=1>" in seen.text
    assert "\x1b" not in seen.text
    assert sum(tag == "script" for tag, _ in seen.found) == sum(tag == "script" for tag, _ in plain.found)


def test_where_nothing_is_recorded_the_page_says_how() -> None:
    seen = Seen(page_of(History(name="report", notes=("no run of main is recorded yet on mlbot/report: do this",))))
    assert "no run of main is recorded yet on mlbot/report: do this" in seen.text
    assert "table" not in {tag for tag, _ in seen.found}


def test_the_same_history_gives_the_same_bytes() -> None:
    assert page_of(shifted()) == page_of(shifted())
    assert MARK in page_of(shifted())[:400]


def many(runs: int = 50, metrics: int = 200) -> History:
    rows = {f"group/metric_{n}": 0.8 for n in range(metrics)}
    steps = [noisy(metrics, seed=seed) for seed in range(runs)]
    found = [
        replace(
            one,
            metrics=tuple(
                make_metric(name, value, group="eval.json") for name, value in zip(rows, steps[place], strict=True)
            ),
        )
        for place, one in enumerate(make_runs([0.5] * runs))
    ]
    return make_history("report", found, with_bookkeeping=True)


@pytest.mark.slow
def test_fifty_runs_of_two_hundred_metrics_are_less_than_a_megabyte() -> None:
    assert len(page_of(many()).encode()) < 1_000_000


# A file of its own.


def test_a_page_is_written_again_but_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "history.html"
    write_own_page(path, f"<!doctype html>\n{MARK}\n1", "--html")
    write_own_page(path, f"<!doctype html>\n{MARK}\n2", "--html")
    assert path.read_text().endswith("2")
    (tmp_path / "x").touch()
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE((tmp_path / "x").stat().st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["history.html", "x"]


@pytest.mark.parametrize("kind", ["file", "folder", "link", "no folder", "far mark"])
def test_what_is_not_ours_stays(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "history.html"
    if kind == "file":
        path.write_text("<p>mine</p>")
    elif kind == "far mark":
        path.write_text("x" * 500 + MARK)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        (tmp_path / "other").write_text(MARK)
        path.symlink_to("other")
    else:
        path = tmp_path / "missing" / "history.html"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError) as caught:
        write_own_page(path, MARK, "--html")
    assert str(caught.value).startswith("--html: ")
    assert sorted(tmp_path.rglob("*")) == before


# The badge.


@pytest.mark.parametrize("case", ["steady", "slid", "long"])
def test_badges(case: str, update_golden: bool) -> None:
    histories = {
        "steady": (make_history("report", make_runs(noisy(10))), "accuracy"),
        "slid": (shifted(), "accuracy"),
        "long": (make_history("report", make_runs([0.5] * 3, "val/mean <average> & précision 平均")), "val/*"),
    }
    text = draw_badge(*histories[case])
    path = GOLDEN / f"badge-{case}.svg"
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
    tree = ET.fromstring(text)
    title = tree.find(f"{SVG}title")
    assert title is not None
    assert title.text == tree.get("aria-label")
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")


def test_a_badge_says_where_there_is_nothing() -> None:
    assert "accuracy: no run yet" in draw_badge(History(name="report"), "accuracy")
    runs = make_runs([*noisy(6), None])
    runs[-1] = replace(runs[-1], metrics=(make_metric("f1", 0.5),))
    assert "accuracy: not in the last run" in draw_badge(make_history("report", runs), "accuracy")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("acuracy", "Did you mean 'accuracy'?"),
        ("ACCURACY", "Did you mean 'accuracy'?"),
        ("zzz", "`mlbot history '*'` names all that there are."),
        ("*", "'*' is more than one metric. Name one of 'metrics.json:accuracy', 'metrics.json:f1'."),
    ],
)
def test_a_badge_of_what_is_not_there(wanted: str, said: str) -> None:
    history = make_history("report", make_runs(noisy(6), f1=0.5))
    with pytest.raises(ConfigError, match=re.escape(said)):
        draw_badge(history, wanted)


def test_a_hostile_badge_is_text() -> None:
    text = draw_badge(make_history("report", make_runs([0.5] * 6, HOSTILE)), HOSTILE)
    tree = ET.fromstring(text)
    assert {element.tag.removeprefix(SVG) for element in tree.iter()} == {
        "svg",
        "title",
        "clipPath",
        "rect",
        "g",
        "text",
    }
    assert text.count("\n") == 1


def test_the_values_of_the_page_are_those_of_the_csv() -> None:
    history = make_history("report", make_runs(noisy(5), f1=0.5), rules=(Rule(pattern="f1", headline=True),))
    head, *rows = csv.reader(io.StringIO(str(gather_data(history)["csv"])))
    assert head == ["sha", "created", "accuracy", "f1"]
    assert [float(row[2]) for row in rows] == list(history.rows[0].values)
