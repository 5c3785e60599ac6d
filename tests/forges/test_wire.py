"""What forges have in common on the wire: how long they ask to be left alone, and what fails on the way."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from requests.exceptions import RequestException

from cml_bot.errors import PassingError, PublishError
from cml_bot.forges._border import tell_passing
from cml_bot.forges._wire import read_wait, tell_unreachable
from tests.forges.wire import Answer, Fault, Request, Wire, serve

TOKEN = "ghs_0123456789"
NOW = datetime.now(UTC)
SOON, LONG_AGO = NOW + timedelta(days=1), NOW - timedelta(days=1)


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"Retry-After": "7"}, 7, 7),
        ({"retry-after": " 0 "}, 0, 0),
        ({"Retry-After": format_datetime(SOON, usegmt=True)}, 80_000, 86_400),
        ({"Retry-After": format_datetime(LONG_AGO, usegmt=True)}, 0, 0),
        ({"X-RateLimit-Reset": str(int(SOON.timestamp()))}, 80_000, 86_400),
        ({"RateLimit-Reset": str(int(LONG_AGO.timestamp()))}, 0, 0),
        ({"Retry-After": "7", "X-RateLimit-Reset": str(int(SOON.timestamp()))}, 7, 7),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], least: float, most: float) -> None:
    wait = read_wait(headers)
    assert wait is not None
    assert least <= wait <= most


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Retry-After": ""},
        {"Retry-After": "soon"},
        {"Retry-After": "-7"},
        {"Retry-After": "\u00b2"},
        {"Retry-After": "Mon, 99 Foo 2026 00:00:00 GMT"},
        {"X-RateLimit-Reset": "tomorrow"},
        {"Other": "7"},
    ],
)
def test_no_wait_that_makes_sense(headers: dict[str, str]) -> None:
    assert read_wait(headers) is None


def test_the_moment_of_a_rate_limit_says_nothing_of_a_server_that_is_down() -> None:
    headers = {"X-RateLimit-Reset": str(int(SOON.timestamp()))}
    busy, down = (tell_passing("where", "Forge", status, headers, "") for status in (429, 503))
    assert isinstance(busy, PassingError)
    assert isinstance(down, PassingError)
    assert busy.wait is not None
    assert (down.wait, busy.took_no, down.took_no) == (None, True, False)


class Plain(Wire):
    def answer(self, request: Request) -> Answer:
        return Answer(200, {})


@pytest.fixture
def wire() -> Iterator[Wire]:
    state = Plain()
    with serve(state):
        yield state


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def fail(address: str, *, proxy: str = "", seconds: float = 5.0) -> PublishError:
    """Ask in vain; give what is said of it."""
    with pytest.raises(RequestException) as failed:
        requests.get(address, timeout=seconds, proxies={"http": proxy, "https": proxy} if proxy else {})
    error = tell_unreachable("Forge, asking", "forge.example", failed.value, TOKEN)
    assert error.where == "Forge, asking"
    assert TOKEN not in str(error)
    return error


def test_a_server_that_is_down() -> None:
    error = fail(f"http://127.0.0.1:{closed_port()}/{TOKEN}")
    assert isinstance(error, PassingError)
    assert error.took_no
    assert "refused" in error.what


def test_a_connection_that_is_cut_may_have_done_its_work(wire: Wire) -> None:
    wire.fail("GET", Fault("reset"))
    error = fail(f"{wire.url}/{TOKEN}")
    assert isinstance(error, PassingError)
    assert not error.took_no


def test_a_server_that_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        error = fail(f"http://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.2)
    assert isinstance(error, PassingError)
    assert "did not answer in time" in error.what
    assert not error.took_no


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_down_is_named(scheme: str) -> None:
    error = fail(f"{scheme}://forge.example/{TOKEN}", proxy=f"http://127.0.0.1:{closed_port()}")
    assert not isinstance(error, PassingError)
    assert "HTTPS_PROXY" in error.cure


def test_a_server_without_a_certificate_is_named(wire: Wire) -> None:
    error = fail(f"{wire.url.replace('http:', 'https:')}/{TOKEN}")
    assert not isinstance(error, PassingError)
    assert "REQUESTS_CA_BUNDLE" in error.cure
