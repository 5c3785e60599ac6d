from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cml_bot.readers._hashes import is_data_hash

HASH = "9f86d081884c7d65"


@pytest.mark.parametrize(
    "path",
    [
        "task_hashes/hellaswag",
        "dataset_hash",
        "eval_set_sha256",
        "evalSetSHA256",
        "data-md5",
        "dataset/fingerprint",
        "results/test/checksum",
        "config/dataset_sha256",
        "splits/hash",
    ],
)
def test_hashes_of_data(path: str) -> None:
    assert is_data_hash(path.split("/"), HASH)
    assert is_data_hash(path.split("/"), f"sha256:{HASH}")


@pytest.mark.parametrize(
    "path",
    [
        "git_hash",
        "model_hash",
        "eval/model_hash",
        "eval_config_hash",
        "test/git_hash",
        "eval/run_hash",
        "hash",
        "hashtags/data",
        "dataset",
        "data_hashing",
        "eval_prompt_hash",
        "system_instruction_sha",
    ],
)
def test_what_is_none(path: str) -> None:
    assert not is_data_hash(path.split("/"), HASH)


@pytest.mark.parametrize("value", ["", "abc", "two words", "a" * 300, 12345678, None, 0.5, ["abcdef"], "0.1234567"])
def test_values_that_are_no_hash(value: object) -> None:
    assert not is_data_hash(["dataset_hash"], value)


@given(path=st.lists(st.text(max_size=20), max_size=5), value=st.text(max_size=40))
def test_no_path_breaks_it(path: list[str], value: str) -> None:
    assert is_data_hash(path, value) in (True, False)
