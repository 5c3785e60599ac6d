"""Keeping tokens out of everything that people read."""

from __future__ import annotations

import re

TOKENS = re.compile(
    r"gh[oprsu]_[\w.-]+"  # GitHub; the newer ones hold a JWT
    r"|github_pat_\w+"
    r"|gl[a-z]{2,6}-[\w.-]{16,}"  # GitLab
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JWT
    r"|(?<=://)[^\s/@]+(?=@)"  # in an address
)


def redact(text: str, token: str = "") -> str:
    """Replace whatever looks like a token, and the one that is in use.

    Example:
        >>> redact("Bad credentials: ghs_16C7e42F292c6912E7")
        'Bad credentials: (token)'
    """
    if token:
        text = text.replace(token, "(token)")
    return TOKENS.sub("(token)", text)
