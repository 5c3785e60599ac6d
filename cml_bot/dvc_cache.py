"""DVC's cache in the workspace: where outputs lie that are in no commit.

Source: https://dvc.org/doc/user-guide/project-structure/internal-files#structure-of-the-cache-directory
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MD5 = re.compile("[0-9a-f]{32}")
_LAYOUTS = ("files/md5", "")
"""Below ``.dvc/cache``: of DVC 3, and of those before it."""


def find_cached(root: Path, md5: str) -> Path | None:
    """Return the file that holds a content; None where the cache has none, or a link in its place.

    Args:
        root: the workspace; the cache may lie at the top of the repository that it is a folder of.
        md5: the hash that a dvc.lock gives.
    """
    if not _MD5.fullmatch(md5):
        return None
    for folder in (root, *root.parents):
        if (folder / ".dvc").is_dir():
            places = (folder / ".dvc" / "cache" / layout / md5[:2] / md5[2:] for layout in _LAYOUTS)
            return next((place for place in places if place.is_file() and not place.is_symlink()), None)
    return None
