"""Files of strangers: no link, no pipe, no folder, and only up to a limit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cml_bot.errors import InputError
from cml_bot.plain_file import read_plain


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 9)
    assert read_plain(tmp_path / "a", 9, "a") == b"x" * 9
    with pytest.raises(InputError, match=r"^a: has more than .* MiB\. Save it smaller"):
        read_plain(tmp_path / "a", 8, "a")


@pytest.mark.parametrize(
    ("name", "said"),
    [("missing", "was not found"), ("link", "is a link"), ("pipe", "is no plain file"), ("folder", "is a folder")],
)
def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match=f"^it: {said}. Make it anew.$"):
        read_plain(tmp_path / name, 9, "it", "Make it anew.")
