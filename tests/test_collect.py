from __future__ import annotations

import shutil
from pathlib import Path

from cml_bot.collect import Seen, collect
from cml_bot.config import Config
from cml_bot.model import Part, Run
from cml_bot.trees import FolderTree

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
"""One pixel that is clear."""
OTHER_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)
"""One pixel that is black."""


def write(root: Path, **files: str | bytes) -> Path:
    """Write files; ``__`` stands for ``/`` and a last ``_`` for the dot of the ending."""
    for name, content in files.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        path = root / f"{stem}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def run_of(root: Path, config: Config | None = None, seen: Seen | None = None) -> Run:
    return collect(FolderTree(root, ""), config or Config(), seen=seen)


def paths(run: Run, part: Part | None = None) -> list[str]:
    return [source.path for source in run.sources if part is None or source.part is part]


def test_what_a_job_writes_is_found_without_configuration(tmp_path: Path) -> None:
    write(
        tmp_path,
        metrics_json='{"accuracy": 0.9}',
        params_yaml="lr: 1e-3\n",
        history_csv="epoch,loss\n0,1.0\n1,0.5\n",
        plots__confusion_png=PNG,
        package_json='{"version": 1}',
        data__train_csv="a,b\n1,2\n",
        README_md="# x",
    )
    run = run_of(tmp_path)
    assert sorted(paths(run)) == ["history.csv", "metrics.json", "params.yaml", "plots/confusion.png"]
    assert [(metric.group, metric.name, metric.values) for metric in run.metrics] == [
        ("metrics.json", "accuracy", (0.9,))
    ]
    assert [(param.name, param.value) for param in run.params] == [("lr", "1e-3")]
    assert [series.y for series in run.series] == [(1.0, 0.5)]
    assert [figure.media for figure in run.figures] == ["image/png"]
    assert run.notes == run.broken == ()


def test_dependency_folders_are_never_looked_at(tmp_path: Path) -> None:
    write(
        tmp_path,
        node_modules__x__metrics_json="{}",
        venv__pyvenv_cfg="home = /",
        venv__lib__metrics_json="{}",
        hidden__metrics_json='{"a": 1}',
    )
    (tmp_path / "hidden").rename(tmp_path / ".hidden")
    assert paths(run_of(tmp_path)) == []


def test_configured_sources_are_all_that_is_read(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1}', out__eval__one_json='{"b": 2}', out__two_json='{"c": 3}')
    run = run_of(tmp_path, Config(sources=("out/**/*.json",)))
    assert [metric.name for metric in run.metrics] == ["b", "c"]
    assert all(source.declared for source in run.sources)


def test_a_source_that_matches_nothing_is_an_error_unless_optional(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1}')
    run = run_of(tmp_path, Config(sources=("metrics.json", "gone/*.json"), optional=("extra.json",)))
    assert [metric.name for metric in run.metrics] == ["a"]
    [line] = run.broken
    assert line == (
        "sources: gone/*.json matches no file. Correct the pattern, or move it to optional if it may match nothing."
    )


def test_a_broken_file_that_was_discovered_is_a_note(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1', scores_json='{"b": 2}')
    run = run_of(tmp_path)
    assert [metric.name for metric in run.metrics] == ["b"]
    assert run.broken == run.notes == ()
    [line] = run.unread
    assert line.startswith("metrics.json")


def test_a_broken_file_that_was_declared_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1')
    run = run_of(tmp_path, Config(sources=("metrics.json",)))
    assert run.notes == ()
    assert len(run.broken) == 1


def test_a_format_nobody_reads_is_named(tmp_path: Path) -> None:
    write(tmp_path, model_pkl=b"\x80\x04")
    [line] = run_of(tmp_path, Config(sources=("model.pkl",))).broken
    assert "no format that mlbot reads" in line


def test_a_link_out_of_the_workspace_is_left_alone(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside", secret_json='{"token": 1}') / "secret.json"
    root = write(tmp_path / "root", scores_json='{"b": 2}')
    (root / "metrics.json").symlink_to(secret)
    run = run_of(root)
    assert [metric.name for metric in run.metrics] == ["b"]
    assert "metrics.json" in run.unread[0]


def test_a_folder_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").mkdir()
    run = run_of(tmp_path, Config(sources=("metrics.json",)))
    assert len(run.broken) == 1


def test_a_file_that_is_deleted_meanwhile_is_one_line(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1}', scores_json='{"b": 2}')

    class Vanishing(FolderTree):
        def fetch(self, paths: object) -> None:
            (tmp_path / "metrics.json").unlink(missing_ok=True)

    run = collect(Vanishing(tmp_path, ""), Config())
    assert [metric.name for metric in run.metrics] == ["b"]
    assert "metrics.json" in run.unread[0]


def test_equal_files_are_read_once(tmp_path: Path) -> None:
    seen: Seen = {}
    for side in ("one", "two"):
        write(tmp_path / side, metrics_json='{"a": 1}', scores_json=f'{{"b": "{side}"}}')
        assert run_of(tmp_path / side, seen=seen).metrics[0].name == "a"
    assert len(seen) == 3


DVC = """
metrics: [eval/metrics.json]
plots:
  - eval/plots
  - eval/loss.csv: {x: step, y: loss}
params: [conf.yaml]
"""


def test_dvc_yaml_is_followed_instead_of_guessing(tmp_path: Path) -> None:
    write(
        tmp_path,
        dvc_yaml=DVC,
        conf_yaml="lr: 1",
        metrics_json='{"not": 1}',
        eval__metrics_json='{"acc": 1}',
        eval__loss_csv="step,loss,other\n0,1,2\n1,2,3\n",
        eval__plots__a_png=PNG,
        eval__plots__deep__b_png=PNG,
    )
    run = run_of(tmp_path)
    assert [metric.name for metric in run.metrics] == ["acc"]
    assert [series.name for series in run.series] == ["loss"]
    assert [figure.name for figure in run.figures] == ["eval/plots/a.png", "eval/plots/deep/b.png"]
    assert paths(run, Part.PARAMS) == ["conf.yaml"]
    assert all("dvc.yaml" in source.why for source in run.sources)


def test_a_dvc_yaml_somewhere_else_hides_nothing(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1}', examples__dvc_yaml="metrics: [m.json]", examples__m_json='{"b": 2}')
    write(tmp_path, examples__metrics_json='{"c": 3}')
    assert sorted(metric.name for metric in run_of(tmp_path).metrics) == ["a", "b"]


def test_optional_alone_adds_to_what_is_found(tmp_path: Path) -> None:
    write(tmp_path, metrics_json='{"a": 1}', extra__more_json='{"b": 2}')
    run = run_of(tmp_path, Config(optional=("extra/*.json", "gone.json")))
    assert sorted(metric.name for metric in run.metrics) == ["a", "b"]


def test_a_folder_as_source_means_what_mlbot_can_read_in_it(tmp_path: Path) -> None:
    write(tmp_path, out__a_json='{"a": 1}', out__train_py="x = 1", out__params_yaml="lr: 1")
    for pattern in ("out", "out/*"):
        run = run_of(tmp_path, Config(sources=(pattern,)))
        assert [metric.name for metric in run.metrics] == ["a"]
        assert [param.name for param in run.params] == ["lr"]
        assert run.broken == ()


def test_what_dvc_keeps_in_its_cache_is_a_note_with_the_cure(tmp_path: Path) -> None:
    write(tmp_path, dvc_yaml="metrics: [m.json]")
    run = run_of(tmp_path)
    assert run.broken == ()
    assert "dvc pull" in run.notes[0]


def test_a_broken_dvc_yaml_does_not_hide_the_metrics(tmp_path: Path) -> None:
    write(tmp_path, dvc_yaml="metrics: [", metrics_json='{"a": 1}')
    run = run_of(tmp_path)
    assert [metric.name for metric in run.metrics] == ["a"]
    assert "dvc.yaml" in run.unread[0]


def test_a_dvc_yaml_in_a_subfolder(tmp_path: Path) -> None:
    write(tmp_path, model__dvc_yaml="metrics: [m.json]", model__m_json='{"a": 1}')
    assert run_of(tmp_path).metrics[0].group == "model/m.json"
    shutil.rmtree(tmp_path / "model")
    assert run_of(tmp_path).is_empty
