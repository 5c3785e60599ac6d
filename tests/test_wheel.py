"""The wheel holds what it needs and nothing else, and works where it is installed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [found] = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_what_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "cml_bot").rglob("*.py")}
    folder = ROOT / "templates" / "report"
    templates = {f"cml_bot/templates/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()}
    packed = {name for name in names if ".dist-info/" not in name}
    assert packed == code | templates | {"cml_bot/py.typed"}
    assert wheel.stat().st_size < 800_000


@pytest.mark.slow
def test_it_reports_where_it_is_installed(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(place)
    (tmp_path / "metrics.json").write_text('{"accuracy": 0.9}')
    code = f"import sys; sys.path.insert(0, {str(place)!r}); from cml_bot.cli import run; sys.exit(run(['report']))"
    done = subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert "accuracy" in (tmp_path / "mlbot-report" / "page.html").read_text()
