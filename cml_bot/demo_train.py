"""Train a small neural network to read handwritten digits, and write down how it went.

`mlbot demo` copies this file as train.py. It knows nothing of mlbot: it writes what any training writes.
"""

import csv
import json
import time
import timeit
from pathlib import Path

import numpy as np
import yaml
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

Array = np.ndarray
DIGITS = range(10)


def main() -> None:
    """Read params.yaml; write metrics.json, history.csv and plots/confusion_matrix.png."""
    params = yaml.safe_load(Path("params.yaml").read_text())
    images, digits = load_digits(return_X_y=True)
    train_x, val_x, train_y, val_y = train_test_split(images / 16, digits, test_size=0.4, random_state=0)
    model = MLPClassifier(
        hidden_layer_sizes=(params["hidden_units"],),
        learning_rate_init=params["learning_rate"],
        batch_size=params["batch_size"],
        random_state=params["seed"],
    )

    started = time.perf_counter()
    history = []
    for epoch in range(1, params["epochs"] + 1):
        model.partial_fit(train_x, train_y, classes=list(DIGITS))
        train, val = evaluate(model, train_x, train_y), evaluate(model, val_x, val_y)
        history.append({"epoch": epoch, **named("train", train), **named("val", val)})
    seconds = time.perf_counter() - started

    write_history(history)
    write_metrics(model, val_x, val_y, seconds)
    draw_confusion(confusion_matrix(val_y, model.predict(val_x)))


def evaluate(model: MLPClassifier, x: Array, y: Array) -> dict[str, float]:
    """Measure the model on one split."""
    chances = model.predict_proba(x)
    return {"loss": log_loss(y, chances, labels=DIGITS), "accuracy": accuracy_score(y, chances.argmax(axis=1))}


def named(split: str, numbers: dict[str, float]) -> dict[str, float]:
    """Put the split in front of each name."""
    return {f"{split}_{name}": round(number, 6) for name, number in numbers.items()}


def write_history(history: list[dict[str, float]]) -> None:
    """Write one row an epoch."""
    with Path("history.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)


def write_metrics(model: MLPClassifier, x: Array, y: Array, seconds: float) -> None:
    """Write the final numbers."""
    answers = model.predict(x)
    fastest = min(timeit.repeat(lambda: model.predict(x), number=1, repeat=20))
    by_digit = f1_score(y, answers, average=None, labels=DIGITS)
    metrics = {
        **named("val", evaluate(model, x, y)),
        "f1_macro": float(by_digit.mean()),
        "worst_digit": {"f1": float(by_digit.min())},
        "latency_us": round(fastest / len(x) * 1e6, 3),
        "n_parameters": sum(weights.size for weights in [*model.coefs_, *model.intercepts_]),
        "n_val": len(y),
        "train_seconds": round(seconds, 3),
    }
    Path("metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


def draw_confusion(matrix: Array) -> None:
    """Draw how often each digit was taken for each other."""
    figure = Figure(figsize=(4, 4), dpi=100, layout="tight")
    axes = figure.add_subplot(xlabel="predicted", ylabel="actual", xticks=DIGITS, yticks=DIGITS)
    axes.imshow(np.sqrt(matrix), cmap="Blues")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(column, row, count, ha="center", va="center", color="white" if row == column else "black")
    Path("plots").mkdir(exist_ok=True)
    figure.savefig("plots/confusion_matrix.png")


if __name__ == "__main__":
    main()
