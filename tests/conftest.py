from __future__ import annotations

import os

import pytest
from hypothesis import settings

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
