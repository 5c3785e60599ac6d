from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cml_bot.config import Config, read_config
from cml_bot.errors import ConfigError
from cml_bot.model import Goal, Of, Outcome, Tolerance, WhenDataChanges

WHOLE = """
title = "Churn model"
name = "churn"
sources = ["metrics.json", "logs/**"]
optional = ["extra/*.json"]
params = ["params.yaml"]
data = ["data/*.csv", "dvc.lock"]
when-data-changes = "fail"
baseline = "v1.0"
fail-on = ["accuracy < 0.90", "accuracy regressed"]
warn-on = ["*loss* regressed"]

[metrics."val/accuracy"]
goal = "higher"
tolerance = "0.5%"
of = "best"
unit = "%"
headline = true

[metrics."*loss*"]
tolerance = 0.002

[[waiver]]
gate = "accuracy regressed"
reason = "new label policy"
until = 2026-12-31
"""


def read(folder: Path, text: str, **env: str) -> Config:
    (folder / "mlbot.toml").write_text(text)
    return read_config(folder, env, {})


def test_every_key(tmp_path: Path) -> None:
    config = read(tmp_path, WHOLE)
    assert (config.title, config.name, config.baseline) == ("Churn model", "churn", "v1.0")
    assert config.sources == ("metrics.json", "logs/**")
    assert (config.data, config.when_data_changes) == (("data/*.csv", "dvc.lock"), WhenDataChanges.FAIL)
    assert [(gate.pattern, gate.outcome) for gate in config.gates] == [
        ("accuracy", Outcome.FAIL),
        ("accuracy", Outcome.FAIL),
        ("*loss*", Outcome.WARN),
    ]
    accuracy, loss = config.metrics
    assert (accuracy.pattern, accuracy.goal, accuracy.of, accuracy.unit) == ("val/accuracy", Goal.HIGHER, Of.BEST, "%")
    assert (accuracy.tolerance, accuracy.headline) == (Tolerance(amount=0.005, is_relative=True), True)
    assert loss.tolerance == Tolerance(amount=0.002)
    assert config.waiver[0].until == date(2026, 12, 31)


def test_nothing_is_needed(tmp_path: Path) -> None:
    assert read_config(tmp_path, {}, {}) == Config()


def test_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.mlbot]\ntitle = "From pyproject"\n')
    assert read_config(tmp_path, {}, {}).title == "From pyproject"
    assert read(tmp_path, 'title = "Own file"').title == "Own file"


def test_options_count_before_variables_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "mlbot.toml").write_text('title = "file"\nname = "file"\nfail-on = ["a < 1"]')
    env = {"MLBOT_TITLE": "variable", "MLBOT_NAME": "variable", "MLBOT_FAIL_ON": "a < 2\nb < 3; c regressed\n"}
    config = read_config(tmp_path, env, {"title": "option", "name": None, "fail-on": ()})
    assert (config.title, config.name) == ("option", "variable")
    assert config.fail_on == ("a < 2", "b < 3", "c regressed")


def test_an_option_that_replaces_the_gates_makes_no_waiver_wrong(tmp_path: Path) -> None:
    (tmp_path / "mlbot.toml").write_text(WHOLE)
    assert read_config(tmp_path, {}, {"fail-on": ("recall < 0.5",)}).fail_on == ("recall < 0.5",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("fail_on = []", "'fail_on' is not known. Did you mean 'fail-on'"),
        ("xyzzy = 1", "Known are: title"),
        ("title = 3", "title is 3"),
        ('when-data-changes = "stop"', "when-data-changes is 'stop'. Write one of: warn, fail, ignore"),
        ("when-data-changes = true", "Write one of: warn, fail, ignore"),
        ("data = 1", "data is 1"),
        ('fail-on = ["accuracy is bad"]', "not a gate"),
        ("fail-on = [1]", "list of texts"),
        ("[metrics]\nacc = 1", "acc is 1"),
        ('[metrics.acc]\ngoal = "up"', "Write one of: higher, lower, none"),
        ("[metrics.acc]\ndirection = 1", "'direction' is not known"),
        ("[metrics.acc]\ntolerance = -1", "tolerance is -1"),
        ("[metrics.acc]\ntolerance = true", "tolerance is True"),
        ('[metrics.acc]\ntolerance = "some"', "tolerance is 'some'"),
        ("[metrics.acc]\ntolerance = nan", "tolerance is nan"),
        ('[metrics.acc]\nheadline = "yes"', "Write true or false"),
        ('[[waiver]]\ngate = "a < 1"', "needs a gate, a reason and a last day"),
        (
            'fail-on = ["a < 1"]\n[[waiver]]\ngate = "a < 2"\nreason = "x"\nuntil = 2026-12-31',
            "there is no gate 'a < 2'",
        ),
        ("[tool.mlbot]\ntitle = 'x'", "without [tool.mlbot]"),
        ('fail-on = ["a < 1"]\n[[waiver]]\ngate = "a < 1"\nreason = "x"\nuntil = "soon"', "its until is not right"),
        ("title = ", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_refused_with_a_cure(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)
    assert str(caught.value).startswith("mlbot.toml")


def test_variables_of_a_list_and_of_a_word(tmp_path: Path) -> None:
    env = {"MLBOT_DATA": "a.csv; b.csv", "MLBOT_WHEN_DATA_CHANGES": " ignore "}
    config = read(tmp_path, 'data = ["c.csv"]', **env)
    assert (config.data, config.when_data_changes) == (("a.csv", "b.csv"), WhenDataChanges.IGNORE)


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MLBOT_FAIL_ON"):
        read_config(tmp_path, {"MLBOT_FAIL_ON": "nonsense"}, {})


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "mlbot.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"mlbot\.toml"):
        read_config(tmp_path, {}, {})
