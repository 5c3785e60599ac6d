"""Every kind of broken file in one workspace: a line each, everything else reported, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_cli import mlbot

BROKEN: dict[str, bytes] = {
    "empty_metrics.json": b"",
    "truncated_metrics.json": b'{"accuracy": 0.9, "los',
    "binary_metrics.json": bytes(range(256)) * 4,
    "deep_metrics.json": b'{"a":' * 3000 + b"1" + b"}" * 3000,
    "latin1_metrics.csv": "epoch,précision\n0,0.5\n1,0.6\n".encode("latin-1"),
    "header_only_metrics.csv": b"epoch,loss\n",
    "empty_metrics.yaml": b"",
    "broken_metrics.yaml": b"a: [1, 2\nb: }",
    "broken_metrics.toml": b"a = ",
    "bomb_metrics.yaml": b"a: &a [1,1,1,1,1,1,1,1,1]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)),
    "plots/lies.png": b"this is no picture",
    "plots/cut.png": b"\x89PN",
}
MENDED: dict[str, tuple[bytes, dict[str, object]]] = {
    "bom_metrics.json": (b'\xef\xbb\xbf{"bom": 1}', {"bom": 1}),
    "utf16_metrics.json": ('{"utf16": 2}'.encode("utf-16"), {"utf16": 2}),
    "duplicate_metrics.json": (b'{"dup": 1, "dup": 2}', {"dup": 2}),
    "nan_metrics.json": (b'{"nan": NaN, "inf": Infinity}', {"nan": "NaN", "inf": "Infinity"}),
    "big_metrics.json": (b'{"big": 123456789012345678901234567890}', {"big": 123456789012345678901234567890}),
}
MENDED_CSV = {
    "ragged_history.csv": b"epoch,ragged\n0,1.0\n1\n2,0.5,9\n3,0.25\n",
    "killed_history.jsonl": b'{"step": 0, "killed": 1.0}\n{"step": 1, "killed": 0.5}\n{"step": 2, "kil',
}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for name, data in BROKEN.items() | MENDED_CSV.items() | {(k, v[0]) for k, v in MENDED.items()}:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    (root / "metrics.json").write_text('{"accuracy": 0.9}')
    secret = tmp_path / "secret.json"
    secret.write_text('{"secret": 1}')
    (root / "link_metrics.json").symlink_to(secret)
    (root / "nowhere_metrics.json").symlink_to("gone.json")
    (root / "folder_metrics.json").mkdir()
    os.mkfifo(root / "pipe_metrics.json")
    return root


def test_each_costs_a_line_and_nothing_else(workspace: Path) -> None:
    done = mlbot(workspace, "report", "--sources", "**", "--format", "json")
    assert "Traceback" not in done.stderr
    assert done.returncode == 3
    report = json.loads(done.stdout)
    values = {delta["name"]: delta["head"]["value"] for delta in report["deltas"]}
    wanted = {name: value for _, found in MENDED.values() for name, value in found.items()}
    assert {name: values.get(name) for name in wanted} == wanted
    assert (values["accuracy"], values["ragged"], values["killed"]) == (0.9, 0.25, 0.5)
    assert "secret" not in values
    for name in (*BROKEN, *MENDED_CSV, "link_metrics.json", "duplicate_metrics.json", "nowhere_metrics.json"):
        lines = [line for line in report["notes"] if line.startswith(name)]
        assert len(lines) == 1, (name, lines)
        # Where, what happened, what to do.
        assert lines[0].count(". ") >= 1, lines[0]
        assert "\n" not in lines[0]


def test_discovered_files_cost_a_note_and_no_exit_code(workspace: Path) -> None:
    done = mlbot(workspace, "report")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)
    markdown = (workspace / "mlbot-report" / "report.md").read_text()
    for name in ("truncated_metrics.json", "deep_metrics.json", "bomb_metrics.yaml"):
        assert name in markdown


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    """Root may read everything, so the command runs as somebody else where the tests run as root."""
    code = (
        "import os, sys; os.chdir(sys.argv[1]); os.getuid() or (os.setgid(65534), os.setuid(65534));"
        "from pathlib import Path; from cml_bot.collect import collect; from cml_bot.config import Config;"
        "from cml_bot.trees import FolderTree;"
        "[print(line) for line in collect(FolderTree(Path('.')), Config(sources=('*.json',))).broken]"
    )
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text('{"x": 1}')
    (tmp_path / "a.json").chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    preloaded = "import hashlib, cml_bot.collect, cml_bot.config, cml_bot.readers.json_file, cml_bot.trees;"
    done = subprocess.run(
        [sys.executable, "-c", preloaded + code, str(tmp_path)], capture_output=True, encoding="utf-8"
    )
    [line] = done.stdout.splitlines()
    assert line.startswith("a.json")
    assert "Check its rights" in line
