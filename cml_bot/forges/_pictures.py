"""Pictures that a forge hosts: the names of their files, and how what a comment shows already is not sent again."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.model import ENDINGS
from cml_bot.review import SHOWN_MEDIA, Hosted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cml_bot.model import Figure


def mark_of(figure: Figure) -> str:
    """Tell the bytes of a picture by the end of its file's name: a digest, and the ending of its type.

    Raises:
        PublishError: forges show no pictures of its type.

    Example:
        >>> from cml_bot.model import Figure
        >>> mark_of(Figure(name="loss", media="image/png", data=b"1"))
        '6b86b273ff34.png'
    """
    if figure.media not in SHOWN_MEDIA:
        where = f"picture {figure.name!r}"
        raise PublishError(where, f"comments show no pictures of the type {figure.media}", "Save it as PNG.")
    return f"{hashlib.sha256(figure.data).hexdigest()[:12]}.{ENDINGS[figure.media][0]}"


def name_file(figure: Figure) -> str:
    """Name a file by the figure and what is in it, in characters that need no quoting in an address.

    Raises:
        PublishError: forges show no pictures of its type.

    Example:
        >>> from cml_bot.model import Figure
        >>> name_file(Figure(name="val/loss.png", media="image/png", data=b"1"))
        'val-loss-6b86b273ff34.png'
    """
    stem = re.sub(r"\.(?:png|jpe?g|gif|webp)$", "", figure.name, flags=re.IGNORECASE)
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip(".-")[:80] or "picture"
    return f"{plain}-{mark_of(figure)}"


def host_each(figures: Sequence[Figure], shown: str, place: str, send: Callable[[Figure], str]) -> Hosted:
    """Host figures one by one; what fails costs its own picture alone.

    Args:
        figures: what to show.
        shown: our comment as it is.
        place: what the address of each begins with, as a regular expression.
        send: uploads one under `name_file` and gives its address.
    """
    addresses: dict[str, str] = {}
    problems: list[str] = []
    known: dict[str, str] = {}
    for figure in figures:
        try:
            mark = mark_of(figure)
            address = known.get(mark) or _find_shown(shown, place, mark) or send(figure)
        except ForbiddenError as error:
            return Hosted(addresses=addresses, problems=(*problems, str(error)))  # so would be all the others
        except PublishError as error:
            problems.append(str(error))
        else:
            addresses[figure.name] = known[mark] = address
    return Hosted(addresses=addresses, problems=tuple(problems))


def _find_shown(shown: str, place: str, mark: str) -> str:
    found = re.search(rf"{place}[\w.+-]*-{re.escape(mark)}(?![\w.+-])", shown, re.ASCII)
    return found[0] if found else ""
