"""Which commits come before another: from what is here, and from as much history as it takes, without any files."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cml_bot import git_fetch
from cml_bot.git_process import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from cml_bot.git import Checkout
    from cml_bot.git_fetch import Scratch

SHORT, LONG = 2_000, 200_000
"""How many commits are looked at where all of the history is here."""
CAP = 1600
"""How deep history is fetched where it is not."""


class Ancestry:
    """What is known of the commits before one; more of it can be asked for."""

    def __init__(self, checkout: Checkout, sha: str, scratch: Scratch | None, stack: ExitStack) -> None:
        """Look at what is here.

        Args:
            checkout: the user's repository.
            sha: the commit.
            scratch: a repository to fetch to, if there is one already.
            stack: how long one lasts that has to be made.
        """
        self._sha = sha
        self._parents: Mapping[str, tuple[str, ...]] = {}
        self._edges: frozenset[str] = frozenset()
        self._steps = self._walk(checkout, scratch, stack)
        self.deepen()

    def deepen(self) -> bool:
        """Learn of commits further back; False when there is no more to learn.

        Raises:
            BaselineError: they could not be fetched.
        """
        return next(self._steps, False)

    def is_whole(self, start: str) -> bool:
        """Whether every ancestor of a commit is known."""
        reached = self.distances(start)
        return all(one in self._parents for one in reached) and not self._edges & reached.keys()

    def distances(self, start: str) -> dict[str, int]:
        """Map what is known of a commit's ancestors, itself first, to the steps that lead there."""
        found, waiting = {start: 0}, deque([start])
        while waiting:
            one = waiting.popleft()
            for parent in self._parents.get(one, ()):
                if parent not in found:
                    found[parent] = found[one] + 1
                    waiting.append(parent)
        return found

    def order(self, start: str) -> dict[str, int]:
        """Map what is known of a commit's ancestors to their place in time: parents before their children."""
        line: list[str] = []
        seen: set[str] = set()
        waiting = [(start, False)]
        while waiting:
            one, is_done = waiting.pop()
            if is_done:
                line.append(one)
            elif one not in seen:
                seen.add(one)
                waiting.append((one, True))
                waiting += [(parent, False) for parent in reversed(self._parents.get(one, ()))]
        return {one: place for place, one in enumerate(line)}

    def _walk(self, checkout: Checkout, scratch: Scratch | None, stack: ExitStack) -> Iterator[bool]:
        root = scratch.root if scratch else checkout.root
        self._edges = frozenset(git_fetch.read_edges(checkout.common if scratch is None else root / ".git"))
        is_long = self._read(root, SHORT) == SHORT
        yield True
        if is_long:
            self._read(root, LONG)
            yield True
        if self._parents and not (checkout.is_shallow and self._ends_early()):
            return
        home = scratch or stack.enter_context(git_fetch.borrow(checkout))
        for depth in (depth for depth in git_fetch.DEPTHS if depth <= CAP):
            # A new name each time: git does not deepen a reference that it already has.
            want = f"+{self._sha}:refs/mlbot/line-{depth}"
            git_fetch.fetch(home, [want], git_fetch.NO_FOLDERS, f"--depth={depth}")
            self._edges = frozenset(git_fetch.read_edges(home.root / ".git"))
            self._read(home.root, LONG)
            yield True
            if not self._ends_early():
                return

    def _ends_early(self) -> bool:
        return bool(self._edges & self.distances(self._sha).keys())

    def _read(self, root: Path, count: int) -> int:
        """Read the parents of every commit that is here, as far back as `count`."""
        lines = run(root, "rev-list", "--parents", f"--max-count={count}", self._sha).text.split("\n")
        rows = [line.split() for line in lines if line]
        self._parents = {one: tuple(parents) for one, *parents in rows}
        return len(rows)
