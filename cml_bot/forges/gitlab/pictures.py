"""Pictures in the notes of GitLab: files that are uploaded to the project, and shown to whoever may read it."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING

from cml_bot.errors import PassingError, PublishError
from cml_bot.forges._pictures import host_each, name_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Figure
    from cml_bot.review import Hosted

ADDRESS = r"/uploads/[0-9a-f]{10,32}/"
"""Relative, as GitLab gives it: it is read from the project whose note it stands in, and moves along with it.

Source: https://docs.gitlab.com/api/project_markdown_uploads/
"""


def host_pictures(
    figures: Sequence[Figure], shown: str, patience: Patience, upload: Callable[[str, bytes], object]
) -> Hosted:
    """Upload what our note does not show already; what fails costs its own picture alone."""
    return host_each(figures, shown, ADDRESS, lambda figure: _send(figure, patience, upload))


def _send(figure: Figure, patience: Patience, upload: Callable[[str, bytes], object]) -> str:
    """Upload one; again only when it is sure that nothing was stored: uploads cannot be looked up, and stay."""
    name = name_file(figure)
    for tries in count(1):
        try:
            address = str(upload(name, figure.data))
            break
        except PassingError as error:
            if not error.took_no:
                raise
            patience.pause(error, tries)
    if not re.fullmatch(rf"{ADDRESS}[\w.+-]+", address, re.ASCII):
        where = f"picture {figure.name!r}"
        raise PublishError(where, "GitLab gave no address for it that a note can show", "Look at it on the page.")
    return address
