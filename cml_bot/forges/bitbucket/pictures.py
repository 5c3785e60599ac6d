"""Pictures in the comments of Bitbucket: files among the repository's downloads, for whoever may read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cml_bot.forges._pictures import host_each, name_file
from cml_bot.forges.bitbucket.calls import Call, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cml_bot.forges.bitbucket.calls import Line
    from cml_bot.model import Figure
    from cml_bot.review import Hosted

RIGHT: Final = "repository:write"


def host_pictures(figures: Sequence[Figure], shown: str, line: Line, downloads: str) -> Hosted:
    """Upload what our comment does not show already; what fails costs its own picture alone.

    Args:
        figures: what to show.
        shown: the comment as it is.
        line: the way to Bitbucket.
        downloads: the address of the repository's downloads.
    """
    place = f"{re.escape(downloads)}/"
    return host_each(figures, shown, place, lambda figure: _send(figure, line, downloads))


def _send(figure: Figure, line: Line, downloads: str) -> str:
    name = name_file(figure)
    files = {"files": (name, figure.data, figure.media)}
    call = Call(name=f"uploading {name}", method="POST", path="/downloads", right=RIGHT, files=files, is_answered=False)
    # May be sent twice: a file of the same name is replaced, and the name tells the bytes.
    line.repeat(call, nothing)
    return f"{downloads}/{name}"
