"""Pictures of a report on GitHub: one commit on a reference of our own, neither a branch nor a tag, by one push.

GitHub has no upload for the tokens of jobs. A file at a commit is shown to whoever may read the repository.

Source: https://docs.github.com/en/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#images
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from cml_bot.errors import ForbiddenError, MlbotError, PassingError, PublishError
from cml_bot.forges._pictures import name_file
from cml_bot.forges._wire import check_address
from cml_bot.forges.github.errors import write_yaml
from cml_bot.git_process import as_environment, ask, run
from cml_bot.git_write import LOST, PUSH_SECONDS, QUIETLY, is_forbidden, write_commit, write_tree
from cml_bot.review import Hosted
from cml_bot.tokens import redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cml_bot.forges._patience import Patience
    from cml_bot.git_process import Answer
    from cml_bot.model import Build, Figure

USUAL_NAME = "report"
WHEN = datetime(2020, 1, 1, tzinfo=UTC)
"""The same pictures make the same commit, whenever and whoever pushes it."""
MESSAGE = "Pictures of a report of mlbot\n\n[skip ci]\n"
NETWORK = re.compile(r"http\.(?:.+\.)?(?:proxy\w*|ssl\w+)")
"""The user's settings that say how a server is reached; others could send a second token along."""
TRACES = (
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_CURL_VERBOSE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
    "GIT_TRACE2_PERF",
)
"""What would write the settings of git, and so the token, to a file or the log."""
CURE = f'Choose `pictures = "mermaid"`, or give the job the right:\n\n{write_yaml("contents: write")}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """What a push needs to know."""

    build: Build
    token: str = field(repr=False)
    patience: Patience
    name: str = ""
    """Of the comment that shows them."""

    @property
    def ref(self) -> str:
        """The one reference that holds the pictures of a comment; each push takes the place of the one before.

        Raises:
            PublishError: the build has neither a pull request nor a commit.
        """
        if self.build.pull is not None:
            return f"refs/mlbot/pull-{self.build.pull}{self._ending}"
        if not self.build.sha:
            cure = "Name it with `--pull` or `--sha`."
            raise PublishError("pictures", "neither a pull request nor a commit is known to keep them for", cure)
        return f"refs/mlbot/commit-{self.build.sha[:12]}{self._ending}"

    @property
    def _ending(self) -> str:
        """Nothing for the usual name; for others a digest, since a name may hold what a reference may not."""
        if self.name in ("", USUAL_NAME):
            return ""
        return f"-{hashlib.sha256(self.name.encode(errors='surrogatepass')).hexdigest()[:12]}"


def host(push: Push, figures: Sequence[Figure], shown: str) -> Hosted:
    """Push figures unless our comment shows all of them already; raises nothing."""
    files: dict[str, str] = {}
    content: dict[str, bytes] = {}
    addresses: dict[str, str] = {}
    problems: list[str] = []
    for figure in figures:
        try:
            files[figure.name] = name_file(figure)
            content[files[figure.name]] = figure.data
        except PublishError as error:
            problems.append(str(error))
    try:
        if files:
            addresses = _host(push, content, files, shown)
    except MlbotError as error:
        problems.append(redact(str(error), push.token))
    except OSError as error:
        problems.append(f"pictures: a temporary folder could not be written ({error.strerror}). Make room on the disk.")
    return Hosted(addresses=addresses, problems=tuple(problems))


def _host(push: Push, content: Mapping[str, bytes], files: Mapping[str, str], shown: str) -> dict[str, str]:
    build, ref = push.build, push.ref
    check_address("GITHUB_SERVER_URL", build.server)
    with TemporaryDirectory(prefix="mlbot-") as folder:
        root = Path(folder)
        ask(root, "init", "--quiet", "--bare", "--template=", "--object-format=sha1", ".")
        sha = write_commit(root, write_tree(root, content), MESSAGE, "", WHEN)
        top = f"{build.server}/{build.repo}/blob/{sha}"
        addresses = {name: f"{top}/{file}?raw=true" for name, file in files.items()}
        if not all(address in shown for address in addresses.values()):
            environment = _environment(root, push)
            _push(push, root, f"+{sha}:{ref}", environment)
    return addresses


def _environment(root: Path, push: Push) -> dict[str, str]:
    """Give git the token by its environment, and nothing of the user's settings but how the server is reached.

    A checkout leaves a token of its own in the settings, and GitHub refuses a request with two.
    """
    rows = run(root, "config", "--list", "-z").out.decode(errors="replace").split("\0")
    found = [(name, value) for name, mark, value in (row.partition("\n") for row in rows) if mark]
    kept = [(name, value) for name, value in found if NETWORK.fullmatch(name)]
    secret = base64.b64encode(f"x-access-token:{push.token}".encode()).decode()
    kept += [
        (f"http.{push.build.server}/.extraheader", f"Authorization: Basic {secret}"),
        ("http.followRedirects", "false"),
        ("credential.helper", ""),
    ]
    return as_environment(kept) | dict.fromkeys(("GIT_ASKPASS", "SSH_ASKPASS", *TRACES), "")


def _push(push: Push, root: Path, change: str, environment: Mapping[str, str]) -> None:
    """Push, again where that may help. In no thread that is left behind: git is ended in time, before its folder is."""
    address = f"{push.build.server}/{push.build.repo}.git"
    command = (*QUIETLY, "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", address, change)
    for tries in count(1):
        try:
            seconds = max(0.1, min(PUSH_SECONDS, push.patience.left))
            _check(run(root, *command, extra=environment, seconds=seconds))
        except PassingError as error:
            push.patience.pause(error, tries)
        else:
            return


def _check(answer: Answer) -> None:
    """Put a push that failed into words.

    Raises:
        ForbiddenError: the token may not push.
        PassingError: the server was busy, or could not be reached.
        PublishError: anything else.
    """
    if not answer.code:
        return
    where, said = "pictures, git push", (answer.out + b"\n" + answer.error).decode(errors="replace")
    if is_forbidden(said):
        raise ForbiddenError(where, answer.reason, CURE)
    if LOST.search(said):
        raise PassingError(where, answer.reason, "Run the job again.")
    raise PublishError(where, answer.reason, 'Choose `pictures = "mermaid"` if it stays so.')
