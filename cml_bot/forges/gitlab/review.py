"""The notes, statuses and uploads of one merge request, through python-gitlab. Loaded by `gitlab.connect` alone."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from gitlab import Gitlab

from cml_bot.errors import GoneError, PublishError
from cml_bot.forges._border import Refused
from cml_bot.forges._patience import REQUEST_SECONDS
from cml_bot.forges.gitlab import API, IN_A_FORK
from cml_bot.forges.gitlab.errors import Border, refuse
from cml_bot.forges.gitlab.find import find_review
from cml_bot.forges.gitlab.pictures import host_pictures
from cml_bot.forges.gitlab.rights import probe
from cml_bot.model import Outcome
from cml_bot.review import Comment, Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitlab.base import RESTObject
    from gitlab.v4.objects import ProjectMergeRequestNoteManager

    from cml_bot.forges._patience import Patience
    from cml_bot.model import Build, Figure
    from cml_bot.review import Hosted, Right, Status

LIMIT: Final = 100_000
"""Characters. GitLab takes 1,000,000, but builds its page anew for each reader: this is some thirty screens already."""
PAGE: Final = 100
DESCRIPTION: Final = 255
"""Characters of a status's line, and of its link.

Source: https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
"""


class GitLab:
    """A connection to the merge request of one build.

    An update is three requests, not two: neither the list of notes nor its headers tell whose token this is, and
    without knowing it a Maintainer's token would write into any stranger's note that holds our marker.
    """

    limit = LIMIT
    dialect = Dialect.GITLAB

    def __init__(self, build: Build, token: str, patience: Patience) -> None:
        self.patience = patience
        self._build = build
        self._server = build.server or build.api.removesuffix(API)
        self._me = ""
        self._border = Border(
            patience=patience,
            host=urlsplit(build.api).netloc,
            repo=build.repo,
            pull=build.pull,
            is_fork=build.is_fork,
            token=token,
        )
        # A Bearer token, because requests takes it away where it is sent elsewhere; PRIVATE-TOKEN it does not know.
        # The other base address counts for pages of lists: they stay on the server that the token is meant for.
        self._gitlab = Gitlab(
            build.api.removesuffix(API),
            oauth_token=token,
            timeout=REQUEST_SECONDS,
            user_agent="mlbot",
            keep_base_url=True,
        )
        self._gitlab.session.hooks["response"].append(refuse)  # before python-gitlab could wait as long as it is told
        self._project = self._gitlab.projects.get(build.repo, lazy=True)

    def comments(self) -> Iterator[Comment]:
        """Every note of the merge request that a person or a token wrote, oldest first, a page when it is needed."""
        page: int | None = 1
        while page is not None:
            notes, page = self._page(page)
            yield from notes

    def _page(self, number: int) -> tuple[list[Comment], int | None]:
        asked = {
            "order_by": "created_at",
            "sort": "asc",
            "activity_filter": "only_comments",
            "per_page": PAGE,
            "page": number,
        }
        notes = self._notes

        def read() -> tuple[list[Comment], int | None]:
            found = notes.list(iterator=True, get_next=False, query_parameters=asked)
            return [self._comment(note) for note in found if not note.system], found.next_page

        return self._border.repeat("listing comments", read)

    def create(self, body: str) -> Comment:
        """Post a note. Sent once, whatever happens: after a failure nobody knows whether it was stored."""
        notes = self._notes
        made = self._border.once("creating a comment", lambda: self._comment(notes.create({"body": body})))
        self._me = made.author
        return made

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace a note's text."""
        notes = self._notes

        def put() -> Comment:
            changed = notes.update(int(comment.id), {"body": body})
            if changed.get("id") != int(comment.id):
                raise LookupError(comment.id)
            return Comment(id=comment.id, author=comment.author, body=str(changed["body"]), url=comment.url)

        return self._border.repeat(f"updating comment {comment.id}", put)

    def delete(self, comment: Comment) -> None:
        """Delete a note; one that is gone already is no error."""
        notes = self._notes
        with suppress(GoneError):
            self._border.repeat(f"deleting comment {comment.id}", lambda: notes.delete(int(comment.id)))

    def is_mine(self, comment: Comment) -> bool:
        """Whether this token's user wrote it; asks GitLab once, unless it has created a note already."""
        if not self._me:
            self._me = self._border.repeat("asking whose token this is", self._read_me)
        return comment.author == self._me

    def _read_me(self) -> str:
        self._gitlab.auth()
        return str(self._gitlab.user.username if self._gitlab.user else "")

    def host(self, figures: Sequence[Figure], shown: str, name: str = "") -> Hosted:  # noqa: ARG002 - none is replaced
        """Upload figures to the project, in half of the time that is left; raises nothing."""
        border = replace(self._border, patience=self.patience.share(0.5))
        path = f"/projects/{self._project.encoded_id}/uploads"  # Project.upload encodes the name a second time

        def upload(name: str, data: bytes) -> object:
            def post() -> object:
                made = self._gitlab.http_post(path, files={"file": (name, data)})
                return made["url"] if isinstance(made, dict) else ""

            return border.once(f"uploading {name}", post)

        return host_pictures(figures, shown, border.patience, upload)

    def tell_status(self, status: Status) -> str:
        """Give the commit a status, in the pipeline that this job is part of; give the address of that pipeline.

        Source: https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
        """
        if not self._build.sha:
            raise PublishError("GitLab, marking the commit", "no commit is known", "Name it with --sha.")
        data: dict[str, Any] = {
            "state": "failed" if status.outcome is Outcome.FAIL else "success",
            "name": status.name,
            "description": shorten(status.line, DESCRIPTION, placeholder=" …"),
        }
        if 0 < len(status.url) <= DESCRIPTION:
            data["target_url"] = status.url
        # May be sent twice: of several finished statuses of a name GitLab shows the last, the others as retried.
        found = self._border.repeat("marking the commit", lambda: self._mark(data))
        return f"{self._server}/{self._build.repo}/-/pipelines/{found}" if found else ""

    def _mark(self, data: dict[str, Any]) -> int | None:
        sha, pipeline = self._build.sha, re.fullmatch(r"[1-9]\d*", self._build.run_id)
        if pipeline is None:
            return self._post_status(sha, data)
        number = int(pipeline[0])
        try:
            return self._post_status(sha, {**data, "pipeline_id": number})
        except Refused as error:
            if error.status != 404 or "Pipeline" not in error.said:
                raise
        # Of merged results a pipeline has a commit of its own. A status of the head would make a new pipeline there,
        # and GitLab would take that one for the merge request's.
        try:
            made_for = str(self._project.pipelines.get(number).sha)
        except Refused as error:
            if error.status not in (403, 404):
                raise
            return self._post_status(sha, data)
        return self._post_status(made_for, {**data, "pipeline_id": number})

    def _post_status(self, sha: str, data: dict[str, Any]) -> int | None:
        try:
            made = self._project.commits.get(sha, lazy=True).statuses.create(data)
        except Refused as error:
            if error.status == 400 and "Cannot transition status" in error.said:  # another job was as quick
                return data.get("pipeline_id")
            if error.status == 404 and "References" in error.said:
                what = "the commit is on no branch of this project, and in no pipeline of it"
                raise PublishError("GitLab, marking the commit", what, IN_A_FORK) from error
            raise
        int(made.attributes["id"])  # else it is no status
        found = made.attributes.get("pipeline_id")
        return found if isinstance(found, int) else None

    def find_review(self) -> Build:
        """Ask GitLab for the merge request of the build, and for its head and base."""
        return find_review(self._build, self._border, self._project)

    def read_artifacts(self, run_id: str, name: str) -> Iterator[tuple[str, bytes]]:
        """Refuse: a later job of a pipeline has the files of the earlier ones already.

        Raises:
            PublishError: always.
        """
        where, what = f"artifacts {name!r} of {run_id}", "on GitLab they are files of the job"
        raise PublishError(where, what, "Give the path of the bundle; `needs:` or `dependencies:` brings it there.")

    def probe(self) -> Iterator[Right]:
        """Find out what the token may do, without leaving a trace."""
        return probe(self._build, self._border, self._gitlab, self._project)

    @property
    def _notes(self) -> ProjectMergeRequestNoteManager:
        if self._build.pull is None:
            where, what = "GitLab", "this build belongs to no merge request"
            cure = "Run it in a pipeline of one: `rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}]`."
            raise PublishError(where, what, cure)
        return self._project.mergerequests.get(self._build.pull, lazy=True).notes

    def _comment(self, note: RESTObject) -> Comment:
        number = int(note.id)
        url = f"{self._server}/{self._build.repo}/-/merge_requests/{self._build.pull}#note_{number}"
        author = str(note.author["username"]) if note.author else ""  # of an account that is gone
        return Comment(id=str(number), author=author, body=note.body or "", url=url)
