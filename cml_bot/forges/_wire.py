"""What the forges have in common on the wire: addresses that a token may go to, waiting, and failures on the way."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ConnectTimeout, ProxyError, RequestException, SSLError, Timeout

from cml_bot.errors import PassingError, PublishError
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
NEVER_LEFT = re.compile(r"Errno 111|Errno 61|WinError 10061|refused|Name or service|resolve|getaddrinfo", re.IGNORECASE)


def check_address(variable: str, api: str) -> None:
    """Refuse to send a token in the open.

    Raises:
        PublishError: the address is not https, nor on this machine.
    """
    if not is_closed(api):
        cure = "Set it to the https address of the server."
        raise PublishError(variable, "no token is sent to an address that is not https", cure)


def is_closed(address: str) -> bool:
    """Whether nobody on the way there can read or change what is sent: by https, or on this machine.

    Example:
        >>> [is_closed(one) for one in ("https://host", "http://localhost:8000", "http://host", "https://[", "")]
        [True, True, False, False, False]
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:  # it is no address at all
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def check_token(where: str, token: str) -> None:
    """Refuse what cannot be a token before it is sent.

    Raises:
        PublishError: it has characters that no header can carry.
    """
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise PublishError(where, "the token holds characters that no token has", "Copy it into the secret again.")


def read_wait(headers: Mapping[str, str]) -> float | None:
    """Read how long a forge asks to be left alone; None when it does not say.

    Units: seconds, never less than 0.

    Source: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    said = {name.lower(): value for name, value in headers.items()}
    asked = said.get("retry-after", "")
    try:
        if asked:
            moment = None if asked.strip().isdigit() else parsedate_to_datetime(asked)
            return float(asked) if moment is None else _until(moment.timestamp())
        reset = said.get("x-ratelimit-reset") or said.get("ratelimit-reset")
        return _until(float(reset)) if reset else None
    except (ValueError, TypeError, OverflowError):
        return None


def _until(moment: float) -> float:
    return max(0.0, moment - datetime.now(UTC).timestamp())


def tell_unreachable(where: str, host: str, error: RequestException, token: str) -> PublishError:
    """Put a failure on the way to a forge into words; what may pass becomes a PassingError."""
    match error:
        case ProxyError():
            return PublishError(where, f"the proxy on the way to {host} refused", "Check HTTPS_PROXY, NO_PROXY.")
        case SSLError():
            cure = "Set REQUESTS_CA_BUNDLE to the certificates of your network."
            return PublishError(where, f"the certificate of {host} was not accepted", cure)
        case Timeout():
            took_no = isinstance(error, ConnectTimeout)
            return PassingError(where, f"{host} did not answer in time", "Run the job again.", took_no=took_no)
        case _:
            reason = redact(_reason(error), token)
            took_no = isinstance(error, NoConnection) and NEVER_LEFT.search(reason) is not None
            cure = "Check the network of the runner, and run the job again."
            return PassingError(where, f"{host} could not be reached ({reason})", cure, took_no=took_no)


def _reason(error: RequestException) -> str:
    """Give the last words of the chain that urllib3 wraps around the system's.

    ``HTTPConnection(host='h', port=1): Failed to establish a new connection: [Errno 111] Connection refused``
    """
    inner = error.args[0] if error.args else error
    text = str(getattr(inner, "reason", inner))
    return re.sub(r"^.*?\): |^.*?object at 0x\w+>: ", "", " ".join(text.split()))[:200]
