"""Which merge request a build belongs to, from what GitLab alone says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab.v4.objects import Project

    from cml_bot.forges.gitlab.errors import Border
    from cml_bot.model import Build

Asked = dict[str, object]
"""A merge request as GitLab describes it."""


def find_review(build: Build, border: Border, project: Project) -> Build:
    """Fill in merge request, head and base; gives the build as it was where there is no such merge request.

    Sends nothing for a build that knows both its merge request and its commit, unless it is a fork's.
    """
    if build.pull is not None:
        if build.sha and not build.is_fork:
            return build
        return _fill_in(build, _read(build.pull, border, project))
    if build.on_main or not (build.sha or build.branch):
        return build
    found = border.repeat("looking for the merge request", lambda: _list(build, project))
    fitting = [one for one in found if _is_of(build, one)]
    if len(fitting) != 1 or not isinstance(number := fitting[0].get("iid"), int):
        return build
    # A list does not tell the base.
    return _fill_in(replace(build, pull=number), _read(number, border, project))


def _read(number: int, border: Border, project: Project) -> Asked:
    def read() -> Asked:
        found = project.mergerequests.get(number).attributes
        if found["iid"] != number or not isinstance(found["sha"], str):
            raise LookupError(number)
        return found

    return border.repeat("reading the merge request", read)


def _list(build: Build, project: Project) -> list[Asked]:
    if build.branch:
        asked = {"state": "opened", "source_branch": build.branch, "per_page": 100}
        return [one.attributes for one in project.mergerequests.list(query_parameters=asked, get_all=False)]
    found = project.commits.get(build.sha, lazy=True).merge_requests(query_parameters={"per_page": 100}, get_all=False)
    return list(found)


def _is_open_into(build: Build, found: Asked) -> bool:
    """Whether a merge request is open, and into this project; the latter where it tells, which old servers do not."""
    refs = found.get("references")
    full = _text(refs, "full") if isinstance(refs, dict) else ""
    return found.get("state") == "opened" and full.rpartition("!")[0].lower() in ("", build.repo.lower())


def _is_of(build: Build, found: Asked) -> bool:
    """Whether a merge request is open, into this project, and has the build's commit as its head.

    Where the build knows none, its branch has to do: then not a fork's of the same name.
    """
    if not _is_open_into(build, found):
        return False
    return found.get("sha") == build.sha if build.sha else not _is_fork(found)


def _is_fork(found: Asked) -> bool:
    return found.get("source_project_id") != found.get("target_project_id")


def _fill_in(build: Build, found: Asked) -> Build:
    head = _text(found, "sha")
    if not _is_open_into(build, found) or (build.sha and head != build.sha):
        return replace(build, pull=None)
    refs = found.get("diff_refs")
    return replace(
        build,
        sha=head,
        base_sha=build.base_sha or (_text(refs, "base_sha") if isinstance(refs, dict) else ""),
        branch=build.branch or _text(found, "source_branch"),
        base_branch=_text(found, "target_branch") or build.base_branch,
        is_fork=_is_fork(found),
    )


def _text(found: Asked, key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""
