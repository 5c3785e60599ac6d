from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from cml_bot import environment
from cml_bot.environment import read_environment

NOWHERE = Path("/nowhere")


def read(gpus: Path = NOWHERE, **env: str) -> dict[str, str]:
    return {fact.name: fact.value for fact in read_environment(env, gpus)}


def make_venv(folder: Path, *packages: str, config: str = "version = 3.9.7\n") -> Path:
    for package in packages:
        (folder / "lib" / "python3.9" / "site-packages" / package).mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(config)
    return folder


def make_tool(folder: Path, script: str) -> Path:
    folder.mkdir()
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    return folder


def test_our_own() -> None:
    found = read()
    assert found["Python"] == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert found["platform"] == f"{os.uname().sysname} {os.uname().machine}"
    import numpy as np

    assert found["numpy"] == np.__version__
    assert "GPU" not in found
    assert read(VIRTUAL_ENV=sys.prefix) == found == read(CONDA_PREFIX=str(NOWHERE))


def test_another_environment_that_is_active(tmp_path: Path) -> None:
    packages = ("torch-2.3.1+cu121.dist-info", "scikit_learn-1.5.0-py3.9.egg-info", "Lightning-2.0.dist-info")
    venv = make_venv(tmp_path / "venv", *packages, "torch_scatter-1.0.dist-info", "torch", "numpy-nonsense")
    found = read(VIRTUAL_ENV=str(venv))
    del found["platform"]
    assert found == {"Python": "3.9", "torch": "2.3.1+cu121", "scikit-learn": "1.5.0", "lightning": "2.0"}
    assert read(CONDA_PREFIX=str(venv))["torch"] == "2.3.1+cu121"


@pytest.mark.parametrize(("config", "version"), [("version_info = 3.10.2.final.0\n", "3.10"), ("home = /x\n", "3.9")])
def test_the_version_of_another_environment(tmp_path: Path, config: str, version: str) -> None:
    venv = make_venv(tmp_path / "venv", "numpy-1.0.dist-info", config=config)
    assert read(VIRTUAL_ENV=str(venv))["Python"] == version


def test_an_environment_without_anything(tmp_path: Path) -> None:
    assert set(read(VIRTUAL_ENV=str(tmp_path))) == {"platform"}


def test_a_tool_that_is_installed_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for apart in (tmp_path / "pipx/venvs/cml-bot", tmp_path / "uv/tools/cml-bot"):
        monkeypatch.setattr(sys, "prefix", str(apart))
        assert set(read()) == {"platform"}
    assert read(VIRTUAL_ENV=str(make_venv(tmp_path / "venv", "jax-0.4.dist-info")))["jax"] == "0.4"


def test_cards_of_the_driver(tmp_path: Path) -> None:
    for place, model in (("0000:00:04.0", "Tesla T4"), ("0000:00:05.0", "Tesla T4"), ("1", "NVIDIA A100-SXM4-80GB")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "information").write_text(f"Model: \t\t {model}\nIRQ:   \t\t 35\n")
    (tmp_path / "odd").mkdir()
    assert read(tmp_path)["GPU"] == "2 × Tesla T4, NVIDIA A100-SXM4-80GB"


def test_cards_of_the_tool(tmp_path: Path) -> None:
    script = 'echo "card $GITHUB_TOKEN"; echo; echo other'
    assert read(PATH=str(make_tool(tmp_path / "a", script)), GITHUB_TOKEN="secret")["GPU"] == "card, other"
    assert "GPU" not in read(PATH=str(make_tool(tmp_path / "b", "echo no driver; exit 9")))
    assert "GPU" not in read(PATH=str(make_tool(tmp_path / "c", "printf ''")))


def test_a_tool_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "ASK_SECONDS", 0.05)
    assert "GPU" not in read(PATH=str(make_tool(tmp_path / "a", "exec sleep 5")), VIRTUAL_ENV=str(tmp_path))


def test_it_is_fast() -> None:
    took = []
    for _ in range(20):
        start = time.perf_counter()
        read()
        took.append(time.perf_counter() - start)
    assert min(took) < 0.015
