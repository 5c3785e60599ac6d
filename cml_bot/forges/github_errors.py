"""The border: PyGithub's failures become ours, in plain words and with the cure. Loaded by `github.connect` alone."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from github import BadAttributeException, GithubException, RateLimitExceededException
from requests.exceptions import ProxyError, RequestException, SSLError, Timeout

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges._tokens import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

RIGHT = "permissions:\n  pull-requests: write\n  contents: read"
"""Naming one right takes away all others, and a checkout needs the second."""

NOT_AN_ANSWER = (
    AssertionError,
    AttributeError,
    BadAttributeException,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What PyGithub leaves when the other side does not speak as GitHub does: a proxy's page, a redirection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Border:
    """What a message needs to know of the connection."""

    host: str
    repo: str
    pull: int
    is_fork: bool
    token: str = field(repr=False)

    @contextmanager
    def crossing(self, call: str) -> Iterator[None]:
        """Turn every failure of one call.

        Raises:
            ForbiddenError: the token has not the right.
            PublishError: anything else.
        """
        where = f"GitHub, {call} ({self.repo}#{self.pull} at {self.host})"
        try:
            yield
        except GithubException as error:
            raise self._refusal(where, error) from self._cause(error)
        except RequestException as error:
            raise self._unreachable(where, error) from self._cause(error)
        except NOT_AN_ANSWER as error:
            cure = "Check GITHUB_API_URL, and any proxy on the way."
            raise PublishError(where, "the answer is not one of GitHub's", cure) from self._cause(error)

    def _cause(self, error: Exception) -> Exception | None:
        """Keep the chain, unless a traceback of it would show the token."""
        return None if self.token in f"{error} {error!r}" else error

    def _refusal(self, where: str, error: GithubException) -> PublishError:
        said = self._said(error)
        if _is_rate_limit(error):
            return PublishError(where, f"the rate limit is used up{said}", "Run the job again in an hour.")
        match error.status:
            case 401:
                cure = "Give the step a valid one: `env: GITHUB_TOKEN: ${{ github.token }}`."
                return PublishError(where, f"the token was not accepted{said}", cure)
            case 403:
                return ForbiddenError(where, f"the token may not do this{said}", self._grant(error))
            case 404:
                what = f"not found{said}: the token cannot see {self.repo}, or what was asked for is gone"
                cure = "Use a token of this repository; a fine-grained one must name it, a classic one needs `repo`."
                return PublishError(where, what, cure)
            case 422:
                return PublishError(where, f"the text was refused{said}", "If it is too long, report on fewer files.")
            case status if status >= 500:
                cure = "Run the job again: a comment that was stored after all is found and updated."
                return PublishError(where, f"GitHub answered {status}{said}", cure)
            case status:
                return PublishError(where, f"GitHub answered {status}{said}", "Run the job again.")

    def _said(self, error: GithubException) -> str:
        data = error.data if isinstance(error.data, dict) else {}
        details = data.get("errors")
        texts = [data.get("message"), *(details if isinstance(details, list) else [])]
        texts = [text.get("message") if isinstance(text, dict) else text for text in texts]
        said = "; ".join(" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip())
        return f" ({redact(said, self.token)[:300].rstrip('.')})" if said else ""

    def _grant(self, error: GithubException) -> str:
        said = self._said(error)
        if "personal access token" in said:
            return "Give the token the repository permission `Pull requests: Read and write`."
        if "locked" in said or "archived" in said:
            return "Unlock it, or do without a comment there: `--no-publish`."
        if "not accessible" not in said:
            return f"If it is the job's own token, the job needs\n\n{RIGHT}"
        if self.is_fork:
            return (
                "Pull requests from forks get a read-only token, whatever the workflow asks for: "
                f"the report is in the job's summary. In other builds the job needs\n\n{RIGHT}"
            )
        return f"Give the job the right (Dependabot and forks get a read-only token whatever it says):\n\n{RIGHT}"

    def _unreachable(self, where: str, error: RequestException) -> PublishError:
        match error:
            case ProxyError():
                return PublishError(
                    where, f"the proxy on the way to {self.host} refused", "Check HTTPS_PROXY, NO_PROXY."
                )
            case SSLError():
                cure = "Set REQUESTS_CA_BUNDLE to the certificates of your network."
                return PublishError(where, f"the certificate of {self.host} was not accepted", cure)
            case Timeout():
                return PublishError(where, f"{self.host} did not answer in time", "Run the job again.")
            case _:
                what = f"{self.host} could not be reached ({redact(_reason(error), self.token)})"
                return PublishError(where, what, "Check the network of the runner, and run the job again.")


def _is_rate_limit(error: GithubException) -> bool:
    headers = error.headers or {}
    if isinstance(error, RateLimitExceededException) or error.status == 429:
        return True
    if error.status != 403:
        return False
    # The retries read the body to tell a limit from a missing right: an empty one is what is left of a limit.
    return headers.get("x-ratelimit-remaining") == "0" or "retry-after" in headers or error.data is None


def _reason(error: RequestException) -> str:
    """Give the last words of the chain that urllib3 wraps around the system's.

    ``HTTPConnection(host='h', port=1): Failed to establish a new connection: [Errno 111] Connection refused``
    """
    inner = error.args[0] if error.args else error
    text = str(getattr(inner, "reason", inner))
    return re.sub(r"^.*?\): |^.*?object at 0x\w+>: ", "", " ".join(text.split()))[:200]
