"""What the tests of baselines share: one honest way to read a tree, and a pull request to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from cml_bot.baselines import git_files
from cml_bot.model import Base, Build, Metric, Run
from cml_bot.trees import Tree
from tests import repositories as real

LAPTOP = Build()
CI = Build(forge="github", server="https://github.com", repo="ada/net", base_branch="main")


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request as a forge holds it."""

    address: str
    base: str
    """Where it left main."""
    tip: str
    """Main, which has moved on."""
    head: str

    @property
    def build(self) -> Build:
        return replace(CI, pull=1, sha=self.head)


def read(tree: Tree) -> Run:
    """The numbers of every metrics.json."""
    paths = [path for path in tree.walk() if path.endswith("metrics.json")]
    tree.fetch(paths)
    values = {path: json.loads(tree.file(path).read_bytes()) for path in paths}
    found = [Metric(name=name, group=path, values=(one,)) for path in paths for name, one in values[path].items()]
    return Run(sha=tree.sha, metrics=tuple(found))


def accuracy(value: float) -> dict[str, str]:
    return {"metrics.json": json.dumps({"accuracy": value})}


def load(root: Path, build: Build = LAPTOP, wanted: str = "") -> tuple[str, str, float]:
    """The commit that was found, how, and the value that is committed there."""
    found = git_files.load(root, build, wanted, read, "report")
    assert isinstance(found, Base), found
    assert (found.side.kind, found.run.sha) == ("git_files", found.side.sha)
    return found.side.sha, found.side.source, found.run.metrics[0].value


def load_nothing(root: Path, build: Build = LAPTOP, wanted: str = "") -> str:
    found = git_files.load(root, build, wanted, read, "report")
    assert isinstance(found, str), found
    return found


def make_pull(repository: Path, *, before: int = 60) -> Pull:
    """Three commits on a main that had `before` commits more, and has moved on by six."""
    real.commit(repository, {f"src/{n}.py": f"{n}\n" * 200 for n in range(30)} | accuracy(0.1))
    real.commit_many(repository, before)
    base = real.commit(repository, accuracy(0.5))
    real.switch(repository, "topic")
    heads = [real.commit(repository, accuracy(value)) for value in (0.6, 0.7, 0.8)]
    real.git(repository, "switch", "--quiet", "main")
    real.commit_many(repository, 5)
    tip = real.commit(repository, {"other.txt": "main moved on"} | accuracy(0.55) | {"metrics.json.bak": ""})
    real.git(repository, "switch", "--quiet", "--detach", "main")
    real.git(repository, "merge", "--quiet", "--no-ff", "--strategy-option=theirs", "--message=Merge", "topic")
    remote = repository.parent / "remote.git"
    address = real.publish(repository, remote)
    real.publish_pull(repository, remote)
    return Pull(address=address, base=base, tip=tip, head=heads[-1])
