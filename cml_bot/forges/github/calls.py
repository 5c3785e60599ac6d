"""Requests to GitHub's interface through PyGithub. Loaded by `github.connect` alone: PyGithub costs 0.2 s.

PyGithub's objects ask again for whatever an answer lacks, at times nobody expects; so its requests are used, and what
they bring is read here.

Source: https://docs.github.com/en/rest
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from github import Auth, Github
from requests.utils import parse_header_links

from cml_bot.forges._patience import REQUEST_SECONDS
from cml_bot.forges.github.errors import Border, Call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build

Found = TypeVar("Found")
VERSION = "2022-11-28"
"""Of the interface; Enterprise Servers know it since 3.9, and older ones do not look."""
HEADERS = {"Accept": "application/vnd.github+json"}
PAGE = 100
REPEATABLE = frozenset({"GET", "PATCH", "DELETE"})


class Calls:
    """The wire to one repository. A path that begins with a slash is one below it."""

    def __init__(self, build: Build, token: str, patience: Patience) -> None:
        _hush()
        self.patience = patience
        self.repo = build.repo
        place = build.repo if build.pull is None else f"{build.repo}#{build.pull}"
        self.border = Border(host=urlsplit(build.api).netloc, place=place, is_fork=build.is_fork, token=token)
        with self.border.reading(Call(name="connecting")):
            self.requester = Github(
                auth=Auth.Token(token),
                base_url=build.api,
                lazy=True,
                per_page=PAGE,
                timeout=int(REQUEST_SECONDS),
                seconds_between_requests=0,
                seconds_between_writes=0,
                user_agent="mlbot",
                retry=None,
                api_version=VERSION,
            ).requester

    def send(
        self,
        call: Call,
        method: str,
        path: str,
        data: Mapping[str, object] | None = None,
        *,
        read: Callable[[Any], Found],
        asked: Mapping[str, object] | None = None,
        is_safe: bool | None = None,
    ) -> Found:
        """Send a request, again where that does no harm, and give what is read of the answer.

        Args:
            call: what it is for.
            method: of HTTP.
            path: below the repository.
            data: its body.
            read: takes what is wanted of the answer; what it cannot read is not one of GitHub's.
            asked: its query.
            is_safe: whether it may be sent twice, where the method does not tell.

        Raises:
            PublishError: GitHub refused, or could not be reached.
        """
        address, query, body = self.address(path), dict(asked or {}), data and dict(data)

        def work() -> Found:
            with self.border.reading(call):
                return read(self.requester.requestJsonAndCheck(method, address, query, dict(HEADERS), input=body)[1])

        may_repeat = method in REPEATABLE if is_safe is None else is_safe
        return self.patience.repeat(work) if may_repeat else self.patience.once(work)

    def pages(
        self, call: Call, path: str, asked: Mapping[str, object] | None = None, *, read: Callable[[Any], Found]
    ) -> Iterator[Found]:
        """Yield page after page, each when it is needed.

        Raises:
            PublishError: GitHub refused, or could not be reached.
        """
        address: str | None = self.address(path)
        query: dict[str, object] = {"per_page": PAGE, **(asked or {})}
        while address:
            found, address = self._page(call, address, query, read)
            query = {}
            yield found

    def _page(
        self, call: Call, address: str, query: dict[str, object], read: Callable[[Any], Found]
    ) -> tuple[Found, str | None]:
        def work() -> tuple[Found, str | None]:
            with self.border.reading(call):
                headers, answer = self.requester.requestJsonAndCheck("GET", address, query, dict(HEADERS))
                links = parse_header_links(headers.get("link", ""))
                return read(answer), next((link["url"] for link in links if link.get("rel") == "next"), None)

        return self.patience.repeat(work)

    def ask_user(self, call: Call) -> str:
        """Give the login of a person's token.

        Raises:
            PublishError: GitHub refused, or could not be reached.
        """

        def work() -> str:
            with self.border.reading(call):
                return str(self.requester.requestJsonAndCheck("GET", "/user", {}, dict(HEADERS))[1]["login"])

        return self.patience.repeat(work)

    def ask_viewer(self, call: Call) -> str:
        """Give the login of an app's token. The only way to learn it, and it changes nothing, so it may be repeated.

        Raises:
            PublishError: GitHub refused, or could not be reached.
        """

        def work() -> str:
            with self.border.reading(call):
                return str(self.requester.graphql_query("query { viewer { login } }", {})[1]["data"]["viewer"]["login"])

        return self.patience.repeat(work)

    def address(self, path: str) -> str:
        """Give the path of something below the repository."""
        return f"/repos/{self.repo}{path}"


def _hush() -> None:
    """Leave the telling to our errors: PyGithub prints its notes to the log of the job, urllib3 one for every try."""
    for name in ("github", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
