"""What a token may do on GitLab, found out by requests that cannot be carried out: the right is looked at first."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError
from cml_bot.forges._border import Refused
from cml_bot.forges._rights import ask
from cml_bot.forges.gitlab import TO_MAKE_ONE
from cml_bot.review import Right

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab import Gitlab
    from gitlab.v4.objects import Project, ProjectMergeRequestNoteManager

    from cml_bot.forges.gitlab.errors import Border
    from cml_bot.model import Build

Send = Callable[[str, Callable[[], bool]], bool]
"""`Border.once` or `Border.repeat`."""
NO_COMMIT = "0" * 40


def probe(build: Build, border: Border, gitlab: Gitlab, project: Project) -> Iterator[Right]:
    """Yield what a report needs, and whether the token may do it."""
    if build.pull is None:
        yield _try("read the project", border, lambda: bool(gitlab.projects.get(build.repo).id))
        cure = "This build belongs to no merge request: ask in the pipeline of one."
        yield Right(name="comment on the merge request", is_given=None, cure=cure)
    else:
        number = build.pull
        yield _try("read the merge request", border, lambda: bool(project.mergerequests.get(number).iid))
        notes = project.mergerequests.get(number, lazy=True).notes
        yield _comment(border, notes)
    statuses = project.commits.get(NO_COMMIT, lazy=True).statuses
    # The state is checked before the right, the commit after it.
    status = {"state": "success", "name": "mlbot"}
    yield _try("mark the commit", border, lambda: _is_refused(lambda: statuses.create(status), 404, "Commit"))
    path = f"/projects/{project.encoded_id}/uploads"
    # Whoever may read a project may upload to it, with a token of that scope.
    yield _try("upload pictures", border, lambda: _is_refused(lambda: gitlab.http_post(path), 400))


def _comment(border: Border, notes: ProjectMergeRequestNoteManager) -> Right:
    """Send an empty note, once. Should it be taken after all, it is deleted, so that nothing is left behind.

    A note has to have a text, which is looked at when it is about to be stored.
    """
    name, made = "comment on the merge request", list[int]()

    def send() -> None:
        made.append(int(notes.create({"body": ""}).id))

    def work() -> bool:
        is_refused = _look(border, name, lambda: _is_refused(send, 400), border.once)
        if made:
            border.repeat("taking it back", lambda: notes.delete(made[0]))
        return is_refused

    return ask(name, work)


def _is_refused(work: Callable[[], object], status: int, word: str = "") -> bool:
    """Whether a request was refused for what it lacks, and so for nothing else."""
    try:
        work()
    except Refused as error:
        if error.status == status and error.is_json and word in error.said:
            return True
        raise
    return False


def _try(name: str, border: Border, work: Callable[[], bool]) -> Right:
    return ask(name, lambda: _look(border, name, work, border.repeat))


def _look(border: Border, name: str, work: Callable[[], bool], send: Send) -> bool:
    def look() -> bool:
        try:
            return work()
        except Refused as error:
            if error.status == 404 and error.is_json:
                what, cure = "not found", f"It cannot see {border.repo} or the merge request. {TO_MAKE_ONE}"
                raise ForbiddenError(f"GitLab, trying to {name}", what, cure) from error
            raise

    return send(f"trying to {name}", look)
