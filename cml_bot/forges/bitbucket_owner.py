"""Whose a comment on Bitbucket is. The token's own name is not always told, so it is found by what is known."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cml_bot.errors import ForbiddenError, PassingError, PublishError
from cml_bot.forges.bitbucket_line import Call

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cml_bot.forges.bitbucket_line import Line
    from cml_bot.review import Comment

MARK: Final = re.compile(r'\[mlbot\]: # "mlbot:v1 name=(\S*) ')
ACCESS_TOKEN: Final = "ATCTT3"  # noqa: S105 - how those of repositories, projects and workspaces begin
SCOPE: Final = "read:user:bitbucket"


class Owner:
    """What is known of the account that a token writes as.

    A token of a person is asked whose it is, once, and only when there is a comment with our marker. Where it may not
    tell, nothing is written: a stranger may have planted the comment.

    An access token is an account of its own, which is no person's, and Bitbucket does not tell it its name. Only who
    administers a repository can make one. So the youngest comment of that name by such an account is taken for ours;
    where Bitbucket refuses to change it, another token wrote it (ours was replaced, or there are two), and it is left
    alone from then on.
    """

    def __init__(self, line: Line, token: str) -> None:
        self._line = line
        self._is_access_token = token.startswith(ACCESS_TOKEN)
        self._me = ""
        self._is_untold = False
        self._others: set[str] = set()
        self._apps: list[Comment] = []

    @property
    def is_sure(self) -> bool:
        """Whether the account is known, and not only likely."""
        return bool(self._me)

    def look_at(self, found: Iterable[tuple[Comment, bool]]) -> None:
        """Note which comments, oldest first, are by accounts of access tokens."""
        self._apps = [comment for comment, is_app in found if is_app and comment.author and _name(comment)]

    def learn(self, made: Comment) -> None:
        """Note who wrote what we have written."""
        self._me = made.author or self._me

    def rule_out(self, comment: Comment) -> None:
        """Note that an account is another's."""
        self._others.add(comment.author)

    def is_mine(self, comment: Comment) -> bool:
        """Whether the token's account wrote a comment."""
        if not comment.author or comment.author in self._others:
            return False
        if not self._me and self._is_access_token and any(one.author == comment.author for one in self._apps):
            return comment.author == self._find_youngest(_name(comment))
        return comment.author == (self._me or self._ask())

    def _find_youngest(self, name: str) -> str:
        authors = [one.author for one in self._apps if _name(one) == name and one.author not in self._others]
        return authors[-1] if authors else ""

    def _ask(self) -> str:
        if self._is_untold:
            return ""
        call = Call(name="asking whose token this is", method="GET", path="//user", right=SCOPE)
        try:
            self._me = self._line.repeat(call, lambda data: str(data.get("uuid") or data["account_id"]))
        except PassingError:
            raise
        except PublishError as error:
            if not self._is_access_token:
                what = "a comment looks like ours, and the token may not tell whose it is"
                cure = f"Give it the scope `{SCOPE}` (of older kinds, `account`), or use a repository access token."
                raise ForbiddenError(error.where, what, cure) from error
            self._is_untold = True
        return self._me


def _name(comment: Comment) -> str:
    found = MARK.match(comment.body)
    return found[1] if found else ""
