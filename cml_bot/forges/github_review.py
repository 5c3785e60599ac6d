"""The comments of one pull request on GitHub, through PyGithub. Loaded by `github.connect` alone: it costs 0.2 s."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from github import Auth, Github, GithubRetry

from cml_bot.forges.github_errors import Border
from cml_bot.model import Comment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from github.IssueComment import IssueComment
    from github.NamedUser import NamedUser
    from github.Organization import Organization
    from urllib3.response import BaseHTTPResponse

    from cml_bot.model import Build

LIMIT = 65_000
"""Characters. The message of a refusal says 65,536 of them, what is counted are 262,144 bytes: this keeps below both.

Source: https://github.com/dead-claudia/github-limits
"""
ACTIONS_BOT = "github-actions[bot]"
TIMEOUT = 20
MAX_WAIT = 60
"""Seconds that one pause between two tries may last."""


class GitHub:
    """A connection to the pull request of one build."""

    limit = LIMIT

    def __init__(self, build: Build, token: str, patience: float) -> None:
        _hush()
        self._is_installation = token.startswith("ghs_")
        self._border = Border(
            host=urlsplit(build.api).netloc, repo=build.repo, pull=build.pull or 0, is_fork=build.is_fork, token=token
        )
        with self._border.crossing("connecting"):
            self._github = Github(
                auth=Auth.Token(token),
                base_url=build.api,
                lazy=True,
                per_page=100,
                timeout=TIMEOUT,
                seconds_between_requests=0,
                seconds_between_writes=0,
                user_agent="mlbot",
                retry=_retry(patience),
            )
            self._issue = self._github.get_repo(build.repo).get_issue(build.pull or 0)

    def comments(self) -> Iterator[Comment]:
        """Every comment of the pull request, oldest first, a page when it is needed."""
        with self._border.crossing("listing comments"):
            yield from map(_comment, self._issue.get_comments())

    def create(self, body: str) -> Comment:
        """Post a comment. Sent once, whatever happens: after a failure nobody knows whether it was stored."""
        with self._border.crossing("creating a comment"):
            return _comment(self._issue.create_comment(body))

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text."""
        with self._border.crossing(f"updating comment {comment.id}"):
            found = self._issue.get_comment(int(comment.id))
            found.edit(body)
            return _comment(found)

    def is_mine(self, comment: Comment) -> bool:
        """Whether this token's user wrote it; asks GitHub once, and only where the author leaves it open."""
        if comment.author.endswith("[bot]") != self._is_installation:
            return False
        return comment.author == ACTIONS_BOT or comment.author == self._login

    @cached_property
    def _login(self) -> str:
        with self._border.crossing("asking whose token this is"):
            if not self._is_installation:
                return self._github.get_user().login
            # GET /user is refused to installations.
            _, answer = self._github.requester.graphql_query("query { viewer { login } }", {})
            return str(answer["data"]["viewer"]["login"])


def _hush() -> None:
    """Leave the telling to our errors: PyGithub prints its notes to the log of the job, urllib3 one for every try."""
    for name in ("github", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)


class _Retry(GithubRetry):
    """Tries again, but never waits long, whatever the forge asks for."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        asked = super().get_retry_after(response)
        return None if asked is None else min(asked, self.secondary_rate_wait)


def _retry(patience: float) -> _Retry:
    """Send again what may be sent twice: not POST, which would double a comment that was stored in spite of a 502."""
    return _Retry(
        total=3,
        backoff_factor=patience,
        allowed_methods={"GET", "PUT", "DELETE", "PATCH"},
        status_forcelist=[429, 500, 502, 503, 504],
        raise_on_status=False,
        secondary_rate_wait=MAX_WAIT * patience,
        max_rate_limit_wait=MAX_WAIT * patience,
    )


def _comment(found: IssueComment) -> Comment:
    number = int(found.id)  # PyGithub gives None where an answer has none
    return Comment(id=str(number), author=_author(found.user), body=found.body or "", url=found.html_url)


def _author(user: NamedUser | Organization | None) -> str:
    """Give the login; empty for an account that is gone, and for one that only looks like a bot."""
    if user is None or (user.login.endswith("[bot]") and user.type != "Bot"):
        return ""
    return user.login
