"""The review as the caller names it, for CI that mlbot does not know."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cml_bot.errors import ConfigError
from cml_bot.model import Build
from cml_bot.workspace import Named, name_build

DETECTED = Build(
    forge="github",
    server="https://github.com",
    api="https://api.github.com",
    repo="octo/churn",
    sha="a" * 40,
    base_sha="b" * 40,
    branch="wider",
    base_branch="main",
    url="https://github.com/octo/churn/actions/runs/1",
    run_id="1.1",
)


def test_nothing_named_changes_nothing() -> None:
    assert name_build(DETECTED, Named()) == DETECTED


@pytest.mark.parametrize(
    ("named", "forge", "server", "api", "repo"),
    [
        (Named(forge="github", repo="o/r"), "github", "https://github.com", "https://api.github.com", "o/r"),
        (Named(repo="https://github.com/o/r.git"), "github", "https://github.com", "https://api.github.com", "o/r"),
        (
            Named(repo="https://github.corp.example/o/r"),
            "github",
            "https://github.corp.example",
            "https://github.corp.example/api/v3",
            "o/r",
        ),
        (Named(repo="https://gitlab.com/a/b/c"), "gitlab", "https://gitlab.com", "https://gitlab.com/api/v4", "a/b/c"),
        (
            Named(forge="gitlab", repo="https://git.example:8443/a/b"),
            "gitlab",
            "https://git.example:8443",
            "https://git.example:8443/api/v4",
            "a/b",
        ),
        (
            Named(forge="bitbucket", repo="w/r"),
            "bitbucket",
            "https://bitbucket.org",
            "https://api.bitbucket.org/2.0",
            "w/r",
        ),
    ],
)
def test_a_review_can_be_named_whole(named: Named, forge: str, server: str, api: str, repo: str) -> None:
    build = name_build(Build(), named)
    assert (build.forge, build.server, build.api, build.repo) == (forge, server, api, repo)


def test_another_pull_request_of_the_same_job_takes_its_commit_from_the_forge() -> None:
    build = name_build(DETECTED, Named(pull=9))
    assert (build.pull, build.sha, build.base_sha, build.repo) == (9, "", "", "octo/churn")
    assert build.run_id == "1.1"


def test_the_commit_can_be_named_too() -> None:
    build = name_build(DETECTED, Named(pull=9, sha="c" * 40))
    assert (build.pull, build.sha) == (9, "c" * 40)


def test_another_repository_keeps_nothing_of_the_jobs_own() -> None:
    build = name_build(DETECTED, Named(repo="other/one", pull=9))
    assert build == Build(
        forge="github",
        server="https://github.com",
        api="https://api.github.com",
        repo="other/one",
        pull=9,
        url=DETECTED.url,
        run_id="1.1",
        is_private=True,
    )


def test_in_a_job_with_rights_the_head_of_the_run_before_stays() -> None:
    trusted = replace(DETECTED, trusted_sha="d" * 40)
    assert name_build(trusted, Named(pull=9)).sha == DETECTED.sha
    with pytest.raises(ConfigError, match="the run before was for aaaaaaa"):
        name_build(trusted, Named(pull=9, sha="c" * 40))


@pytest.mark.parametrize(
    ("named", "where"),
    [
        (Named(repo="o/r"), "--forge"),
        (Named(pull=3), "--forge"),
        (Named(forge="gitlab"), "--repo"),
        (Named(repo="https://git.example/o/r"), "--forge"),
        (Named(forge="github", repo="no slash"), "--repo"),
        (Named(forge="github", repo="https://rose:secret@github.com/o/r"), "--repo"),
        (Named(forge="github", repo="../../etc"), "--repo"),
        (Named(forge="github", repo="https://[x/a/b"), "--repo"),
        (Named(forge="bitbucket", repo="https://bitbucket.corp.example/w/r"), "--repo"),
        (Named(forge="github", repo="o/r", sha="main/../x"), "--sha"),
        (Named(forge="github", repo="o/r", sha="a1b2c3d"), "--sha"),
    ],
)
def test_what_makes_no_sense_is_refused(named: Named, where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        name_build(Build(), named)
    assert caught.value.where == where
