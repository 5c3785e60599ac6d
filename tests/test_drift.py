from __future__ import annotations

import random

from cml_bot.drift import find_drifts
from cml_bot.model import Goal, Rule, Run
from tests.making import make_history, make_metric


def slide(count: int, step: float, name: str = "accuracy", seed: int = 1) -> list[Run]:
    """Runs of which each is a little worse than the one before, far inside the noise of 0.004."""
    dice = random.Random(seed)
    values = [0.85 - step * n + 0.004 * dice.gauss() for n in range(count)]
    return [Run(sha=f"{n:040x}", metrics=(make_metric(name, value),)) for n, value in enumerate(values)]


def test_a_slide_of_small_steps_is_found_and_its_commits_are_named() -> None:
    [found] = find_drifts(slide(30, 0.001))
    assert found.key.name == "accuracy"
    assert found.best - found.level > 0.01
    assert int(found.last_good, 16) < int(found.first_bad, 16) <= 29
    assert found.noise < found.best - found.level


def test_a_sudden_fall_is_placed_to_the_commit() -> None:
    good, bad = make_history(12, {"recall": (0.8, 0.002)}), make_history(9, {"recall": (0.7, 0.002)}, seed=8)
    runs = [Run(sha=f"{n:040x}", metrics=run.metrics) for n, run in enumerate([*good, *bad])]
    [found] = find_drifts(runs)
    assert (int(found.last_good, 16), int(found.first_bad, 16)) == (11, 12)
    assert (found.n_best, found.n_level) == (12, 9)


def test_what_fell_and_came_back_has_not_slid() -> None:
    parts = [make_history(9, {"recall": (level, 0.002)}, seed=n) for n, level in enumerate((0.8, 0.7, 0.8))]
    assert find_drifts([run for part in parts for run in part]) == ()


def test_getting_better_is_no_drift_and_the_goal_decides_what_is_better() -> None:
    assert find_drifts(slide(30, -0.001)) == ()
    assert find_drifts(slide(30, -0.001, name="val_loss"))
    assert find_drifts(slide(30, 0.001, name="xyzzy")) == ()
    assert find_drifts(slide(30, 0.001, name="xyzzy"), [Rule(pattern="xyzzy", goal=Goal.HIGHER)])


def test_stable_histories_seldom_warn() -> None:
    levels = {f"accuracy_{n}": (0.85, 0.004) for n in range(10)}
    warned = sum(bool(find_drifts(make_history(20, levels, seed=seed))) for seed in range(200))
    assert warned <= 8  # 0.01 of 200 are 2


def test_few_runs_and_metrics_that_the_last_run_lacks_say_nothing() -> None:
    assert find_drifts(()) == ()
    assert find_drifts(slide(7, 0.1)) == ()
    assert find_drifts([*slide(30, 0.001), Run()]) == ()


def test_a_number_too_large_to_square_is_left_out() -> None:
    runs = slide(30, 0.001)
    runs[3] = Run(sha=runs[3].sha, metrics=(make_metric("accuracy", 1e200),))
    assert find_drifts(runs)


def test_single_trainings_are_not_mixed_with_means_of_many() -> None:
    single = [Run(sha=f"{n:040x}", metrics=(make_metric("accuracy", 0.95),)) for n in range(4)]
    dice = random.Random(1)
    means = [
        Run(sha=f"{n:040x}", metrics=(make_metric("accuracy", 0.9 + dice.gauss() / 100, 0.9),)) for n in range(4, 20)
    ]
    assert find_drifts([*single, *means]) == ()
