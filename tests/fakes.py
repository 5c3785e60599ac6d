"""Small honest classes that satisfy the protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.model import Comment

if TYPE_CHECKING:
    from collections.abc import Iterator


class FakeForge:
    """A review in memory. `log` holds the calls; `comments` in the order they were made."""

    def __init__(self, *, me: str = "mlbot", limit: int = 65_000) -> None:
        self.me = me
        self.limit = limit
        self.held: list[Comment] = []
        self.log: list[str] = []
        self.listed = 0
        """How many comments were looked at."""

    def comments(self) -> Iterator[Comment]:
        self.log.append("list")
        for comment in self.held:
            self.listed += 1
            yield comment

    def create(self, body: str) -> Comment:
        self.log.append("create")
        return self.say(self.me, body)

    def update(self, comment: Comment, body: str) -> Comment:
        self.log.append(f"update {comment.id}")
        changed = Comment(id=comment.id, author=comment.author, body=body, url=comment.url)
        self.held[self.held.index(comment)] = changed
        return changed

    def is_mine(self, comment: Comment) -> bool:
        return comment.author == self.me

    def say(self, author: str, body: str) -> Comment:
        """Let somebody write a comment."""
        number = str(len(self.held) + 1)
        comment = Comment(id=number, author=author, body=body, url=f"https://forge.example/review/1#{number}")
        self.held.append(comment)
        return comment

    @property
    def writes(self) -> list[str]:
        return [call for call in self.log if call != "list"]
