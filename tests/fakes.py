"""Small honest classes that satisfy the protocols."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from cml_bot.errors import GoneError
from cml_bot.forges._patience import Patience
from cml_bot.model import Build, Figure
from cml_bot.review import Comment, Dialect, Hosted, Right, Status


class FakeForge:
    """A review in memory. `log` holds the calls; `held` the comments in the order they were made."""

    def __init__(
        self, *, me: str = "mlbot", limit: int = 65_000, dialect: Dialect = Dialect.GITHUB, build: Build | None = None
    ) -> None:
        self.me = me
        self.limit = limit
        self.dialect = dialect
        self.patience = Patience(5, pace=0.001)
        self.build = build or Build()
        self.held: list[Comment] = []
        self.log: list[str] = []
        self.statuses: list[Status] = []
        self.pictures: dict[str, bytes] = {}
        self.artifacts: dict[str, list[tuple[str, bytes]]] = {}
        """Name and zip of each, by run."""
        self.before: dict[str, list[Callable[[], None]]] = {}
        """What happens before the next calls of a method: raise, or do what another job does meanwhile."""
        self.made = 0

    def comments(self) -> Iterator[Comment]:
        self._call("list")
        yield from list(self.held)

    def create(self, body: str) -> Comment:
        self._call("create")
        return self.say(self.me, body)

    def update(self, comment: Comment, body: str) -> Comment:
        self._call("update", comment.id)
        place = next((at for at, one in enumerate(self.held) if one.id == comment.id), None)
        if place is None:
            raise GoneError("comment", "it is gone", "Run the job again.")
        self.held[place] = replace(comment, body=body)
        return self.held[place]

    def delete(self, comment: Comment) -> None:
        self._call("delete", comment.id)
        self.held = [one for one in self.held if one.id != comment.id]

    def is_mine(self, comment: Comment) -> bool:
        return comment.author == self.me

    def host(self, figures: Sequence[Figure], shown: str, name: str = "") -> Hosted:
        named = {figure.name: f"https://forge.example/files/{_digest(figure)}-{figure.name}" for figure in figures}
        sent = [figure for figure in figures if named[figure.name] not in shown]
        for figure in sent:
            self._call("host", figure.name)
        self.pictures |= {figure.name: figure.data for figure in sent}
        return Hosted(addresses=named)

    def tell_status(self, status: Status) -> str:
        self._call("status")
        self.statuses.append(status)
        return "https://forge.example/status/1"

    def find_review(self) -> Build:
        self._call("find")
        return self.build

    def read_artifacts(self, run_id: str, name: str) -> Iterator[tuple[str, bytes]]:
        self._call("artifacts", run_id)
        kept = self.artifacts.get(run_id, [])
        yield from ((one, data) for one, data in kept if one == name or one.startswith(f"{name}-"))

    def probe(self) -> Iterator[Right]:
        yield Right(name="comment on the pull request", is_given=True)

    def say(self, author: str, body: str) -> Comment:
        """Let somebody write a comment."""
        self.made += 1
        number = str(self.made)
        comment = Comment(id=number, author=author, body=body, url=f"https://forge.example/review/1#{number}")
        self.held.append(comment)
        return comment

    @property
    def writes(self) -> list[str]:
        return [call for call in self.log if call != "list"]

    def _call(self, *said: str) -> None:
        self.log.append(" ".join(said))
        waiting = self.before.get(said[0])
        if waiting:
            waiting.pop(0)()


def _digest(figure: Figure) -> str:
    return hashlib.sha256(figure.data).hexdigest()[:12]
