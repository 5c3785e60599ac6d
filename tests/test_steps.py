from __future__ import annotations

import time

import pytest

from cml_bot.steps import find_axis, find_unit, is_step

STEPS = """
    step Step STEP _step global_step trainer/global_step globalStep train/global_step num_steps train_step val_step
    iteration Iteration iterations iter round rounds boosting_round num_boosting_rounds epoch Epoch epochs epoch_idx
    batch batches_seen num_batches step_count total_timesteps examples_seen tokens_seen
"""
OTHERS = """
    ground_truth criterion footstep fpr loss_epoch loss_step train/loss_step val/loss_epoch step_time time_per_step
    epoch_time steps_per_second batch_size batch_loss multi_step_accuracy best_epoch underground background
    around_the_clock literal iterator stepwise tokens examples recall threshold time 精度 精度_step
"""


@pytest.mark.parametrize("label", STEPS.split())
def test_labels_that_count(label: str) -> None:
    assert is_step(label)


@pytest.mark.parametrize("label", ["", " ", "_", "精度 step", "1", *OTHERS.split()])
def test_labels_that_do_not(label: str) -> None:
    assert not is_step(label)
    assert find_unit(label) is None


@pytest.mark.parametrize(
    ("names", "axis"),
    [
        (["epoch", "batch", "iter", "step", "loss"], "step"),
        (["_step", "trainer/global_step"], "trainer/global_step"),
        (["batch", "epoch"], "epoch"),
        ([" Epoch ", "loss_epoch"], " Epoch "),
        (["train/global_step", "epoch"], "train/global_step"),
        (["epochs", "num_steps", "examples_seen", "acc"], None),
        ([], None),
    ],
)
def test_the_best_axis(names: list[str], axis: str | None) -> None:
    assert find_axis(names) == axis


def test_units() -> None:
    assert [find_unit(label) for label in ("batches_seen", "Epochs", "examples_seen")] == [
        ("batch", "batches"),
        ("epoch", "epochs"),
        None,
    ]


def test_a_long_label_takes_no_time() -> None:
    start = time.process_time()
    assert not is_step("train " * 50_000 + "x")
    assert time.process_time() - start < 1
