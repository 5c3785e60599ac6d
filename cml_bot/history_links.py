"""Where the commits of main are shown: the forge's pages, by the build, else by the address of origin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cml_bot.escape import safe_link

if TYPE_CHECKING:
    from cml_bot.model import Build

COMMITS = {
    "github": "{server}/{repo}/commit/",
    "gitlab": "{server}/{repo}/-/commit/",
    "bitbucket": "{server}/{repo}/commits/",
}
"""The page of a commit, by forge: its id follows."""
_PUBLIC = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}
_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+\.[\w-]+):(?P<path>(?!//)[^:]+)")
"""How ssh's addresses are written without a scheme: ``git@github.com:ada/net.git``."""
_HOST = re.compile(r"[\w.-]+(?::\d+)?", re.ASCII)
_REPO = re.compile(r"[\w.~-]+(?:/[\w.~-]+)+", re.ASCII)


def find_commits(build: Build, origin: str) -> str:
    """Give how the addresses of commits begin; empty where no forge that is known shows them.

    Args:
        build: the CI job; it counts first.
        origin: the address of the remote, as git has it. Whatever credentials it holds are left out.

    Example:
        >>> from cml_bot.model import Build
        >>> find_commits(Build(), "git@github.com:ada/net.git")
        'https://github.com/ada/net/commit/'
        >>> find_commits(Build(), "https://me:secret@gitlab.example/ada/team/net.git/")
        'https://gitlab.example/ada/team/net/-/commit/'
        >>> find_commits(Build(), "/srv/net.git")
        ''
    """
    if build.forge in COMMITS and build.repo:
        return _write(build.forge, build.server, build.repo)
    scheme, host, path = _split(origin.strip())
    forge, host = _find_forge(host)
    return _write(forge, f"{scheme}://{host}", path) if forge else ""


def _write(forge: str, server: str, repo: str) -> str:
    repo = repo.strip("/").removesuffix(".git")
    return safe_link(COMMITS[forge].format(server=server.rstrip("/"), repo=repo)) if _REPO.fullmatch(repo) else ""


def _split(origin: str) -> tuple[str, str, str]:
    """Take an address apart into the scheme of its pages, its host and the path of the repository."""
    short = _SCP.fullmatch(origin)
    if short:
        return "https", short["host"].lower(), short["path"]
    try:
        parts = urlsplit(origin)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return "", "", ""
    if parts.scheme in ("http", "https"):
        shown = f"{host}:{port}" if port else host
        return parts.scheme, shown if _HOST.fullmatch(shown) else "", parts.path
    # The port of ssh is none of the pages.
    return "https", host if parts.scheme == "ssh" and _HOST.fullmatch(host) else "", parts.path


def _find_forge(host: str) -> tuple[str, str]:
    """Tell a forge by the name of its server, and give the host of its pages.

    ssh.github.com is another door of the same house, and github.com-work a name that somebody gave it for a second key.
    Bitbucket Data Center has other addresses, so it is bitbucket.org alone.
    """
    for name, forge in _PUBLIC.items():
        if host == name or host.endswith(f".{name}") or host.startswith(f"{name}-"):
            return forge, name
    return next((forge for forge in ("github", "gitlab") if forge in host), ""), host
