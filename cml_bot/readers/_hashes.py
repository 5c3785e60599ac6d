"""Hashes of data that evaluation tools write beside their results: lm-eval's ``task_hashes`` and the like."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"[A-Z]?[a-z]+[0-9]*|[A-Z]+(?![a-z])[0-9]*|[0-9]+")
_HASH = frozenset(("hash", "hashes", "md5", "sha1", "sha256", "sha512", "checksum", "checksums", "fingerprint"))
_DATA = frozenset(
    (
        *("data", "dataset", "datasets", "task", "tasks", "eval", "evaluation", "test", "val", "validation"),
        *("train", "split", "splits", "sample", "samples", "docs", "examples", "labels", "corpus"),
    )
)
_OTHER = frozenset(
    (
        *("git", "commit", "code", "source", "model", "models", "weights", "checkpoint", "config", "configuration"),
        *("params", "args", "prompt", "prompts", "template", "tokenizer", "image", "docker", "env", "environment"),
        *("run", "job", "output", "outputs", "result", "results", "prediction", "predictions", "artifact", "log"),
    )
)
"""What else is hashed, beside the word that says so."""
_TEXT = re.compile(r"(?:[a-z0-9]{2,10}[:-])?[0-9A-Za-z+/=_-]{6,200}")


def is_data_hash(path: Sequence[str], value: object) -> bool:
    """Whether a leaf is a hash of what was trained or evaluated on, by the keys that lead to it.

    Example:
        >>> is_data_hash(["task_hashes", "hellaswag"], "edcc7edd27a5"), is_data_hash(["eval", "model_hash"], "edcc7e")
        (True, False)
    """
    if not isinstance(value, str) or not _TEXT.fullmatch(value):
        return False
    parts = [_words(part) for part in path]
    at = next((n for n, words in enumerate(parts) if words and words[-1] in _HASH), None)
    if at is None:
        return False
    # A bare "hash" is one of what it lies in.
    of = parts[at][:-1] or [word for words in parts[:at][-1:] for word in words]
    return not _DATA.isdisjoint(of) and _OTHER.isdisjoint(of)


def _words(part: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(part[:300])]
