"""What a workflow run has kept: its artifacts, as zips that somebody else may have made.

Source: https://docs.github.com/en/rest/actions/artifacts
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from requests import Session

from cml_bot.errors import PassingError, PublishError
from cml_bot.forges._patience import REQUEST_SECONDS
from cml_bot.forges._wire import is_closed
from cml_bot.forges.github.calls import HEADERS
from cml_bot.forges.github.errors import Call
from cml_bot.review import LARGEST_ZIP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from requests import PreparedRequest

    from cml_bot.forges.github.calls import Calls

MOST = 256
"""Artifacts of one name and its parts."""
LIST = Call(name="listing artifacts", right="actions: read", scope="Actions: Read-only")
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One that is there to be read."""

    number: int
    name: str
    size: int
    """Bytes of its zip."""


def read_artifacts(calls: Calls, run_id: str, name: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and zip of the artifacts of a run, by name: those called so, or so and ``-`` and more.

    Raises:
        ForbiddenError: the token may not read them.
        PublishError: one is too large, there are too many, or GitHub could not be reached.
    """
    found = re.fullmatch(r"(\d+)(?:\.\d+)?", run_id)
    if found is None:
        raise PublishError("GitHub, listing artifacts", f"{run_id!r} is no run", "Give the number in its address.")
    newest: dict[str, Artifact] = {}
    run = int(found[1])
    for page in calls.pages(LIST, f"/actions/runs/{run}/artifacts", read=lambda answer: _read(answer, run)):
        for artifact in page:
            is_wanted = artifact.name == name or artifact.name.startswith(f"{name}-")
            if is_wanted and artifact.number >= newest.get(artifact.name, artifact).number:
                newest[artifact.name] = artifact
        if len(newest) > MOST:
            what = f"run {run} has more than {MOST} artifacts that are called {name!r}, or so and `-`"
            raise PublishError("GitHub, listing artifacts", what, "Put what belongs together into one.")
    for _, artifact in sorted(newest.items()):
        yield artifact.name, _download(calls, artifact)


def _read(answer: Any, run: int) -> list[Artifact]:
    """Read a page of artifacts; those that have expired or belong to another run are not there."""
    return [
        Artifact(number=int(one["id"]), name=str(one["name"]), size=int(one["size_in_bytes"]))
        for one in answer["artifacts"]
        if not one["expired"] and int((one["workflow_run"] or {}).get("id") or 0) == run
    ]


def _download(calls: Calls, artifact: Artifact) -> bytes:
    call = Call(name=f"reading artifact {artifact.number}", right=LIST.right, scope=LIST.scope)
    where = calls.border.where(call)
    if artifact.size > LARGEST_ZIP:
        raise _too_large(where)
    path = calls.address(f"/actions/artifacts/{artifact.number}/zip")

    def work() -> bytes:
        with calls.border.crossing(call):
            with calls.border.reading(call):
                address = str(calls.requester.requestJsonAndCheck("GET", path, {}, dict(HEADERS))[0]["location"])
            return _fetch(where, address)

    return calls.patience.repeat(work)


def _fetch(where: str, address: str) -> bytes:
    """Read a file from the storage that GitHub names, which must not see the token: the address is proof enough."""
    _check_way(where, address)
    with Session() as session:
        session.auth = _nobody
        session.max_redirects = 3
        with session.get(address, stream=True, timeout=REQUEST_SECONDS, headers={"User-Agent": "mlbot"}) as answer:
            _check_way(where, answer.url)
            if answer.status_code != 200:
                what, cure = f"the storage answered {answer.status_code}", "Run the job again."
                raise PassingError(where, what, cure)
            data = bytearray()
            for chunk in answer.iter_content(CHUNK):
                data += chunk
                if len(data) > LARGEST_ZIP:
                    raise _too_large(where)
    return bytes(data)


def _check_way(where: str, address: str) -> None:
    """Refuse what anybody on the way could have changed.

    Raises:
        PublishError: the address is not https, nor on this machine.
    """
    if not is_closed(address):
        what = "GitHub keeps it at an address that is not https"
        raise PublishError(where, what, "Give the path of the bundle instead.")


def _nobody(request: PreparedRequest) -> PreparedRequest:
    """Send no credentials: without this, requests takes those of a .netrc."""
    return request


def _too_large(where: str) -> PublishError:
    return PublishError(where, f"it has more than {LARGEST_ZIP:,} bytes", "Keep less in it.")
