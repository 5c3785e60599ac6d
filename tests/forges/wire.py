"""An HTTP server on loopback whose wire can fail in every way that a forge's does. What it answers, a forge says."""

from __future__ import annotations

import json
import re
import socket
import struct
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Literal, NamedTuple

Json = dict[str, object] | list[dict[str, object]]


class Request(NamedTuple):
    method: str
    path: str
    """With its query, as it was sent."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def data(self) -> dict[str, object]:
        """The body as JSON; empty when it is none."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Answer(NamedTuple):
    status: int
    body: Json | str | bytes = ""
    headers: Mapping[str, str] = {}

    @property
    def raw(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


class Fault(NamedTuple):
    """What happens in place of an answer."""

    kind: Literal["answer", "reset", "truncated", "hang", "page"] = "answer"
    """``reset``: the connection is cut. ``truncated``: half of the answer, then cut. ``hang``: one byte a second.
    ``page``: a proxy's HTML with status 200."""
    answer: Answer = Answer(502, {"message": "Server Error"})
    carried_out: bool = False
    """The request does its work all the same. What is truncated always has."""


@dataclass
class Wire:
    """The state of a server. A forge's own adds what it holds, and `answer`."""

    url: str = ""
    """Of its interface."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each, with its query."""
    heads: list[Mapping[str, str]] = field(default_factory=list)
    """The headers of each."""
    faults: list[tuple[re.Pattern[str], Fault]] = field(default_factory=list)
    delay: float = 0.0
    """Seconds that each request takes on its way, half of them there and half back."""

    def fail(self, pattern: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests go wrong whose ``METHOD path`` holds a pattern."""
        self.faults += [(re.compile(pattern), fault)] * times

    def sent(self, method: str) -> int:
        """How many requests of a method came in."""
        return sum(sent == method for sent, _ in self.requests)

    def next_fault(self, request: Request) -> Fault | None:
        for place, (pattern, fault) in enumerate(self.faults):
            if pattern.search(f"{request.method} {request.path}"):
                del self.faults[place]
                return fault
        return None

    def answer(self, request: Request) -> Answer:
        """Do what the forge would; called by one request at a time."""
        raise NotImplementedError


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep quiet of those who leave before they are answered."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serve(state: Wire, path: str = "") -> Iterator[None]:
    """Run a server until the block ends; sets its `url`, which ends in `path`."""
    lock, over = Lock(), Event()

    class Connection(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, body)
            time.sleep(state.delay / 2)
            with lock:
                state.requests.append((self.command, self.path))
                state.heads.append(headers)
                fault = state.next_fault(request)
                works = fault is None or fault.carried_out or fault.kind == "truncated"
                answer = (
                    state.answer(request) if works else Answer(500, "." * 60)
                )  # so that a hang has something to send
            time.sleep(state.delay / 2)
            self._send(answer, fault)

        do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

        def _send(self, answer: Answer, fault: Fault | None) -> None:
            if fault is not None and fault.kind == "reset":
                # Without a farewell, so that the other side sees a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
                return
            if fault is not None and fault.kind == "answer":
                answer = fault.answer
            if fault is not None and fault.kind == "page":
                answer = Answer(200, "<html><body>Please sign in</body></html>", {"Content-Type": "text/html"})
            raw = answer.raw
            self.send_response(answer.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **answer.headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if fault is not None and fault.kind == "truncated":
                self.wfile.write(raw[: len(raw) // 2])
                self.close_connection = True
            elif fault is not None and fault.kind == "hang":
                self._dribble(raw)
            elif self.command != "HEAD":
                self.wfile.write(raw)

        def _dribble(self, raw: bytes) -> None:
            try:
                for byte in raw[:60]:
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    if over.wait(1):
                        break
            except OSError:
                pass
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = Server(("127.0.0.1", 0), Connection)
    state.url = f"http://127.0.0.1:{server.server_address[1]}{path}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()
