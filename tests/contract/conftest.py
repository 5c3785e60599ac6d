from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.prism import Watch
from tests.forges.wire import Wire


@pytest.fixture
def seen(both: tuple[Wire, Watch]) -> Iterator[Watch]:
    """What goes through; nothing of it may be refused."""
    watch = both[1]
    watch.refused.clear()
    watch.passed.clear()
    yield watch
    assert watch.refused == []
    assert watch.passed
