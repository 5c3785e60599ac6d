"""Tokens: where they come from, and how they are kept out of everything that people read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN = "MLBOT_TOKEN"
USUAL = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "bitbucket": "BITBUCKET_TOKEN"}
"""By forge, the variable that its other tools read."""
VARIABLES = frozenset(
    (
        *(OWN, *USUAL.values(), "GH_TOKEN", "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_PASSWORD"),
        # An address that may hold a password.
        "MLFLOW_TRACKING_URI",
    )
)
"""Variables that hold a token; no child process sees them. CI_JOB_TOKEN stays: GitLab's runner lets git ask for it."""
_TOKENS = re.compile(
    r"\bgh[oprsu]_[\w.-]{10,}"  # GitHub; the newer ones hold a JWT
    r"|github_pat_\w+"
    r"|\bgl(?:pat|oas|dt|rt|cbt|ptt|ft|soat|imt|agent|ffct)-[\w.-]{16,}"  # GitLab
    r"|\bATCTT3[\w=-]{16,}|\bATATT3[\w=-]{16,}|\bATBB\w{16,}"  # Bitbucket
    r"|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JWT
    r"|(?<=://)[^\s/@]+(?=@)"  # in an address
)


def names_of(forge: str) -> tuple[str, ...]:
    """Name the variables that may hold a token for a forge, the first that is set counts."""
    return (OWN, USUAL[forge]) if forge in USUAL else (OWN, *USUAL.values())


def find_token(env: Mapping[str, str], forge: str) -> str:
    """Read the token of a forge from the environment; empty when there is none."""
    return next((env[name].strip() for name in names_of(forge) if env.get(name, "").strip()), "")


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
    return _TOKENS.sub("(token)", text)
