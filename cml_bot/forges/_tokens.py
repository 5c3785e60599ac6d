"""Keeping tokens out of everything that people read."""

from __future__ import annotations

import re

TOKENS = re.compile(
    r"\bgh[oprsu]_[\w.-]{10,}"  # GitHub; the newer ones hold a JWT
    r"|github_pat_\w+"
    r"|\bgl(?:pat|oas|dt|rt|cbt|ptt|ft|soat|imt|agent|ffct)-[\w.-]{16,}"  # GitLab
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JWT
    r"|(?<=://)[^\s/@]+(?=@)"  # in an address
)


def redact(text: str, token: str = "") -> str:
    """Replace whatever looks like a token, and the one that is in use.

    Example:
        >>> redact("Bad credentials: ghs_16C7e42F292c6912E7")
        'Bad credentials: (token)'
        >>> redact("highs_and_lows of glucose-regression-model-2 at https://rose:secret@example.com")
        'highs_and_lows of glucose-regression-model-2 at https://(token)@example.com'
    """
    if token:
        text = text.replace(token, "(token)")
    return TOKENS.sub("(token)", text)
