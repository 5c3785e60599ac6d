"""Main's pictures, kept beside its records: real repositories, and git's own server over HTTP."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from cml_bot.model import Build, Figure, Run
from cml_bot.records import pictures
from cml_bot.records.pictures import File, Folder, bound, keep_pictures, read_folders, read_pictures, ref_of
from tests import repositories as real
from tests.baselines import CI, LAPTOP
from tests.git_server import GitServer, serve
from tests.records import ci_variables
from tests.test_cli import mlbot
from tests.test_record import MAIN, make_job

REF = "refs/mlbot/pictures/report"
OTHER = "1" * 40


def png(level: int, size: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (size, size), level).save(buffer, "PNG")
    return buffer.getvalue()


def picture(name: str, data: bytes) -> Figure:
    return Figure(name=name, media="image/png", data=data)


def keep(root: Path, *figures: Figure, build: Build = MAIN, sha: str = "", name: str = "report") -> tuple[str, ...]:
    job = make_job(root, build)
    return keep_pictures(job, name, Run(sha=sha or job.sha, figures=figures))


def read(root: Path, sha: str, *own: Figure, build: Build = CI, name: str = "report") -> dict[str, bytes] | str:
    found = read_pictures(root, build, name, sha, own)
    return found if isinstance(found, str) else {figure.name: figure.data for figure in found}


def kept_in(repository: Path) -> list[tuple[str, list[str]]]:
    """What is kept, oldest first: commits and the names of their pictures."""
    folders = read_folders(repository, real.git(repository, "rev-parse", REF))
    return [(folder.sha, [file.name for file in folder.files]) for folder in folders]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    repository = real.make_repository(tmp_path / "work")
    real.commit(repository, {"train.py": "x"})
    real.commit(repository, {"train.py": "y"})
    return repository


@pytest.fixture
def server(tmp_path: Path, repository: Path) -> Iterator[GitServer]:
    real.publish(repository, tmp_path / "remote.git")
    real.git(tmp_path / "remote.git", "config", "http.receivepack", "true")
    with serve(tmp_path) as server:
        yield server


@pytest.fixture
def remote(tmp_path: Path, server: GitServer) -> Path:
    return tmp_path / "remote.git"


@pytest.fixture
def clone(tmp_path: Path, server: GitServer) -> Path:
    return real.clone(server.address(), tmp_path / "clone", "--depth=1")


@pytest.mark.slow
class TestInCi:
    def test_kept_and_read_from_a_shallow_clone_that_stays_as_it_was(self, clone: Path, remote: Path) -> None:
        before = real.read_state(clone)
        sha = make_job(clone).sha
        assert keep(clone, picture("plots/a.png", png(1)), picture("b.png", png(2))) == ()
        assert read(clone, sha) == {"plots/a.png": png(1), "b.png": png(2)}
        assert real.read_state(clone) == before
        assert real.git(remote, "rev-list", "--count", REF) == "1"
        assert "skip ci" in real.git(remote, "log", "--format=%B", REF)
        assert real.git(remote, "fsck", "--strict", "--no-dangling") == ""

    def test_each_run_takes_the_place_and_older_ones_stay_in_the_tree(self, clone: Path, remote: Path) -> None:
        shas = [f"{number}" * 40 for number in range(1, 5)]
        for number, sha in enumerate(shas):
            assert keep(clone, picture("a.png", png(7)), picture("b.png", png(number)), sha=sha) == ()
        assert [sha for sha, _ in kept_in(remote)] == shas
        assert real.git(remote, "rev-list", "--count", REF) == "1"
        for number, sha in enumerate(shas):
            assert read(clone, sha) == {"a.png": png(7), "b.png": png(number)}
        # What stays the same is there once.
        blobs = real.git(remote, "ls-tree", "-r", "--format=%(objectname)", REF).split()
        assert (len(blobs), len(set(blobs))) == (8, 5)

    def test_the_same_run_again_is_not_pushed_and_another_of_its_commit_takes_its_place(
        self, server: GitServer, clone: Path, remote: Path
    ) -> None:
        keep(clone, picture("a.png", png(1)))
        keep(clone, picture("a.png", png(1)), sha=OTHER)
        pushes = server.pushes
        keep(clone, picture("a.png", png(1)))
        assert server.pushes == pushes
        keep(clone, picture("c.png", png(3)))
        assert kept_in(remote) == [(OTHER, ["a.png"]), (make_job(clone).sha, ["c.png"])]

    def test_what_is_here_already_is_not_fetched(
        self, clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sha = make_job(clone).sha
        keep(clone, picture("a.png", png(1)), picture("b.png", png(2)))
        trace = tmp_path / "trace"
        monkeypatch.setenv("GIT_TRACE", str(trace))
        same = picture("renamed.png", png(1)), picture("b.png", png(2))
        assert read(clone, sha, *same) == {"a.png": png(1), "b.png": png(2)}
        assert "cat-file" not in trace.read_text()
        assert trace.read_text().count("built-in: git fetch") == 1

    @pytest.mark.parametrize("with_filter", [True, False])
    def test_a_server_that_leaves_nothing_out(self, clone: Path, remote: Path, with_filter: bool) -> None:
        real.git(remote, "config", "uploadpack.allowFilter", str(with_filter).lower())
        for number, sha in enumerate((OTHER, make_job(clone).sha)):
            keep(clone, picture("a.png", png(number)), sha=sha)
        assert read(clone, OTHER) == {"a.png": png(0)}

    def test_why_there_is_none(self, server: GitServer, clone: Path) -> None:
        assert read(clone, OTHER) == "none are kept yet; the next run of main keeps its own"
        keep(clone, picture("a.png", png(1)))
        assert read(clone, OTHER) == "those of 1111111 are not kept, or no longer"
        assert read(clone, OTHER, name="other") == "none are kept yet; the next run of main keeps its own"
        real.git(clone, "remote", "set-url", "origin", server.address("gone.git"))
        assert "could not be fetched" in str(read(clone, make_job(clone).sha))

    def test_others_at_the_same_moment(self, clone: Path, remote: Path) -> None:
        shas = [f"{number}" * 40 for number in range(1, 7)]
        with ThreadPoolExecutor(6) as pool:
            said = list(pool.map(lambda sha: keep(clone, picture("a.png", png(int(sha[0]))), sha=sha), shas))
        assert said == [()] * 6
        assert sorted(sha for sha, _ in kept_in(remote)) == shas

    def test_another_was_quicker(self, clone: Path, remote: Path) -> None:
        """A hook of the remote, which lets others write at the last moment."""
        keep(clone, picture("a.png", png(1)))
        first = real.git(remote, "rev-parse", REF)
        keep(clone, picture("a.png", png(2)), sha=OTHER)
        second = real.git(remote, "rev-parse", REF)
        real.git(remote, "update-ref", REF, first)
        hook = remote / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref {REF} {second}\nrm {hook}\n")
        hook.chmod(0o755)
        assert keep(clone, picture("a.png", png(3)), sha="2" * 40) == ()
        assert [sha for sha, _ in kept_in(remote)] == [make_job(clone).sha, OTHER, "2" * 40]

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_token_that_may_not_push_costs_a_line(self, server: GitServer, clone: Path, status: int) -> None:
        server.refusal = status
        [line] = keep(clone, picture("a.png", png(1)))
        assert line.startswith("the pictures of this run are not kept for later reports: git push")
        assert "refs/mlbot/*" in line

    def test_names_of_strangers(self, clone: Path, remote: Path) -> None:
        names = [
            "../../etc/passwd",
            ".git/config",
            ".git",
            "a\nb.png",
            "100644 blob x\ty.png",
            "ä/%2e.png",
            "\udce9.png",
        ]
        names += ["-", "..", "con.png", "CON"]
        figures = [picture(name, png(number)) for number, name in enumerate(names)]
        assert keep(clone, *figures) == ()
        assert read(clone, make_job(clone).sha) == {one.name: one.data for one in figures}
        assert real.git(remote, "fsck", "--strict", "--no-dangling") == ""

    def test_a_name_has_its_own_reference(self, clone: Path) -> None:
        sha = make_job(clone).sha
        for number, name in enumerate(("my model/ä..b.lock", "pull-7", "pictures")):
            assert keep(clone, picture("a.png", png(number)), name=name) == ()
            assert read(clone, sha, name=name) == {"a.png": png(number)}

    def test_what_is_no_picture_is_not_shown(self, clone: Path, remote: Path) -> None:
        """Somebody else wrote there."""
        blob = real.git(remote, "hash-object", "-w", "--stdin", given="<script>")
        rows = [
            f"100644 blob {blob}\t{name}\n" for name in ("8-a.png", "b.png", "7-c.png", "99999999-d.png", "8-%FF.png")
        ]
        link = f"120000 blob {blob}\t8-link.png\n"
        folder = real.git(remote, "mktree", given="".join([*sorted(rows), link]))
        top = f"040000 tree {folder}\t01-{OTHER}\n100644 blob {blob}\tREADME\n040000 tree {folder}\tother\n"
        tree = real.git(remote, "mktree", given=top)
        real.git(remote, "update-ref", REF, real.git(remote, "commit-tree", tree, "-m", "x"))
        assert read(clone, OTHER) == {}
        # A run after it is kept all the same.
        assert keep(clone, picture("a.png", png(1))) == ()
        assert read(clone, make_job(clone).sha) == {"a.png": png(1)}


class TestLimits:
    @pytest.mark.slow
    def test_of_one_run(self, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pictures, "LARGEST", 1000)
        monkeypatch.setattr(pictures, "LARGEST_RUN", 2000)
        small, large, empty = png(1), png(1) + bytes(2000), b""
        padded = [png(number) + bytes(880 - len(small)) for number in range(4)]
        figures = [picture("large.png", large), picture("empty.png", empty), picture("n" * 300, small)]
        figures += [picture(f"{number}.png", data) for number, data in enumerate(padded)]
        [line] = keep(clone, *figures, picture("small.png", small))
        assert line.startswith("not kept for later reports: large.png, empty.png, nnn")
        assert "and 2 more; at most 20 of a run" in line
        found = read(clone, make_job(clone).sha)
        assert list(found) == ["0.png", "1.png", "small.png"]
        assert len(keep(clone, *(picture(f"{number}.png", small) for number in range(30)))) == 1
        assert len(read(clone, make_job(clone).sha)) == 20

    def test_of_all_runs(self) -> None:
        def folder(number: int, *files: tuple[str, int]) -> Folder:
            named = tuple(File(name=blob, blob=blob, size=size) for blob, size in files)
            return Folder(sha=str(number), tree="", files=named)

        small = [folder(number, ("same", 10)) for number in range(30)]
        assert [int(one.sha) for one in bound(small)] == list(range(10, 30))
        third = pictures.LARGEST_TREE // 3
        large = [folder(number, ("same", 10), (f"own{number}", third)) for number in range(5)]
        assert [one.sha for one in bound(large)] == ["3", "4"]
        huge = folder(2, ("b", pictures.LARGEST_TREE + 1))
        assert bound([folder(1, ("a", 9)), huge]) == [huge]


class TestOnALaptop:
    def test_a_reference_here_and_nothing_fetched(
        self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sha = make_job(repository).sha
        keep(repository, picture("a.png", png(0)), build=LAPTOP, sha=OTHER)
        assert keep(repository, picture("a.png", png(1)), build=LAPTOP) == ()
        assert real.git(repository, "for-each-ref", "--format=%(refname)", "refs/mlbot") == REF
        real.git(repository, "remote", "add", "origin", (tmp_path / "offline").as_uri())
        monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
        assert read(repository, sha, build=LAPTOP) == {"a.png": png(1)}
        assert "fetch" not in (tmp_path / "trace").read_text()

    def test_a_repository_of_long_ids(self, tmp_path: Path) -> None:
        root = tmp_path / "long"
        root.mkdir()
        real.git(root, "init", "--quiet", "--object-format=sha256", "--initial-branch=main")
        sha = real.commit(root, {"train.py": "x"})
        assert keep(root, picture("a.png", png(1)), picture("b.png", png(2)), build=LAPTOP) == ()
        assert len(sha) == 64
        assert read(root, sha, picture("a.png", png(1)), build=LAPTOP) == {"a.png": png(1), "b.png": png(2)}

    def test_those_of_origin_where_none_are_here(self, repository: Path, clone: Path, server: GitServer) -> None:
        sha = make_job(clone).sha
        keep(clone, picture("a.png", png(1)))
        assert read(repository, sha, build=LAPTOP) == f"those of {sha[:7]} are not kept, or no longer"
        real.git(repository, "remote", "add", "origin", server.address())
        before = real.read_state(repository)
        assert read(repository, sha, build=LAPTOP) == {"a.png": png(1)}
        assert real.read_state(repository) == before
        real.git(repository, "remote", "set-url", "origin", server.address("gone.git"))
        assert "could not be fetched" in str(read(repository, sha, build=LAPTOP))


def test_the_reference_of_a_name() -> None:
    assert ref_of("report") == REF


def write_job(folder: Path, accuracy: float, level: int) -> None:
    (folder / "plots").mkdir(exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
    (folder / "plots" / "roc.png").write_bytes(png(level, 40))
    (folder / "plots" / "same.png").write_bytes(png(7, 40))


@pytest.mark.slow
class TestWholeReports:
    """A project that commits no output: what a job of main wrote is known by its record alone."""

    def run_main(self, address: str, place: Path, accuracy: float, level: int) -> str:
        checkout = real.clone(address, place, "--depth=1")
        sha = real.git(checkout, "rev-parse", "HEAD")
        write_job(checkout, accuracy, level)
        env = ci_variables(sha, place.parent)
        done = mlbot(checkout, "report", "--no-publish", **env)
        assert done.returncode == 0, done.stderr
        assert "not kept" not in done.stderr
        return sha

    def test_a_pull_request_shows_base_head_and_difference(
        self, tmp_path: Path, repository: Path, server: GitServer, remote: Path
    ) -> None:
        address = server.address()
        first = self.run_main(address, tmp_path / "one", 0.8, 10)
        real.commit(repository, {"train.py": "z"})
        real.git(repository, "push", "--quiet", str(remote), "main")
        second = self.run_main(address, tmp_path / "two", 0.81, 20)
        assert [sha for sha, _ in kept_in(remote)] == [first, second]

        real.switch(repository, "topic")
        head = real.commit(repository, {"model.py": "wider"})
        real.merge(repository, "main", "topic")
        real.publish_pull(repository, remote)
        checkout = real.check_out_pull(address, tmp_path / "pull")
        write_job(checkout, 0.85, 200)
        report, markdown = self.report(checkout, head, second)
        assert report["base"]["sha"] == second
        figures = checkout / "mlbot-report" / "figures"
        sides = {side: (figures / f"picture-01-roc-{side}.png") for side in ("before", "here", "difference")}
        assert (sides["before"].read_bytes(), sides["here"].read_bytes()) == (png(20, 40), png(200, 40))
        assert Image.open(io.BytesIO(sides["difference"].read_bytes())).size == (40, 40)
        assert "1 picture changed" in markdown
        assert "| every pixel differs. Blue: here, orange: main | ![plots" in markdown
        assert "roc.png: every pixel differs, difference](figures/picture-01-roc-difference.png)" in markdown
        assert "same.png" not in markdown.partition("How this was compared")[0]

        # The same from what another job has collected.
        assert mlbot(checkout, "collect").returncode == 0
        write_job(checkout, 0.1, 1)
        _, again = self.report(checkout, head, second, "--from", "mlbot-bundle")
        assert "1 picture changed" in again
        assert sides["before"].read_bytes() == png(20, 40)

    def report(
        self, checkout: Path, head: str, base: str, *options: str, **more: str
    ) -> tuple[dict[str, dict[str, str]], str]:
        folder = checkout.parent / "event"
        folder.mkdir(exist_ok=True)
        side = {"repo": {"id": 1}}
        pull = {
            "number": 1,
            "head": {"sha": head, "ref": "topic", **side},
            "base": {"sha": base, "ref": "main", **side},
        }
        event = {"number": 1, "pull_request": pull, "repository": {"id": 1, "default_branch": "main", "private": False}}
        (folder / "event.json").write_text(json.dumps(event))
        env = ci_variables(
            real.git(checkout, "rev-parse", "HEAD"), folder, "pull_request", GITHUB_REF="refs/pull/1/merge", **more
        )
        done = mlbot(checkout, "report", "--no-publish", *options, **env)
        assert done.returncode == 0, done.stderr
        place = checkout / "mlbot-report"
        return json.loads((place / "report.json").read_text()), (place / "report.md").read_text()

    def test_where_none_are_kept_the_one_here_is_shown(
        self, tmp_path: Path, repository: Path, server: GitServer, remote: Path
    ) -> None:
        base = self.run_main(server.address(), tmp_path / "one", 0.8, 10)
        real.git(remote, "update-ref", "-d", REF)
        real.switch(repository, "topic")
        head = real.commit(repository, {"model.py": "wider"})
        real.merge(repository, "main", "topic")
        real.publish_pull(repository, remote)
        checkout = real.check_out_pull(server.address(), tmp_path / "pull")
        write_job(checkout, 0.85, 200)
        _, markdown = self.report(checkout, head, base)
        assert "<summary>2 pictures</summary>" in markdown
        assert "plots/roc.png**: the picture of main is not kept" in markdown
        assert "is not kept\n\n![plots/roc.png, here](figures/picture-01-roc-here.png)\n" in markdown
        assert "2 pictures of main not compared: none are kept yet; the next run of main keeps its own" in markdown

    def test_without_pictures_git_is_asked_no_more(
        self, tmp_path: Path, repository: Path, server: GitServer, remote: Path
    ) -> None:
        base = self.run_main(server.address(), tmp_path / "one", 0.8, 10)
        real.switch(repository, "topic")
        head = real.commit(repository, {"model.py": "wider"})
        real.merge(repository, "main", "topic")
        real.publish_pull(repository, remote)
        checkout = real.check_out_pull(server.address(), tmp_path / "pull")
        (checkout / "metrics.json").write_text('{"accuracy": 0.85}')
        trace = tmp_path / "trace"
        self.report(checkout, head, base, GIT_TRACE=str(trace))
        # One fetch for the records; who needs pictures fetches once more, and lists what is kept.
        assert trace.read_text().count("built-in: git fetch") == 1
        assert "ls-tree -r -t" not in trace.read_text()


def test_a_job_without_pictures_writes_nothing(clone: Path, remote: Path, server: GitServer) -> None:
    pushes = server.pushes
    assert keep(clone) == ()
    assert server.pushes == pushes
