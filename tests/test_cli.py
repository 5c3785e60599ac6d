"""The command as people run it: a process of its own, in real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.secrets import holds_token
from tests.test_collect import OTHER_PNG, PNG

TIME = "1795262400"  # 2026-11-21


def mlbot(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run mlbot in a folder, with nothing of the CI that these tests may run in."""
    ci = ("GITHUB_", "GITLAB_", "BITBUCKET_", "MLBOT_", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ci)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "cml_bot", *arguments],
        cwd=folder,
        env=kept | {"SOURCE_DATE_EPOCH": TIME, "PYTHONIOENCODING": "utf-8"} | env,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=60,
    )
    assert not holds_token(done.stdout + done.stderr)
    return done


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=True)
    return done.stdout.strip()


def write_run(folder: Path, *, accuracy: float, lr: str = "0.01", loss: float = 0.5, picture: bytes = PNG) -> None:
    (folder / "plots").mkdir(exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps({"accuracy": accuracy, "f1": 0.8, "n_test": 100}))
    (folder / "params.yaml").write_text(f"lr: {lr}\nepochs: 3\n")
    (folder / "history.csv").write_text(f"epoch,val_loss\n0,1.0\n1,0.7\n2,{loss}\n")
    (folder / "plots" / "confusion.png").write_bytes(picture)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a run on main and another on the branch that is checked out."""
    folder = tmp_path / "churn"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    write_run(folder, accuracy=0.8912)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "main")
    git(folder, "switch", "-qc", "wider")
    write_run(folder, accuracy=0.9034, lr="0.003", loss=0.4, picture=OTHER_PNG)
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "wider")
    return folder


def test_report_without_configuration(repository: Path) -> None:
    before = git(repository, "status", "--porcelain"), git(repository, "for-each-ref")
    done = mlbot(repository, "report")
    assert (done.returncode, done.stderr.count("\n")) == (0, 2), done.stderr
    assert "churn: 2 unclear · 1 same" in done.stdout
    assert "0.8912" in done.stdout
    assert "0.9034" in done.stdout
    folder = repository / "mlbot-report"
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert names == [
        ".gitignore",
        ".mlbot-report",
        "figures/01-val-loss-dark.png",
        "figures/01-val-loss.png",
        "figures/picture-01-confusion-before.png",
        "figures/picture-01-confusion-difference.png",
        "figures/picture-01-confusion-here.png",
        "page.html",
        "report.json",
        "report.md",
        "run.json",
    ]
    markdown = (folder / "report.md").read_text()
    assert 'src="figures/01-val-loss.png"' in markdown
    assert 'srcset="figures/01-val-loss-dark.png"' in markdown
    assert "cid:" not in markdown
    table = json.loads((folder / "report.json").read_text())
    assert table["base"]["kind"] == "git_files"
    assert table["params"] == [{"group": "params.yaml", "name": "lr", "head": "0.003", "base": "0.01"}]
    assert before == (git(repository, "status", "--porcelain"), git(repository, "for-each-ref"))


def test_json_needs_nothing_heavy_and_writes_no_folder(repository: Path) -> None:
    code = (
        "import sys; from cml_bot.cli import run; code = run(['report', '--format', 'json']);"
        "heavy = {'pandas', 'matplotlib', 'github', 'jinja2', 'rich', 'numpy', 'requests'} & set(sys.modules);"
        "print(sorted(heavy), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "[]\n")
    assert json.loads(done.stdout)["deltas"]
    assert not (repository / "mlbot-report").exists()


def test_help_loads_click_alone() -> None:
    code = (
        "import sys; from cml_bot.cli import run; run(['--help']); "
        "print({'json', 'yaml', 'jinja2', 'subprocess', 'cml_bot.pipeline'} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert done.stderr == "set()\n"


def test_the_same_input_gives_the_same_bytes(repository: Path) -> None:
    made = []
    for _ in range(2):
        mlbot(repository, "report")
        made.append({path.name: path.read_bytes() for path in (repository / "mlbot-report").rglob("*.*")})
    assert made[0] == made[1]


def test_gates_decide_the_exit_code_after_the_report_is_out(repository: Path) -> None:
    done = mlbot(repository, "report", "--fail-on", "accuracy < 0.95", "--warn-on", "f1 < 0.9")
    assert done.returncode == 1
    assert "1 gate failed" in done.stdout
    assert "0.903 is below 0.950" in done.stdout
    assert (repository / "mlbot-report" / "report.md").is_file()
    assert mlbot(repository, "report", "--warn-on", "accuracy < 0.95").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["report", "--nonsense"], "No such option"),
        (["nonsense"], "No such command"),
        (["report", "--format", "pdf"], "'pdf' is not one of"),
        (["report", "--fail-on", "accuracy is bad"], "not a gate"),
        (["report", "--against", "no-such-branch"], "no-such-branch"),
        (["report", "--against", "./no/such/folder"], "no/such/folder"),
        (["report", "--head", "no-such-branch", "--against", "main"], "no-such-branch"),
        (["report", "--against", "--upload-pack=x"], ""),
    ],
)
def test_what_is_wrong_leaves_2_and_one_line(repository: Path, arguments: list[str], says: str) -> None:
    done = mlbot(repository, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


def test_a_missing_source_leaves_3_after_the_report(repository: Path) -> None:
    (repository / "mlbot.toml").write_text('sources = ["metrics.json", "gone.json"]')
    done = mlbot(repository, "report")
    assert done.returncode == 3
    assert "gone.json matches no file" in done.stdout
    assert "gone.json matches no file" in (repository / "mlbot-report" / "report.md").read_text().replace("&#42;", "*")
    (repository / "mlbot.toml").write_text('sources = ["metrics.json"]\noptional = ["gone.json"]')
    assert mlbot(repository, "report").returncode == 0


def test_against_a_folder_outside_any_repository(tmp_path: Path) -> None:
    for name, accuracy in (("here", 0.9), ("there", 0.8)):
        (tmp_path / name).mkdir()
        write_run(tmp_path / name, accuracy=accuracy)
    done = mlbot(tmp_path / "here", "report", "--against", "../there", "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["base"]["kind"] == "folder"
    alone = mlbot(tmp_path / "here", "report")
    assert alone.returncode == 0
    assert "--against" in alone.stdout


def test_against_the_run_json_of_an_earlier_report(repository: Path) -> None:
    mlbot(repository, "report")
    write_run(repository, accuracy=0.95)
    done = mlbot(repository, "report", "--against", "mlbot-report/run.json", "--format", "json")
    assert done.returncode == 0, done.stderr
    [accuracy] = [one for one in json.loads(done.stdout)["deltas"] if one["name"] == "accuracy"]
    assert (accuracy["base"]["value"], accuracy["head"]["value"]) == (0.9034, 0.95)
    (repository / "mlbot-report" / "run.json").write_text("{")
    assert mlbot(repository, "report", "--against", "mlbot-report/run.json").returncode == 4


def test_two_revisions(repository: Path) -> None:
    write_run(repository, accuracy=0.1)
    done = mlbot(repository, "report", "--against", "main", "--head", "wider", "--format", "json")
    [accuracy] = [one for one in json.loads(done.stdout)["deltas"] if one["name"] == "accuracy"]
    assert (accuracy["base"]["value"], accuracy["head"]["value"]) == (0.8912, 0.9034)


def test_the_first_run_ever_says_what_comes_next(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write_run(tmp_path, accuracy=0.9)
    done = mlbot(tmp_path, "report")
    assert done.returncode == 0, done.stderr
    assert "first report" in done.stdout
    assert done.stdout.count("nothing to compare with: the repository has no commit yet") == 1


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    done = mlbot(tmp_path, "report")
    assert done.returncode == 0
    assert "metrics.json" in done.stdout


def test_a_subfolder_with_its_own_configuration(repository: Path) -> None:
    model = repository / "models" / "b"
    model.mkdir(parents=True)
    (model / "mlbot.toml").write_text('title = "Model B"')
    (model / "scores.json").write_text('{"auc": 0.7}')
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "b")
    (model / "scores.json").write_text('{"auc": 0.8}')
    done = mlbot(model, "report", "--against", "HEAD", "--format", "json")
    [auc] = json.loads(done.stdout)["deltas"]
    assert (auc["base"]["value"], auc["head"]["value"], auc["group"]) == (0.7, 0.8, "scores.json")


def test_doctor(repository: Path) -> None:
    done = mlbot(repository, "doctor")
    assert done.returncode == 0, done.stderr
    assert "metrics.json  (metrics: a well-known name)" in done.stdout
    assert "merge base with main" in done.stdout
    assert "none, and none is needed here" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", [".gitignore", "report.md", "figures/paper.txt", ".mlbot-report"])
def test_a_folder_with_somebody_elses_files_is_refused(repository: Path, name: str) -> None:
    mine = repository / "out" / name
    mine.parent.mkdir(parents=True)
    if name == ".mlbot-report":
        mine.symlink_to(repository / "nowhere")
    else:
        mine.write_text("mine")
    done = [mlbot(repository, "report", "-o", "out") for _ in range(2)]
    assert [one.returncode for one in done] == [2, 2]
    assert "holds files that are not of a report" in done[0].stderr
    assert "9034" in done[0].stdout
    assert mine.is_symlink() or mine.read_text() == "mine"
    assert mlbot(repository, "report", "-o", ".").returncode == 2


def test_a_report_is_not_read_back_whatever_its_folder_is_called(repository: Path) -> None:
    for _ in range(2):
        assert mlbot(repository, "report", "-o", "plots/mine").returncode == 0
    table = json.loads((repository / "plots/mine/report.json").read_text())
    assert not any("mine" in line for line in json.dumps(table["deltas"]).split())
    markdown = (repository / "plots/mine/report.md").read_text()
    assert "Pictures" not in markdown or "1 picture changed" in markdown
    assert len(list((repository / "plots/mine/figures").iterdir())) == 5


def test_links_that_a_branch_committed_are_not_followed(repository: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    mlbot(repository, "report")
    (repository / "mlbot-report/report.md").unlink()
    (repository / "mlbot-report/report.md").symlink_to(victim)
    assert mlbot(repository, "report").returncode == 0
    assert victim.read_text() == "precious"
    (repository / "elsewhere").symlink_to(tmp_path)
    done = mlbot(repository, "report", "-o", "elsewhere")
    assert (done.returncode, "is a link" in done.stderr) == (2, True)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1"])
@pytest.mark.parametrize("form", ["terminal", "json", "markdown", "html"])
def test_any_encoding_of_the_output_will_do(repository: Path, encoding: str, form: str) -> None:
    done = mlbot(repository, "report", "--format", form, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0.9034" in done.stdout


def test_against_goes_by_the_current_folder(repository: Path) -> None:
    other = repository / "deep" / "other"
    other.mkdir(parents=True)
    (other / "metrics.json").write_text('{"accuracy": 0.5}')
    for name in ("other", "./other"):
        done = mlbot(repository / "deep", "report", "--against", name, "--format", "json")
        assert json.loads(done.stdout)["base"]["kind"] == "folder", done.stderr


def test_metrics_that_git_ignores_are_explained(repository: Path) -> None:
    git(repository, "switch", "-q", "main")
    git(repository, "rm", "-q", "--cached", "metrics.json", "history.csv")
    (repository / ".gitignore").write_text("metrics.json\nhistory.csv\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "ignore")
    git(repository, "switch", "-qc", "next")
    git(repository, "commit", "-q", "--allow-empty", "-m", "next")
    write_run(repository, accuracy=0.9)
    done = mlbot(repository, "report")
    assert "no metrics are committed at the merge base with main" in done.stdout
    assert "commit the files, or compare with a run.json by --against" in done.stdout


def test_publish_without_a_review_is_refused(repository: Path) -> None:
    assert mlbot(repository, "report", "--publish").returncode == 2


def test_uncommitted_work_has_no_commit_of_its_own(repository: Path) -> None:
    write_run(repository, accuracy=0.5)
    done = mlbot(repository, "report", "--against", "HEAD", "--format", "json")
    assert json.loads(done.stdout)["head"] == {"sha": "", "source": "the working tree, on top of that commit"}


def test_version() -> None:
    assert mlbot(Path.cwd(), "--version").stdout.startswith("mlbot 0.")


def test_the_reader_of_a_pipe_may_leave(repository: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m cml_bot report --format json | head -c 1",
        shell=True,
        cwd=repository,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stderr == ""


@pytest.mark.parametrize("command", ["doctor | true", "--help | true", "report --format json >&-"])
def test_nobody_reads_the_output(repository: Path, command: str) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m cml_bot {command}; exit ${{PIPESTATUS[0]}}"],
        cwd=repository,
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_configuration_cannot_speak_to_the_runner_or_the_terminal(repository: Path) -> None:
    (repository / "mlbot.toml").write_text(
        'fail-on = ["accuracy < 2"]\n[metrics.accuracy]\nunit = "\\u001b[31m"\n'
        '[[waiver]]\ngate = "accuracy < 2"\nreason = "\\u001b[31mhi\\n::error::x"\nuntil = 2099-01-01\n'
    )
    done = mlbot(repository, "report")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert not any(line.startswith("::") for line in (done.stdout + done.stderr).splitlines())


def test_a_reader_that_leaves_does_not_hide_a_failed_gate(repository: Path) -> None:
    for form in ("terminal", "json"):
        command = f"{sys.executable} -m cml_bot report --format {form} --fail-on 'accuracy < 1' | true"
        done = subprocess.run(
            ["bash", "-c", f"{command}; exit ${{PIPESTATUS[0]}}"], cwd=repository, capture_output=True, encoding="utf-8"
        )
        assert (done.returncode, done.stderr) == (1, "")
