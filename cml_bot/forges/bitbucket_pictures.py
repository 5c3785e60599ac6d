"""Pictures in the comments of Bitbucket: files among the repository's downloads, for whoever may read it."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges.bitbucket_line import Call
from cml_bot.review import Hosted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.forges.bitbucket_line import Line
    from cml_bot.model import Figure

ENDINGS: Final = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
RIGHT: Final = "repository:write"


def host_pictures(figures: Sequence[Figure], shown: str, line: Line, downloads: str) -> Hosted:
    """Upload what our comment does not show already; what fails costs its own picture alone.

    Args:
        figures: what to show.
        shown: the comment as it is.
        line: the way to Bitbucket.
        downloads: the address of the repository's downloads.
    """
    addresses: dict[str, str] = {}
    problems: list[str] = []
    known: dict[str, str] = {}
    for figure in figures:
        mark = f"{hashlib.sha256(figure.data).hexdigest()[:12]}.{ENDINGS.get(figure.media, '')}"
        try:
            address = known.get(mark) or _find_shown(shown, downloads, mark) or _send(figure, mark, line, downloads)
        except ForbiddenError as error:
            return Hosted(addresses=addresses, problems=(*problems, str(error)))  # so would be all the others
        except PublishError as error:
            problems.append(str(error))
        else:
            addresses[figure.name] = known[mark] = address
    return Hosted(addresses=addresses, problems=tuple(problems))


def _find_shown(shown: str, downloads: str, mark: str) -> str:
    found = re.search(rf"{re.escape(downloads)}/[\w.+-]*-{re.escape(mark)}(?![\w.+-])", shown, re.ASCII)
    return found[0] if found else ""


def _send(figure: Figure, mark: str, line: Line, downloads: str) -> str:
    if figure.media not in ENDINGS:
        raise PublishError(f"picture {figure.name!r}", f"Bitbucket shows no {figure.media}", "Save it as PNG.")
    name = f"{_plain(figure.name)}-{mark}"
    files = {"files": (name, figure.data, figure.media)}
    call = Call(name=f"uploading {name}", method="POST", path="/downloads", right=RIGHT, files=files, is_answered=False)
    # May be sent twice: a file of the same name is replaced, and the name tells the bytes.
    line.repeat(call, lambda _: None)
    return f"{downloads}/{name}"


def _plain(name: str) -> str:
    """Give a name that needs no quoting in an address, without an ending."""
    stem = re.sub(r"\.(?:png|jpe?g|gif|webp)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip(".-")[:80] or "picture"
