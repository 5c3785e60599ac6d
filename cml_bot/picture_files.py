"""Picture files that a text names: only what lies open in the workspace, and only what forges show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cml_bot.errors import InputError
from cml_bot.model import ENDINGS, Figure
from cml_bot.plain_file import read_plain
from cml_bot.readers.image_file import find_media
from cml_bot.review import LARGEST_PICTURE, SHOWN_MEDIA

if TYPE_CHECKING:
    from pathlib import Path


def read_picture(address: str, folder: Path, root: Path) -> Figure:
    """Read the picture that an address means, as it lies in the workspace.

    The text was written by the job, and the job may run a stranger's code: a link or a name must not bring a file of
    the machine into the review.

    Args:
        address: a path, with percent signs, query and fragment as in a browser.
        folder: what a relative path starts from.
        root: the top of the workspace.

    Raises:
        InputError: it is missing, lies elsewhere, or is no picture that forges show.
    """
    where = address
    path = find_inside(folder / unquote(re.split("[?#]", address, maxsplit=1)[0].strip()), root, where)
    told = path.relative_to(root.resolve())
    if any(part.startswith(".") for part in told.parts):
        raise InputError(where, "is hidden, or lies in a hidden folder", "Save the picture in an open one.")
    data = read_plain(path, LARGEST_PICTURE, where)
    media = find_media(data)
    if media not in SHOWN_MEDIA:
        what = "is SVG, which forges do not show" if media else "is not a picture" if data else "is empty"
        raise InputError(where, what, "Save it as PNG." if media else "Save it as PNG, JPEG, GIF or WebP.")
    return Figure(name=_name(told, media), media=media, data=data, source=told.as_posix())


def find_inside(path: Path, root: Path, where: str) -> Path:
    """Follow all links of a path, and give where it really is.

    Raises:
        InputError: that is nowhere, or not in the workspace.
    """
    try:
        real = path.resolve(strict=True)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(
            where, "was not found", "Look how it is spelled, and from which folder it is meant."
        ) from error
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(where, "cannot be a file", "Look how it is spelled.") from error
    if not real.is_relative_to(root.resolve()):
        raise InputError(where, "lies outside of the workspace", "Save it in the workspace.")
    return real


def _name(path: Path, media: str) -> str:
    """Make a name for where files are kept: of plain letters, and with the ending of what it holds."""
    is_right = path.suffix.lower().removeprefix(".") in ENDINGS[media]
    stem, ending = (path.with_suffix(""), path.suffix) if is_right else (path, f".{ENDINGS[media][0]}")
    plain = re.sub(r"[^A-Za-z0-9_.]+", "-", stem.as_posix())[-100:].strip("-.")
    return f"{plain or 'picture'}{ending.lower()}"
