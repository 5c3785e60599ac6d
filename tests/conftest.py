from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.secrets import find_tokens, has_tokens, holds_token

# A busy machine is no bug; in CI the same commit must always come to the same result.
settings.register_profile("mlbot", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("mlbot")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the expected reports and generated documents anew"
    )


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(autouse=True)
def no_token_is_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test did, none of its files holds a token afterwards."""
    has_folder = "tmp_path" in request.fixturenames and has_tokens(request.path)
    folder: Path | None = request.getfixturevalue("tmp_path") if has_folder else None
    yield
    if folder is not None:
        assert find_tokens(folder) == []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Nor does anything that it has printed or logged."""
    report = yield
    if any(holds_token(text) for *_, text in item._report_sections):
        report.outcome = "failed"
        report.longrepr = "a token was printed"
    return report
