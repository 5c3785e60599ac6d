"""Prism beside a forge's server on loopback: it refuses what the forge's own description does not allow.

    adapter  ->  Watch  ->  the forge's server
                   |
                 Prism  ->  Yes

Prism is asked first, as a proxy whose upstream says yes to all; only what it lets pass goes on to the forge's server.
It cannot stand between the two itself: it follows redirects, and reads zips and pictures as text. What it refuses is
kept here as well, because adapters swallow some refusals on purpose.

Answers are not held to the descriptions: our servers give what the adapters read and no more. So what the descriptions
say of answers is left out, which makes Prism start sooner as well.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.forges.wire import Answer, Request, Wire, serve

HERE = Path(__file__).parent
PRISM = HERE / "node_modules/.bin/prism"
START_SECONDS = 90.0
"""Prism takes some seconds for GitHub's description, more on a busy machine."""
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
OF_ONE_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
Description = dict[str, Any]


class Yes(Wire):
    """What Prism hands requests on to."""

    def answer(self, request: Request) -> Answer:
        return Answer(200, {})


@dataclass
class Watch(Wire):
    """Asks Prism, then the forge's server; keeps what was refused."""

    prism: str = ""
    """Host and port."""
    forge: Wire = field(default_factory=Yes)
    name_in_description: Callable[[str], str] = str
    """Gives the description's path for one that was sent; empty for one that is no part of the interface."""
    refused: list[str] = field(default_factory=list)
    """``METHOD path: why`` of each."""
    passed: list[tuple[str, str]] = field(default_factory=list)
    """Method and path, without its query, of what Prism let pass."""

    def answer(self, request: Request) -> Answer:
        path = self.name_in_description(request.path)
        if path:
            said = _ask(self.prism, request._replace(path=path))
            if said.status != 200:
                self.refused.append(f"{request.method} {path}: {_reason(said)}")
                return said
            self.passed.append((request.method, path.partition("?")[0]))
        return self.forge.answer(request)


def _ask(prism: str, request: Request) -> Answer:
    connection = HTTPConnection(prism, timeout=30)
    try:
        headers = {name: value for name, value in request.headers.items() if name not in OF_ONE_CONNECTION}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    except (OSError, HTTPException) as error:  # it ends when it cannot read a form
        return Answer(500, json.dumps({"title": "Prism did not answer", "detail": repr(error)}))
    finally:
        connection.close()


def _reason(said: Answer) -> str:
    try:
        why = json.loads(said.raw)
        return f"{why['title']}: {why.get('validation') or why.get('detail')}"
    except (ValueError, LookupError, TypeError):
        return f"Prism answered {said.status}: {said.raw[:500]!r}"


@contextmanager
def watch(
    description: Description, forge: Wire, folder: Path, name_in_description: Callable[[str], str]
) -> Iterator[Watch]:
    """Stand before a forge's server until the block ends; its `url` is then that of the watch, in its links as well."""
    yes = Yes()
    with serve(yes), run_prism(description, yes.url, folder) as place:
        state = Watch(prism=place, forge=forge, name_in_description=name_in_description)
        with serve(state, urlsplit(forge.url).path):
            forge.url = state.url
            yield state


@contextmanager
def run_prism(description: Description, upstream: str, folder: Path) -> Iterator[str]:
    """Run Prism until the block ends; give its host and port."""
    document, log = folder / "description.json", folder / "prism.log"
    document.write_text(json.dumps(without_answers(description)))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(PRISM), "proxy", str(document), upstream, "--errors", "--port", str(port), "--host", "127.0.0.1"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL) as process:
        try:
            _wait(process, port, log)
            yield f"127.0.0.1:{port}"
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Prism does not listen:\n{log.read_text()[-2000:]}")


def without_answers(description: Description) -> Description:
    """Leave out what a forge answers: any answer will do."""
    anything = {"default": {"description": "anything"}}
    paths = {
        path: {
            name: {**part, "responses": anything} if name in METHODS else part
            for name, part in item.items()
            if name != "callbacks"
        }
        for path, item in description["paths"].items()
    }
    return {**description, "paths": paths}


def read_description(path: str) -> Description:
    """Read one of the packages' files."""
    found: Description = json.loads((HERE / "node_modules" / path).read_text(encoding="utf-8"))
    return found
