"""Rights of a token, asked for one by one: what a forge raises or answers becomes what `mlbot doctor` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, PublishError, RejectedError
from cml_bot.forges._border import InvalidError
from cml_bot.review import Right

if TYPE_CHECKING:
    from collections.abc import Callable

UNCLEAR = "The server took a request that it should have refused; its rules are not those that mlbot knows."


def ask(name: str, work: Callable[[], bool]) -> Right:
    """Give a right as `work` finds it: True where it is given, False where nobody can tell from what was answered.

    A ForbiddenError or RejectedError of `work` says that it is not given, and any other PublishError that nobody can
    tell.
    """
    try:
        is_given = work()
    except (ForbiddenError, RejectedError) as error:
        return Right(name=name, is_given=False, cure=error.cure)
    except PublishError as error:
        return Right(name=name, is_given=None, cure=str(error))
    return Right(name=name, is_given=True) if is_given else Right(name=name, is_given=None, cure=UNCLEAR)


def is_invalid(work: Callable[[], None]) -> bool:
    """Whether a request was refused for what it lacks: the right is looked at before that.

    Raises:
        PublishError: it was refused for another reason.
    """
    try:
        work()
    except InvalidError:
        return True
    return False
