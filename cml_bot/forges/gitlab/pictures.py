"""Pictures in the notes of GitLab: files that are uploaded to the project, and shown to whoever may read it."""

from __future__ import annotations

import hashlib
import re
from itertools import count
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, PassingError, PublishError
from cml_bot.review import Hosted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Figure

ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}
ADDRESS = r"/uploads/[0-9a-f]{10,32}/"
"""Relative, as GitLab gives it: it is read from the project whose note it stands in, and moves along with it.

Source: https://docs.gitlab.com/api/project_markdown_uploads/
"""


def host_pictures(
    figures: Sequence[Figure], shown: str, patience: Patience, upload: Callable[[str, bytes], object]
) -> Hosted:
    """Upload what our note does not show already; what fails costs its own picture alone."""
    addresses: dict[str, str] = {}
    problems: list[str] = []
    known: dict[str, str] = {}
    for figure in figures:
        mark = f"{hashlib.sha256(figure.data).hexdigest()[:12]}.{ENDINGS.get(figure.media, '')}"
        try:
            address = known.get(mark) or _find_shown(shown, mark) or _send(figure, mark, patience, upload)
        except ForbiddenError as error:
            return Hosted(addresses=addresses, problems=(*problems, str(error)))  # so would be all the others
        except PublishError as error:
            problems.append(str(error))
        else:
            addresses[figure.name] = known[mark] = address
    return Hosted(addresses=addresses, problems=tuple(problems))


def _find_shown(shown: str, mark: str) -> str:
    found = re.search(rf"{ADDRESS}[\w.+-]*-{re.escape(mark)}(?![\w.+-])", shown, re.ASCII)
    return found[0] if found else ""


def _send(figure: Figure, mark: str, patience: Patience, upload: Callable[[str, bytes], object]) -> str:
    """Upload one; again only when it is sure that nothing was stored: uploads cannot be looked up, and stay."""
    where = f"picture {figure.name!r}"
    if figure.media not in ENDINGS:
        raise PublishError(where, f"GitLab shows no {figure.media} in a note", "Save it as PNG.")
    name = f"{_plain(figure.name)}-{mark}"
    for tries in count(1):
        try:
            address = str(upload(name, figure.data))
            break
        except PassingError as error:
            if not error.took_no:
                raise
            patience.pause(error, tries)
    if not re.fullmatch(rf"{ADDRESS}[\w.+-]+", address, re.ASCII):
        raise PublishError(where, "GitLab gave no address for it that a note can show", "Look at it on the page.")
    return address


def _plain(name: str) -> str:
    """Give a name that GitLab keeps as it is, without an ending: what it does not keep it replaces."""
    stem = re.sub(r"\.(?:png|jpe?g|gif|webp)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip(".-")[:80] or "picture"
