from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from cml_bot.commit_tree import CommitTree
from cml_bot.errors import ConfigError
from cml_bot.globs import DISCOVERY, Row, find_files, match_files, parse_pattern
from cml_bot.trees import FolderTree
from tests import repositories as real
from tests.repositories import Make

make = real.make


def names(*paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, "{}")


class TestWalk:
    def test_results_wherever_they_are(self, make: Make) -> None:
        paths = ["a b/ü.json", "eval.json", "logs/version_0/metrics.csv", "vendored/x.json"]
        assert make(names(*paths)).walk() == tuple(paths)

    @pytest.mark.parametrize(
        "path",
        [
            ".hidden",
            ".dvc/tmp/x.json",
            "node_modules/a/metrics.json",
            "vendor/a/metrics.json",
            "third_party/metrics.json",
            "build/lib/metrics.json",
            "tests/fixtures/metrics.json",
            "a/node_modules/metrics.json",
            "lib/site-packages/x/metrics.json",
            "a/__pycache__/x.json",
            "x-1.0.dist-info/metrics.json",
            "mlbot-report/run.json",
            "mlbot-demo/metrics.json",
        ],
    )
    def test_what_is_no_result_of_the_job(self, make: Make, path: str) -> None:
        assert make(names(path, "metrics.json")).walk() == ("metrics.json",)

    @pytest.mark.parametrize("mark", ["pyvenv.cfg", "conda-meta/history", "CACHEDIR.TAG"])
    def test_environments_and_caches_by_what_is_in_them(self, make: Make, mark: str) -> None:
        tree = make(names(f"env/{mark}", "env/metrics.json", "env/lib/metrics.json", "environment/metrics.json"))
        assert tree.walk() == ("environment/metrics.json",)

    def test_reports_of_mlbot_under_any_name(self, make: Make) -> None:
        tree = make(names("out/.mlbot-report", "out/plots/roc.png", "plots/roc.png"))
        assert tree.walk() == tree.glob("**/*.png") == ("plots/roc.png",)
        assert tree.glob("out/plots/*.png") == ("out/plots/roc.png",)

    def test_the_top_is_never_left_out(self, make: Make) -> None:
        assert make(names("CACHEDIR.TAG", "metrics.json")).walk() == ("CACHEDIR.TAG", "metrics.json")

    def test_depth(self, make: Make) -> None:
        deep = [f"{'d/' * n}x.json" for n in range(9)]
        assert set(make(names(*deep)).walk()) == set(deep[:7])

    def test_an_empty_tree(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path)
        assert FolderTree(root).walk() == ()
        assert CommitTree(root, real.commit(root)).walk() == ()

    def test_another_repository_inside(self, tmp_path: Path) -> None:
        real.commit(real.make_repository(tmp_path / "yolo"), {"metrics.json": "{}"})
        (tmp_path / "module").mkdir()
        (tmp_path / "module/.git").write_text("gitdir: ../.git/modules/module\n")
        (tmp_path / "module/metrics.json").write_text("{}")
        tree = FolderTree(tmp_path)
        assert tree.walk() == ()
        assert tree.glob("yolo/*.json") == ("yolo/metrics.json",)
        assert tree.glob("*/*.json") == ()

    def test_what_git_ignores_is_what_the_job_wrote(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path)
        real.commit(root, {".gitignore": "outputs/\n"})
        (root / "outputs").mkdir()
        (root / "outputs/metrics.json").write_text("{}")
        assert FolderTree(root).walk() == ("outputs/metrics.json",)

    def test_linked_folders_are_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "runs/1").mkdir(parents=True)
        (tmp_path / "runs/1/metrics.json").write_text("{}")
        (tmp_path / "runs/latest").symlink_to("1")
        (tmp_path / "runs/loop").symlink_to("..")
        (tmp_path / "best.json").symlink_to("runs/1/metrics.json")
        (tmp_path / "nowhere.json").symlink_to("gone.json")
        os.mkfifo(tmp_path / "pipe.json")
        assert FolderTree(tmp_path).walk() == ("best.json", "nowhere.json", "runs/1/metrics.json")
        assert FolderTree(tmp_path).glob("runs/latest/*.json") == ("runs/latest/metrics.json",)

    def test_a_folder_of_too_many_files_is_data(self, tmp_path: Path) -> None:
        (tmp_path / "images").mkdir()
        for n in range(DISCOVERY.rows_of_folder + 1):
            (tmp_path / "images" / str(n)).touch()
        (tmp_path / "metrics.json").touch()
        tree = FolderTree(tmp_path)
        assert tree.walk() == ("metrics.json",)
        assert tree.notes == ("images holds more than 10\u202f000 files: not looked at. Name what matters in sources",)
        assert tree.glob("images/1000*") == ("images/1000", "images/10000")

    def test_results_are_found_before_the_limit_is_spent_on_data(self) -> None:
        images = [Row(f"{n}.png", is_folder=False) for n in range(900)]
        rows = {
            "": [Row("data", is_folder=True), Row("outputs", is_folder=True)],
            "data": [Row("train", is_folder=True)],
            "data/train": [Row(str(n), is_folder=True) for n in range(1000)],
            "outputs": [Row("2026-11-20", is_folder=True)],
            "outputs/2026-11-20": [Row("12-00-00", is_folder=True)],
            "outputs/2026-11-20/12-00-00": [Row("metrics.json", is_folder=False)],
        }
        found = find_files(lambda folder: rows.get(folder, images))
        assert "outputs/2026-11-20/12-00-00/metrics.json" in found.paths
        assert found.notes == ("stopped looking after 50\u202f000 files and folders. Name what matters in sources",)
        assert len(found.paths) < 50_000

    def test_names_that_are_no_text(self, tmp_path: Path) -> None:
        (tmp_path / os.fsdecode(b"\xff.json")).touch()
        (tmp_path / "metrics.json").touch()
        tree = FolderTree(tmp_path)
        assert tree.walk() == ("metrics.json",)
        assert tree.notes == ("the top holds names that are not UTF-8: not looked at",)

    def test_a_folder_that_may_not_be_listed(self, tmp_path: Path) -> None:
        locked = tmp_path / "locked"
        locked.mkdir(mode=0)
        try:
            with os.scandir(locked):
                expected: tuple[str, ...] = ()
        except PermissionError:
            expected = ("locked may not be listed",)
        tree = FolderTree(tmp_path)
        assert tree.walk() == ()
        locked.chmod(0o700)
        assert tree.notes == expected


class TestGlob:
    FILES = (
        "eval.json",
        "a[1].json",
        "logs/1/x.json",
        "logs/2/x.json",
        "logs/2/deep/er/x.json",
        "logs/.tmp/x.json",
        "logs/node_modules/x.json",
        ".dvc/plots/p.json",
        ".metrics.json",
        "seeds/seed-1/eval.json",
        "seeds/seed-12/eval.json",
        "*.json",
    )

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("eval.json", ["eval.json"]),
            ("./eval.json", ["eval.json"]),
            ("x/../eval.json", ["eval.json"]),
            ("missing.json", []),
            ("logs", []),
            ("logs/", []),
            ("logs/*/x.json", ["logs/1/x.json", "logs/2/x.json"]),
            ("logs/**", ["logs/1/x.json", "logs/2/deep/er/x.json", "logs/2/x.json"]),
            ("logs/**/x.json", ["logs/1/x.json", "logs/2/deep/er/x.json", "logs/2/x.json"]),
            ("logs/**/deep/**/x.json", ["logs/2/deep/er/x.json"]),
            ("**/x.json", ["logs/1/x.json", "logs/2/deep/er/x.json", "logs/2/x.json"]),
            ("**/eval.json", ["eval.json", "seeds/seed-1/eval.json", "seeds/seed-12/eval.json"]),
            ("logs/[!1]/x.json", ["logs/2/x.json"]),
            ("seeds/seed-?/eval.json", ["seeds/seed-1/eval.json"]),
            ("seeds/seed-*/eval.json", ["seeds/seed-1/eval.json", "seeds/seed-12/eval.json"]),
            (".dvc/plots/*.json", [".dvc/plots/p.json"]),
            ("*/plots/*.json", []),
            (".*/plots/*.json", []),
            ("logs/.tmp/*", ["logs/.tmp/x.json"]),
            ("logs/node_modules/*", ["logs/node_modules/x.json"]),
            ("*/node_modules/*", ["logs/node_modules/x.json"]),
            (".metrics.json", [".metrics.json"]),
            ("*metrics.json", []),
            (".m*.json", [".metrics.json"]),
            ("a[1].json", ["a[1].json"]),
            ("a[[]1].json", ["a[1].json"]),
            ("[*].json", ["*.json"]),
            ("*.json", ["*.json", "a[1].json", "eval.json"]),
            ("[.]metrics.json", []),
            ("", []),
            (".", []),
            ("**", None),
        ],
    )
    def test_what_a_pattern_means(self, make: Make, pattern: str, expected: list[str] | None) -> None:
        tree = make(names(*self.FILES))
        if expected is None:
            expected = sorted(path for path in self.FILES if "/." not in f"/{path}" and "node_modules" not in path)
        assert list(tree.glob(pattern)) == expected

    @pytest.mark.parametrize(
        ("pattern", "why"),
        [
            ("/etc/passwd", "is an absolute path"),
            ("C:\\x", "is an absolute path"),
            ("../x.json", "leaves the workspace"),
            ("a/../../x.json", "leaves the workspace"),
            (".git/config", "lies among git's own files"),
            ("sub/.GIT/*", "lies among git's own files"),
        ],
    )
    def test_what_a_pattern_may_not_mean(self, make: Make, pattern: str, why: str) -> None:
        with pytest.raises(ConfigError, match=f"^pattern {re.escape(pattern)}: {why}"):
            make(names("x")).glob(pattern)

    def test_git_is_never_matched(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path)
        assert FolderTree(root).glob("**") == ()
        assert FolderTree(root).glob(".g*/*") == ()
        assert FolderTree(root).glob(".*/config") == ()

    def test_many_stars_take_no_time(self) -> None:
        pattern = parse_pattern("**/" * 12 + "*a*a*a*b.json")
        rows = {"/".join("x" * n): [Row("x", is_folder=True), Row("a" * 60, is_folder=False)] for n in range(25)}
        rows["/".join("x" * 25)] = []
        assert match_files(rows.__getitem__, pattern).paths == ()
