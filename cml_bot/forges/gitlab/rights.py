"""What a token may do on GitLab, found out by requests that cannot be carried out: the right is looked at first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, PublishError
from cml_bot.forges.gitlab import TO_MAKE_ONE
from cml_bot.forges.gitlab.errors import Refused
from cml_bot.review import Right

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlab import Gitlab
    from gitlab.v4.objects import Project

    from cml_bot.forges.gitlab.errors import Border
    from cml_bot.model import Build

NO_COMMIT = "0" * 40
NO_ANSWER = "The server took a request that it should have refused; its rules are not those that mlbot knows."


def probe(build: Build, border: Border, gitlab: Gitlab, project: Project) -> Iterator[Right]:
    """Yield what a report needs, and whether the token may do it."""
    if build.pull is None:
        yield _try("read the project", border, lambda: bool(gitlab.projects.get(build.repo)))
        cure = "This build belongs to no merge request: ask in the pipeline of one."
        yield Right(name="comment on the merge request", is_given=None, cure=cure)
    else:
        number = build.pull
        yield _try("read the merge request", border, lambda: bool(project.mergerequests.get(number)))
        notes = project.mergerequests.get(number, lazy=True).notes
        # A note has to have a text, which is looked at when it is about to be stored.
        yield _try("comment on the merge request", border, lambda: _is_refused(lambda: notes.create({"body": ""}), 400))
    statuses = project.commits.get(NO_COMMIT, lazy=True).statuses
    # The state is checked before the right, the commit after it.
    status = {"state": "success", "name": "mlbot"}
    yield _try("mark the commit", border, lambda: _is_refused(lambda: statuses.create(status), 404, "Commit"))
    path = f"/projects/{project.encoded_id}/uploads"
    # Whoever may read a project may upload to it, with a token of that scope.
    yield _try("upload pictures", border, lambda: _is_refused(lambda: gitlab.http_post(path), 400))


def _is_refused(work: Callable[[], object], status: int, word: str = "") -> bool | None:
    """Whether a request was refused for what it lacks, and so for nothing else; None when it was not refused."""
    try:
        work()
    except Refused as error:
        if error.status == status and error.is_json and word in error.said:
            return True
        raise
    return None


def _try(name: str, border: Border, work: Callable[[], bool | None]) -> Right:
    def look() -> bool | None:
        try:
            return work()
        except Refused as error:
            if error.status == 404 and error.is_json:
                return False
            raise

    try:
        is_given = border.repeat(f"trying to {name}", look)
    except ForbiddenError as error:
        return Right(name=name, is_given=False, cure=error.cure)
    except PublishError as error:
        return Right(name=name, is_given=None, cure=str(error))
    cures = {True: "", False: f"It cannot see {border.repo} or the merge request. {TO_MAKE_ONE}", None: NO_ANSWER}
    return Right(name=name, is_given=is_given, cure=cures[is_given])
