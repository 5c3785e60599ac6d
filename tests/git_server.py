"""Git over smart HTTP on loopback: the server that git itself comes with, behind a small door that can be shut."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests import repositories as real


@dataclass
class GitServer:
    """Serves every repository below a folder."""

    folder: Path
    url: str = ""
    refusal: int = 0
    """The status for those who want to push, such as 403; 0 lets them."""
    password: str = ""
    """Of everybody; empty where nobody needs one."""
    requests: list[str] = field(default_factory=list)
    credentials: list[list[str]] = field(default_factory=list)
    """The headers of each request that say who asks."""

    def address(self, name: str = "remote.git") -> str:
        return f"{self.url}/{name}"

    @property
    def pushes(self) -> int:
        return sum("git-receive-pack" in line for line in self.requests)


class Server(ThreadingHTTPServer):
    daemon_threads = False
    """So that the end of the server waits for them."""
    request_queue_size = 128


@contextmanager
def listen(door: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Answer requests on loopback until the end of the block; give the address."""
    with Server(("127.0.0.1", 0), door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def serve(folder: Path) -> Iterator[GitServer]:
    """Serve a folder until the end of the block."""
    state = GitServer(folder=folder)

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.read_body())

        @property
        def password(self) -> str:
            said = self.headers.get("Authorization", "").removeprefix("Basic ")
            return base64.b64decode(said).decode().partition(":")[2]

        def read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding", "") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def answer(self, body: bytes) -> None:
            state.requests.append(f"{self.command} {self.path}")
            state.credentials.append(self.headers.get_all("Authorization", []))
            refusal = state.refusal if "git-receive-pack" in self.path else 0
            if state.password and self.password != state.password:
                refusal = 401
            if refusal:
                self.send_response(refusal)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.end_headers()
                return
            address = urlsplit(self.path)
            env = {
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": unquote(address.path),
                "QUERY_STRING": address.query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "CONTENT_LENGTH": str(len(body)),
                "REMOTE_ADDR": "127.0.0.1",
                "REMOTE_USER": "ada",
                **real.CLEAN,
            }
            done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            rows = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
            status = next((value for name, value in rows if name == "Status"), "200 OK")
            self.send_response(int(status.split()[0]))
            for name, value in rows:
                if name != "Status":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing on the terminal."""

    with listen(Door) as url:
        state.url = url
        yield state
