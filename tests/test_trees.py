from __future__ import annotations

import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cml_bot.commit_tree import CommitTree
from cml_bot.errors import InputError
from cml_bot.trees import FolderTree
from tests import repositories as real
from tests.repositories import Make

make = real.make


class TestFile:
    def test_content(self, make: Make) -> None:
        tree = make({"a b/metrics ü.json": "one", "copy.json": "one", "empty.csv": ""})
        tree.fetch(["a b/metrics ü.json", "empty.csv", "missing.json"])
        for path, content in (("a b/metrics ü.json", "one"), ("copy.json", "one"), ("empty.csv", "")):
            file = tree.file(path)
            assert (file.name, file.read_text()) == (path.rpartition("/")[2], content)

    def test_blob_ids_are_those_of_git(self, make: Make) -> None:
        tree = make({"a": "one\n", "b": "one\n", "c": ""})
        assert tree.blob_id("a") == tree.blob_id("b") == "5626abf0f72e58d7a153368ba57db4c673c0e171"
        assert tree.blob_id("c") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        assert tree.blob_id("missing") == ""

    def test_large_files_are_not_hashed(self, tmp_path: Path) -> None:
        with (tmp_path / "large").open("wb") as file:
            file.truncate(2**30 + 1)
        assert FolderTree(tmp_path).blob_id("large") == ""

    @pytest.mark.parametrize("path", ["missing.json", "folder/missing.json", "a.json/x"])
    def test_missing(self, make: Make, path: str) -> None:
        tree = make({"a.json": "{}"})
        with pytest.raises(InputError) as caught:
            tree.file(path)
        assert caught.value.where == path

    def test_gone_meanwhile(self, tmp_path: Path) -> None:
        (tmp_path / "metrics.json").touch()
        tree = FolderTree(tmp_path)
        assert tree.walk() == ("metrics.json",)
        (tmp_path / "metrics.json").unlink()
        with pytest.raises(InputError, match=r"^metrics.json: is missing\. "):
            tree.file("metrics.json")

    def test_what_is_no_regular_file(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        os.mkfifo(tmp_path / "pipe")
        (tmp_path / "loop").symlink_to("loop")
        tree = FolderTree(tmp_path)
        for path, why in (("folder", "is a folder"), ("pipe", "is not a regular file"), ("loop", "cannot be read")):
            with pytest.raises(InputError, match=why):
                tree.file(path)

    def test_what_cannot_be_asked_hides_nothing_beside_it(self, tmp_path: Path) -> None:
        (tmp_path / "a.json").symlink_to("a.json")
        (tmp_path / "metrics.json").write_text("{}")
        (tmp_path / "z.json").symlink_to("z.json/x")
        tree = FolderTree(tmp_path)
        assert tree.walk() == ("a.json", "metrics.json", "z.json")
        assert tree.glob("*.json") == ("a.json", "metrics.json", "z.json")
        with pytest.raises(InputError, match="cannot be read"):
            tree.file("a.json")

    def test_links(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path / "work")
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside/secret.json").write_text("{}")
        (root / "inside.json").write_text("{}")
        (root / "good.json").symlink_to("inside.json")
        (root / "bad.json").symlink_to("../outside/secret.json")
        (root / "out").symlink_to("../outside")
        (root / "config").symlink_to(".git/config")
        (root / "git").symlink_to(".git")
        (root / "nowhere.json").symlink_to("gone.json")
        tree = FolderTree(root)
        assert tree.file("good.json") == root / "good.json"
        for path in ("bad.json", "out/secret.json"):
            assert tree.glob(path) == (path,)
            with pytest.raises(InputError, match=f"^{path}: is a link that leaves the workspace"):
                tree.file(path)
        for path in ("config", "git/config", ".git/config", "git/../git/HEAD"):
            with pytest.raises(InputError, match="lies among git's own files"):
                tree.file(path)
        assert tree.glob("nowhere.json") == ("nowhere.json",)
        with pytest.raises(InputError, match="is missing"):
            tree.file("nowhere.json")

    @pytest.mark.parametrize("path", ["../x.json", "/etc/passwd", "a/../../x.json", "a\0b"])
    def test_outside(self, tmp_path: Path, path: str) -> None:
        with pytest.raises(InputError, match="lies outside the workspace"):
            FolderTree(tmp_path).file(path)

    def test_a_workspace_that_is_reached_by_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "real/metrics.json").touch()
        (tmp_path / "link").symlink_to("real")
        tree = FolderTree(tmp_path / "link")
        assert tree.walk() == ("metrics.json",)
        assert tree.file("metrics.json") == tmp_path / "link/metrics.json"

    def test_a_pointer_of_git_lfs(self, make: Make) -> None:
        pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
        with pytest.raises(InputError, match=r"plot.png: is kept by Git LFS.*lfs: true"):
            make({"plot.png": pointer}).file("plot.png")


class TestCommit:
    def test_links_and_submodules(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path / "work")
        (root / "link.json").symlink_to("a.json")
        first = real.commit(root, {"a.json": "{}"})
        real.git(root, "update-index", "--add", "--cacheinfo", f"160000,{first},module")
        real.git(root, "commit", "--quiet", "--message=A submodule")
        tree = CommitTree(root, real.git(root, "rev-parse", "HEAD"))
        assert tree.walk() == ("a.json", "link.json")
        assert tree.blob_id("link.json") == ""
        assert tree.glob("module") == ("module",)
        for path, kind in (("link.json", "a link"), ("module", "a submodule")):
            with pytest.raises(InputError, match=f"^{path}: is {kind} in commit {tree.sha[:7]}"):
                tree.file(path)

    def test_paths_that_would_lead_out(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path / "work")
        blob = real.git(root, "hash-object", "-w", "--stdin", given="{}")

        def make_folder(*rows: str) -> str:
            return real.git(root, "mktree", given="".join(f"{row}\n" for row in rows))

        below = make_folder(f"100644 blob {blob}\tmetrics.json")
        top = make_folder(*(f"040000 tree {below}\t{name}" for name in ("..", ".git", ".GIT", "good", ".")))
        sha = real.git(root, "commit-tree", "-m", "Odd", top)
        tree = CommitTree(root, sha)
        assert tree.walk() == ("good/metrics.json",)
        for path in ("../metrics.json", ".git/metrics.json", "./metrics.json"):
            with pytest.raises(InputError, match="is not in commit"):
                tree.file(path)

    def test_what_was_read_goes_with_the_tree(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path / "work")
        tree = CommitTree(root, real.commit(root, {"a.json": "{}"}))
        # Asked for its place, a small file comes to disk.
        file = Path(str(tree.file("a.json")))
        assert file.exists()
        del tree
        gc.collect()
        assert not file.exists()
        assert not file.parent.parent.exists()

    def test_no_warning_at_the_end(self, tmp_path: Path) -> None:
        root = real.make_repository(tmp_path / "work")
        sha = real.commit(root, {"a.json": "{}"})
        code = (
            "import pathlib, sys; from cml_bot.commit_tree import CommitTree; "
            "tree = CommitTree(pathlib.Path(sys.argv[1]), sys.argv[2]); print(tree.file('a.json'))"
        )
        command = [sys.executable, "-W", "error", "-c", code, str(root), sha]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert not Path(done.stdout.strip()).exists()
