"""What the tests that every forge has to pass know of one: its server, and how to connect to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cml_bot.forges import Forge, load_forge
from cml_bot.forges._patience import Patience
from cml_bot.model import Figure
from cml_bot.publish import Published, publish
from cml_bot.review import Draft, Page

SECONDS = 30.0
"""Far beyond what any test allows, so that the deadline alone ends none of them in time."""
FOOTER = "<sub>mlbot 0.1.0 · now</sub>"


@dataclass
class Case:
    """A forge on loopback."""

    name: str
    server: Any
    """Its own kind of `Wire`."""

    def connect(self, token: str = "", seconds: float = SECONDS, **changes: Any) -> Forge:
        build = self.server.build(**changes)
        return load_forge(self.name).connect(build, token or self.server.WRITER, Patience(seconds, pace=0.01))

    def publish(
        self,
        text: str,
        run_id: str = "5001.1",
        *,
        forge: Forge | None = None,
        name: str = "report",
        figures: tuple[Figure, ...] = (),
    ) -> Published:
        page = Page(forms=(f"{text}\n\n{FOOTER}\n", f"short\n\n{FOOTER}\n"))
        build = self.server.build()
        draft = Draft(write=lambda addresses: page, figures=figures)
        return publish(draft, forge or self.connect(), name=name, sha=build.sha, run_id=run_id)

    @property
    def bodies(self) -> list[str]:
        return [comment.body for comment in self.server.comments]

    def writes(self) -> list[str]:
        """The methods of all requests that change something."""
        return [method for method, _ in self.server.requests if method not in ("GET", "HEAD")]


@contextmanager
def start(name: str) -> Iterator[Case]:
    """Run the server of a forge until the block ends."""
    module = import_module(f"tests.forges.{name}_server")
    begin: Callable[[], AbstractContextManager[Any]] = getattr(module, f"start_{name}")
    with begin() as server:
        yield Case(name, server)
