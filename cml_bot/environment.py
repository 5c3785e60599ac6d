"""What a training ran in: Python, platform, GPUs and the versions of libraries for machine learning.

Only names of files are looked at, no package is imported and no metadata parsed: this costs a few milliseconds.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from cml_bot.model import Fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LIBRARIES = (
    *("torch", "torchvision", "torchaudio", "tensorflow", "jax", "jaxlib", "flax", "keras", "onnxruntime", "triton"),
    *("scikit-learn", "xgboost", "lightgbm", "catboost", "statsmodels", "optuna", "imbalanced-learn"),
    *("transformers", "tokenizers", "datasets", "accelerate", "peft", "trl", "deepspeed", "bitsandbytes", "diffusers"),
    *("lightning", "pytorch-lightning", "ultralytics", "timm", "sentence-transformers", "spacy", "gensim", "mmdet"),
    *("lm-eval", "vllm", "torchmetrics", "evaluate", "stable-baselines3", "gymnasium", "torch-geometric"),
    *("numpy", "scipy", "pandas", "polars", "pyarrow", "opencv-python", "opencv-python-headless", "pillow"),
)
"""Distributions whose version may change a result."""
GPUS = Path("/proc/driver/nvidia/gpus")
ASK_SECONDS = 5
_FOLDER = re.compile(r"(?P<name>.+?)-(?P<version>\d[^-]*)(?:-py[\d.]+)?(?:\.dist-info|\.egg-info)")
"""How pip names what it knows of a distribution.

Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""
_PYTHON = re.compile(r"python(\d+\.\d+)t?")


def read_environment(env: Mapping[str, str], gpus: Path = GPUS) -> tuple[Fact, ...]:
    """Return what is known of the machine and the Python that the job runs in.

    mlbot may be installed apart from the project: then Python and libraries are those of the active environment, by
    VIRTUAL_ENV or CONDA_PREFIX, and left out where none is active.

    Args:
        env: the environment.
        gpus: where the driver of NVIDIA lists its cards.
    """
    version, places = _find_python(env)
    found = _find_versions(places)
    facts = [
        Fact(name="Python", value=version),
        Fact(name="platform", value=" ".join(filter(None, (platform.system(), platform.machine())))),
        Fact(name="GPU", value=_tell_cards(_read_cards(gpus) or _ask_cards(env))),
        *(Fact(name=name, value=found[_normal(name)]) for name in LIBRARIES if _normal(name) in found),
    ]
    return tuple(fact for fact in facts if fact.value)


def _find_python(env: Mapping[str, str]) -> tuple[str, Sequence[Path]]:
    """Return the version of Python, minor only, and the folders of its packages."""
    own = Path(sys.prefix).resolve()
    # What was activated last is set last: of an environment within conda's, that is VIRTUAL_ENV.
    active = env.get("VIRTUAL_ENV") or env.get("CONDA_PREFIX")
    if active and Path(active).resolve() != own and Path(active).is_dir():
        return _look_into(Path(active).resolve())
    if not active and _is_apart(own):
        return "", ()
    return f"{sys.version_info.major}.{sys.version_info.minor}", [Path(place) for place in sys.path if place]


def _is_apart(prefix: Path) -> bool:
    """Whether an environment is one that pipx or uv make for a tool alone."""
    return not {("pipx", "venvs"), ("uv", "tools"), ("uv", "archive-v0")}.isdisjoint(
        zip(prefix.parts, prefix.parts[1:], strict=False)
    )


def _look_into(prefix: Path) -> tuple[str, Sequence[Path]]:
    """Look into an environment that is not our own."""
    places = sorted([*prefix.glob("lib/python3*/site-packages"), *prefix.glob("Lib/site-packages")])
    told = _read_start(prefix / "pyvenv.cfg")
    version = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", told, re.MULTILINE)
    named = [match[1] for place in places if (match := _PYTHON.fullmatch(place.parent.name))]
    return version[1] if version else named[-1] if named else "", places


def _find_versions(places: Iterable[Path]) -> dict[str, str]:
    """Return the version of each library by its normal name; the first folder that has it counts, as for Python."""
    wanted = {_normal(name) for name in LIBRARIES}
    found: dict[str, str] = {}
    for place in places:
        for name in _list(place):
            match = _FOLDER.fullmatch(name)
            if match and _normal(match["name"]) in wanted:
                found.setdefault(_normal(match["name"]), match["version"])
    return found


def _normal(name: str) -> str:
    """Write the name of a distribution as all of its spellings mean it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _list(folder: Path) -> Sequence[str]:
    try:
        with os.scandir(folder) as rows:
            return sorted(row.name for row in rows)
    except OSError:
        return ()


def _read_cards(gpus: Path) -> Sequence[str]:
    """Read the names of NVIDIA's cards from the driver, without starting a process."""
    return list(_models(_read_start(gpus / card / "information") for card in _list(gpus)))


def _models(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        if model := re.search(r"^Model:\s*(.+?)\s*$", text, re.MULTILINE):
            yield model[1]


def _ask_cards(env: Mapping[str, str]) -> Sequence[str]:
    """Ask NVIDIA's tool, where there is one; it is given no variable but the path."""
    path = env.get("PATH", "")
    tool = shutil.which("nvidia-smi", path=path) if path else None
    if not tool:
        return ()
    command = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(
            command, env={"PATH": path}, stdin=subprocess.DEVNULL, capture_output=True, timeout=ASK_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    lines = done.stdout[:10_000].decode("utf-8", "replace").splitlines()
    return [line.strip() for line in lines if line.strip()] if not done.returncode else ()


def _tell_cards(cards: Sequence[str]) -> str:
    """Name the cards, equal ones once.

    Example:
        >>> _tell_cards(["Tesla T4", "Tesla T4"])
        '2 × Tesla T4'
    """
    named = [f"{count} × {card}" if count > 1 else card for card, count in Counter(cards).items()]
    return ", ".join(named)[:300]


def _read_start(file: Path) -> str:
    try:
        with file.open("rb") as data:
            return data.read(10_000).decode("utf-8", "replace")
    except OSError:
        return ""
