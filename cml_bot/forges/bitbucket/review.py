"""The comments, statuses and pictures of one pull request on Bitbucket. Loaded by `bitbucket.connect` alone."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from cml_bot.errors import GoneError, PublishError
from cml_bot.forges.bitbucket.calls import Call, Line, NotOursError, nothing
from cml_bot.forges.bitbucket.find import find_review
from cml_bot.forges.bitbucket.owner import Owner
from cml_bot.forges.bitbucket.pictures import host_pictures
from cml_bot.forges.bitbucket.rights import probe
from cml_bot.model import Outcome
from cml_bot.review import Comment, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build, Figure
    from cml_bot.review import Hosted, Right, Status

LIMIT: Final = 32_000
"""Characters. Bitbucket documents none; its sister for data centers takes 32,768, and others keep to that here too."""
READ: Final = "pullrequest"
WRITE: Final = "pullrequest:write"
MARK: Final = "repository:write"
NAME: Final = 255
LONGEST_URL: Final = 450
"""Characters of a status's link; its name and line have `NAME`, its key 40.

Source: https://github.com/jenkinsci/bitbucket-branch-source-plugin/pull/928
"""


class Bitbucket:
    """A connection to the pull request of one build."""

    limit = LIMIT
    dialect = Dialect.BITBUCKET

    def __init__(self, build: Build, token: str, patience: Patience) -> None:
        self.patience = patience
        self._build = build
        self._line = Line(build, token, patience)
        self._owner = Owner(self._line, token)
        self._home = f"{build.server}/{build.repo}"

    def comments(self) -> Iterator[Comment]:
        """Every comment on the pull request as a whole, oldest first; all pages at once, for the youngest may count."""
        path, query = self._path, {"pagelen": "100"}
        found: list[tuple[int, bool, Comment]] = []
        asked: list[dict[str, str]] = []
        while query:
            if query in asked:
                raise PublishError("Bitbucket, listing comments", "its pages have no end", "Run the job again.")
            asked.append(query)
            call = Call(name="listing comments", method="GET", path=path, right=READ, query=query)
            page, query = self._line.repeat(call, self._read_page)
            found += page
        found.sort(key=lambda one: one[0])
        self._owner.look_at((comment, is_app) for _, is_app, comment in found)
        yield from (comment for _, _, comment in found)

    def _read_page(self, data: Any) -> tuple[list[tuple[int, bool, Comment]], dict[str, str]]:
        # Whatever server the link to the next page names, the token goes to ours.
        query = dict(parse_qsl(urlsplit(str(data.get("next") or "")).query))
        texts = [one for one in data["values"] if not one.get("deleted") and not one.get("inline")]
        return [(int(one["id"]), _is_app(one), self._comment(one)) for one in texts], query

    def create(self, body: str) -> Comment:
        """Post a comment. Sent once, whatever happens: after a failure nobody knows whether it was stored."""
        call = Call(name="creating a comment", method="POST", path=self._path, right=WRITE, data=_content(body))
        made = self._line.once(call, self._comment)
        self._owner.learn(made)
        return made

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a comment's text. Bitbucket lets nobody but its author do so."""
        name, path = f"updating comment {comment.id}", f"{self._path}/{comment.id}"
        call = Call(name=name, method="PUT", path=path, right=WRITE, data=_content(body))
        try:
            return self._line.repeat(call, self._comment)
        except GoneError:
            self._owner.miss(comment)
            raise
        except NotOursError as error:
            if self._owner.is_sure:
                raise
            self._owner.rule_out(comment)
            raise GoneError(f"Bitbucket, {name}", "another token wrote it", "Run the job again.") from error

    def delete(self, comment: Comment) -> None:
        """Delete a comment; one that is gone already is no error."""
        name, path = f"deleting comment {comment.id}", f"{self._path}/{comment.id}"
        with suppress(GoneError):
            self._line.repeat(Call(name=name, method="DELETE", path=path, right=WRITE), nothing)

    def is_mine(self, comment: Comment) -> bool:
        """Whether this token wrote it, as far as Bitbucket tells; see `Owner`."""
        return self._owner.is_mine(comment)

    def host(self, figures: Sequence[Figure], shown: str, name: str = "") -> Hosted:  # noqa: ARG002 - none is replaced
        """Upload figures to the repository's downloads, in half of the time that is left; raises nothing."""
        return host_pictures(figures, shown, self._line.share(0.5), f"{self._home}/downloads")

    def tell_status(self, status: Status) -> str:
        """Give the commit a build status; give the address of the commit, where it is shown."""
        sha = self._build.sha
        if not sha:
            raise PublishError("Bitbucket, marking the commit", "no commit is known", "Name it with --sha.")
        commit = f"{self._home}/commits/{sha}"
        links = [_plain(url) for url in (status.url, self._build.url, commit)]
        data = {
            "type": "build",
            "key": f"mlbot-{hashlib.sha256(status.name.encode(errors='surrogatepass')).hexdigest()[:32]}",
            "state": "FAILED" if status.outcome is Outcome.FAIL else "SUCCESSFUL",
            "name": shorten(status.name, NAME, placeholder=" …"),
            "description": shorten(status.line, NAME, placeholder=" …"),
            "url": next((url for url in links if 0 < len(url) <= LONGEST_URL), _plain(self._home)),
        }
        path = f"/commit/{sha}/statuses/build"
        call = Call(name="marking the commit", method="POST", path=path, right=MARK, data=data)
        # May be sent twice: a status of the same key is replaced.
        self._line.repeat(call, lambda made: made["key"])
        return commit

    def find_review(self) -> Build:
        """Ask Bitbucket for the pull request of the build, and for its head and base."""
        return find_review(self._build, self._line)

    def read_artifacts(self, run_id: str, name: str) -> Iterator[tuple[str, bytes]]:
        """Refuse: a later step of a pipeline has the files of the earlier ones already.

        Raises:
            PublishError: always.
        """
        where, what = f"artifacts {name!r} of {run_id}", "on Bitbucket they are files of the step"
        raise PublishError(where, what, "Give the path of the bundle; `artifacts:` brings it to a later step.")

    def probe(self) -> Iterator[Right]:
        """Find out what the token may do, without leaving a trace."""
        return probe(self._build, self._line, is_access_token=self._owner.is_access_token)

    @property
    def _path(self) -> str:
        if self._build.pull is None:
            cure = "Run it in a pipeline of one: `pipelines: {pull-requests: {'**': …}}`."
            raise PublishError("Bitbucket", "this build belongs to no pull request", cure)
        return f"/pullrequests/{self._build.pull}/comments"

    def _comment(self, data: Any) -> Comment:
        number, user = int(data["id"]), data.get("user") or {}  # of an account that is gone
        author = str(user.get("uuid") or user.get("account_id") or "")
        url = f"{self._home}/pull-requests/{self._build.pull}#comment-{number}"
        return Comment(id=str(number), author=author, body=str(data["content"]["raw"] or ""), url=url)


def _content(body: str) -> Mapping[str, object]:
    return {"type": "pullrequest_comment", "content": {"raw": body}}


def _is_app(data: Any) -> bool:
    """Whether an access token wrote it, and no person."""
    return (data.get("user") or {}).get("type") == "app_user"


def _plain(url: str) -> str:
    """Give a link in which Bitbucket finds none of its variables."""
    return url.replace("{", "%7B").replace("}", "%7D")
