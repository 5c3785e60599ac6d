from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot import fingerprints
from cml_bot.collect import collect
from cml_bot.config import Config
from cml_bot.data_files import MOST_FACTS, read_data
from cml_bot.errors import ConfigError, InputError
from cml_bot.fingerprints import BLOCK, LARGEST_WHOLE, fingerprint
from cml_bot.model import Fact
from cml_bot.readers.dvc_lock import parse_lock, parse_pointer
from cml_bot.trees import FolderTree
from tests import repositories as real
from tests.repositories import Make

make = real.make

LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd: python src/prepare.py
    deps:
    - path: data/raw.csv
      hash: md5
      md5: a304afb96060aad90176268345e10355
      size: 14445097
    - path: src/prepare.py
      hash: md5
      md5: 285af85d794bb57e5d09ace7209f3519
      size: 1576
    - path: src
      hash: md5
      md5: 285af85d794bb57e5d09ace7209f3519.dir
      size: 1576
      nfiles: 3
    outs:
    - path: data/prepared
      hash: md5
      md5: 20b786b6e6f80e2b3fcf17827ad18597.dir
      size: 8437379
      nfiles: 2
  train@us:
    cmd: python train.py
    deps:
    - path: data/prepared/train.tsv
      md5: 20b786b6e6f80e2b3fcf17827ad18597
    - path: data
      md5: 20b786b6e6f80e2b3fcf17827ad18500.dir
    - path: data/images
      md5: 30b786b6e6f80e2b3fcf17827ad18500.dir
      nfiles: 1200
      size: 4130000
    - path: s3://key:secret@bucket/labels.csv?signature=abc
      etag: 0f343b0931126a20f133d67c2b018a3b
    - path: conf/model.yaml
      md5: 285af85d794bb57e5d09ace7209f3519
    - path: never_run.csv
"""


def values(facts: tuple[Fact, ...]) -> dict[str, str]:
    return {fact.name: fact.value for fact in facts}


class TestFingerprint:
    @pytest.mark.parametrize(
        ("name", "content", "detail"),
        [
            ("a.csv", b"x,y\n1,2\n3,4\n", "2 rows, 12\xa0B"),
            ("a.csv", b"x,y\n1,2\n3,4", "2 rows, 11\xa0B"),
            ("A.CSV", b"x\n1\n", "1 row, 4\xa0B"),
            ("a.tsv", b"", "0 rows, 0\xa0B"),
            ("a.jsonl", b"{}\n{}\n", "2 rows, 6\xa0B"),
            ("a.txt", b"one\ntwo", "2 lines, 7\xa0B"),
            ("a.bin", b"\n" * 2_500_000, "2.5\xa0MB"),
            ("a.csv", b"x\n" * 2_500_001, "2\u202f500\u202f000 rows, 5.0\xa0MB"),
        ],
    )
    def test_of_a_file(self, tmp_path: Path, name: str, content: bytes, detail: str) -> None:
        (tmp_path / name).write_bytes(content)
        found = fingerprint(tmp_path / name, f"data/{name}")
        expected = f"sha256:{hashlib.sha256(content).hexdigest()}"
        assert found == Fact(name=f"data/{name}", value=expected, detail=detail)

    def test_a_huge_file_is_sampled(self, tmp_path: Path) -> None:
        file = tmp_path / "huge.csv"
        size = LARGEST_WHOLE + 12345
        with file.open("wb") as data:
            data.truncate(size)
        first = fingerprint(file, "huge.csv")
        assert first.value.startswith("sampled:")
        assert first.detail == "1.1\xa0GB"
        for place in (0, size - 1, size - BLOCK):
            with file.open("r+b") as data:
                data.seek(place)
                data.write(b"x")
            changed = fingerprint(file, "huge.csv")
            assert changed.value != first.value
            first = changed
        os.truncate(file, size + 1)
        assert fingerprint(file, "huge.csv").value != first.value

    @given(size=st.integers(min_value=0, max_value=100), limit=st.integers(min_value=0, max_value=100))
    def test_every_size_has_one(self, tmp_path_factory: pytest.TempPathFactory, size: int, limit: int) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fingerprints, "LARGEST_WHOLE", limit + BLOCK)
            file = tmp_path_factory.getbasetemp() / "of_some_size.bin"
            file.write_bytes(b"x" * (size + BLOCK))
            assert fingerprint(file, "x").value.startswith("sampled:" if size > limit else "sha256:")

    def test_a_file_that_is_gone(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"a\.csv: cannot be read"):
            fingerprint(tmp_path / "a.csv", "a.csv")


class TestFiles:
    def test_globs_folders_and_names(self, make: Make) -> None:
        tree = make({"data/a.csv": "x\n1\n", "data/b/c.csv": "x\n", "labels.txt": "cat\n", "other.csv": "x\n"})
        facts, notes = read_data(tree, ("data", "labels.txt"))
        assert [fact.name for fact in facts] == ["data/a.csv", "data/b/c.csv", "labels.txt"]
        assert notes == ()
        facts, _ = read_data(tree, ("*.csv", "other.csv"))
        assert [fact.name for fact in facts] == ["other.csv"]

    def test_nothing_is_taken_by_default(self, make: Make) -> None:
        assert read_data(make({"data/a.csv": "x\n", "metrics.json": "{}"}), ()) == ((), ())

    def test_what_matches_nothing_is_named(self, make: Make) -> None:
        facts, (note,) = read_data(make({"a.csv": "x\n"}), ("data/*.csv", "a.csv"))
        assert [fact.name for fact in facts] == ["a.csv"]
        assert note.startswith("data: data/*.csv matches no file here")

    def test_a_pattern_that_leaves_the_workspace(self, make: Make) -> None:
        with pytest.raises(ConfigError, match="leaves the workspace"):
            read_data(make({"a.csv": "x\n"}), ("../*.csv",))

    def test_very_many_get_one_together(self, make: Make) -> None:
        files = {f"data/{n}.txt": f"{n}" for n in range(MOST_FACTS + 1)}
        [fact] = read_data(make(files), ("data",))[0]
        assert (fact.name, fact.value[:6], fact.detail) == ("data", "files:", "201 files")

    def test_lfs_pointer_and_file_are_the_same(self, make: Make) -> None:
        content = b"x,y\n1,2\n"
        digest = hashlib.sha256(content).hexdigest()
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {{}}\n"
        files = {"small.csv": pointer.format(8), "large.csv": pointer.format(2**31), "own.csv": content.decode()}
        facts, _ = read_data(make({**files, "odd.csv": pointer[:41] + "\n"}), ("*.csv",))
        assert values(facts) == {
            "small.csv": f"sha256:{digest}",
            "large.csv": f"lfs:{digest}",
            "own.csv": f"sha256:{digest}",
        }

    def test_what_may_not_be_read_is_a_note(self, tmp_path: Path) -> None:
        (tmp_path / "outside.csv").write_text("x\n")
        root = tmp_path / "work"
        root.mkdir()
        (root / "link.csv").symlink_to("../outside.csv")
        (root / "nowhere.csv").symlink_to("gone.csv")
        (root / "good.csv").write_text("x\n")
        (root / "closed.csv").write_text("x\n")
        (root / "closed.csv").chmod(0)
        facts, notes = read_data(FolderTree(root), ("*.csv",))
        names = [fact.name for fact in facts]
        assert "good.csv" in names
        assert "link.csv" not in names
        assert any("link.csv: is a link that leaves the workspace" in note for note in notes)
        assert any("nowhere.csv: is missing" in note for note in notes)
        if os.geteuid():
            assert any("closed.csv: may not be read" in note for note in notes)

    def test_collect_takes_them(self, make: Make) -> None:
        tree = make({"metrics.json": '{"a": 1}', "train.csv": "x\n1\n"})
        run = collect(tree, Config(data=("train.csv", "gone.csv")))
        assert [(fact.name, fact.detail) for fact in run.data] == [("train.csv", "1 row, 4\xa0B")]
        assert any("gone.csv" in note for note in run.notes)
        assert run.broken == run.unread == ()


class TestDvc:
    def test_raw_inputs_of_a_pipeline(self, make: Make) -> None:
        tree = make({"model/dvc.lock": LOCK, "model/src/prepare.py": "", "README.md": ""})
        facts, notes = read_data(tree, ())
        assert notes == ()
        assert facts == (
            Fact(name="model/data/raw.csv", value="md5:a304afb96060aad90176268345e10355", detail="14\xa0MB"),
            Fact(
                name="model/data/images",
                value="md5:30b786b6e6f80e2b3fcf17827ad18500.dir",
                detail="1\u202f200 files, 4.1\xa0MB",
            ),
            Fact(name="s3://bucket/labels.csv", value="etag:0f343b0931126a20f133d67c2b018a3b"),
        )

    def test_a_folder_with_a_program_is_code(self, make: Make) -> None:
        lock = "schema: '2.0'\nstages: {a: {deps: [{path: mypackage, md5: 1.dir}, {path: images, md5: 2.dir}]}}"
        tree = make({"dvc.lock": lock, "mypackage/deep/train.py": "", "images/a.png": ""})
        assert values(read_data(tree, ())[0]) == {"images": "md5:2.dir"}

    def test_the_form_before_dvc_2_and_working_folders(self, make: Make) -> None:
        lock = "train:\n  cmd: x\n  deps:\n  - {path: ../data/a.csv, md5: '12'}\n  - {path: b.csv, md5: '34'}\n"
        tree = make({"dvc.lock": lock, "dvc.yaml": "stages: {train: {wdir: sub, cmd: x}}"})
        assert values(read_data(tree, ())[0]) == {"data/a.csv": "md5:12", "sub/b.csv": "md5:34"}

    def test_what_was_added_by_hand(self, make: Make) -> None:
        tree = make(
            {
                "data/a.csv.dvc": "outs:\n- {path: a.csv, md5: ab12, size: 4130, hash: md5}\n",
                "data/images.dvc": "outs:\n- {path: images, md5: cd34.dir, nfiles: 2}\nwdir: ../pictures\n",
                "bucket.dvc": "outs:\n- path: b\n  files: [{relpath: x, md5: '1'}, {relpath: y, md5: '2'}]\n",
                "models/best.pt.dvc": "outs:\n- {path: best.pt, md5: ef56}\n",
                "model.pkl.dvc": "outs:\n- {path: model.pkl, md5: ef56}\n",
            }
        )
        facts, notes = read_data(tree, ())
        assert notes == ()
        found = values(facts)
        assert found.pop("b").startswith("files:")
        assert found == {"data/a.csv": "md5:ab12", "pictures/images": "md5:cd34.dir"}
        assert [fact.detail for fact in facts if fact.name != "b"] == ["4.1\xa0kB", "2 files"]
        assert "model.pkl" in values(read_data(tree, ("*.dvc",))[0])

    def test_the_lock_counts_before_what_was_added(self, make: Make) -> None:
        lock = "schema: '2.0'\nstages: {a: {deps: [{path: a.csv, md5: 'used'}]}}"
        tree = make({"a.csv.dvc": "outs: [{path: a.csv, md5: 'newer'}]", "dvc.lock": lock})
        assert values(read_data(tree, ())[0]) == {"a.csv": "md5:used"}

    def test_content_and_hash_of_dvc_stand_beside_each_other(self, make: Make) -> None:
        tree = make({"a.csv.dvc": "outs: [{path: a.csv, md5: 'used'}]", "a.csv": "x\n"})
        kinds = [(fact.name, fact.value[:6]) for fact in read_data(tree, ("a.csv", "*.dvc"))[0]]
        assert kinds == [("a.csv", "sha256"), ("a.csv", "md5:us")]

    @pytest.mark.parametrize("text", ["stages: [", "- 1", "", "\0", "a: &a [*a]", "plain"])
    def test_a_broken_lock_is_one_note(self, make: Make, text: str) -> None:
        tree = make({"dvc.lock": text, "a.csv.dvc": "outs: [{path: a.csv, md5: '12'}]"})
        facts, (note,) = read_data(tree, ())
        assert values(facts) == {"a.csv": "md5:12"}
        assert note.startswith("dvc.lock")

    def test_a_pointer_without_a_hash_is_a_note(self, make: Make) -> None:
        assert read_data(make({"a.csv.dvc": "outs: [{path: a.csv}]"}), ())[1] == (
            "a.csv.dvc: holds no hash of data. Run `dvc commit`, or delete the file.",
        )

    def test_both_sides_by_default(self, make: Make) -> None:
        tree = make({"metrics.json": '{"a": 1}', "dvc.lock": LOCK})
        assert len(collect(tree, Config()).data) == 3


ANY = st.recursive(
    st.none() | st.integers() | st.text(max_size=8) | st.sampled_from(["a/b", "../x", "md5", "s3://a@b/c"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["stages", "schema", "outs", "deps", "path", "md5", "files", "wdir"]), inner)
    ),
    max_leaves=20,
)


@given(document=ANY)
def test_no_document_of_dvc_breaks_it(document: object) -> None:
    text = json.dumps(document).encode()
    for parse in (parse_pointer, lambda data, where: parse_lock(data, where, {})):
        with suppress(InputError):
            assert all(fact.name and ":" in fact.value for fact in parse(text, "dvc.lock"))
