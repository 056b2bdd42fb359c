"""All figures of 10 million predictions at once, and scikit-learn's functions for the same figures one by one.

Run: ``python benchmarks/evaluation.py``, some four minutes and 2 GB; ``--rows 1000000`` is enough to see the ratio. A
number is the smallest of a few rounds, turn by turn, so that other work on the machine counts little. Exits with 1 when
a target is missed or a figure differs.
"""

import argparse
import os
import platform
import sys
import time

import numpy as np
import sklearn
from _targets import Targets, table
from sklearn import metrics
from sklearn.calibration import calibration_curve

from groundwork.modeling.evaluation import (
    ClassificationAccumulator,
    RegressionAccumulator,
    confidence_intervals,
    evaluate_classification,
    evaluate_regression,
)

BINS = 15
RESAMPLED = ["roc_auc", "average_precision", "brier", "log_loss", "accuracy", "precision", "recall", "f1"]


def calibration_error(outcome, probability):
    # calibration_curve tells the bins but not how many rows are in each.
    observed, stated = calibration_curve(outcome, probability, n_bins=BINS)
    rows = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], probability), minlength=BINS)
    return float(np.sum(rows[rows > 0] * np.abs(observed - stated)) / probability.size)


def of_classes(outcome, probability):
    called = probability >= 0.5
    return {
        "roc_auc": lambda: metrics.roc_auc_score(outcome, probability),
        "average_precision": lambda: metrics.average_precision_score(outcome, probability),
        "brier": lambda: metrics.brier_score_loss(outcome, probability),
        "log_loss": lambda: metrics.log_loss(outcome, probability),
        "calibration_error": lambda: calibration_error(outcome, probability),
        "accuracy": lambda: metrics.accuracy_score(outcome, called),
        "precision": lambda: metrics.precision_score(outcome, called),
        "recall": lambda: metrics.recall_score(outcome, called),
        "f1": lambda: metrics.f1_score(outcome, called),
        "confusion": lambda: metrics.confusion_matrix(outcome, called).tolist(),
    }


def of_numbers(outcome, prediction):
    return {
        "r2": lambda: metrics.r2_score(outcome, prediction),
        "rmse": lambda: metrics.root_mean_squared_error(outcome, prediction),
        "mae": lambda: metrics.mean_absolute_error(outcome, prediction),
        "median_error": lambda: metrics.median_absolute_error(outcome, prediction),
    }


def timed(function):
    begin = time.perf_counter()
    found = function()
    return time.perf_counter() - begin, found


def compare(targets, what, theirs, ours, rounds):
    best, total = dict.fromkeys(theirs, float("inf")), float("inf")
    differ = []
    for _ in range(rounds):
        took, figures = timed(ours)
        total = min(total, took)
        for name, function in theirs.items():
            took, expected = timed(function)
            best[name] = min(best[name], took)
            if not np.allclose(figures[name], expected, rtol=1e-9, atol=1e-12):
                differ.append((what, name, figures[name], expected))
    table([f"{what}, s", "scikit-learn"], [(name, f"{took:.2f}") for name, took in best.items()])
    theirs_total = sum(best.values())
    targets.least(
        f"{what}: {theirs_total:.2f} s in {len(best)} calls / {total:.2f} s", theirs_total / total, 3, " times"
    )
    return differ


def batches(outcome, probability, numbers):
    rows = []
    for what, make, columns in (
        ("classification, every probability kept", ClassificationAccumulator, (outcome, probability)),
        ("classification, 10,000 bins", lambda: ClassificationAccumulator(score_bins=10_000), (outcome, probability)),
        ("regression", RegressionAccumulator, numbers),
    ):
        found = make()

        def take(found=found, columns=columns):
            for begin in range(0, outcome.size, 100_000):
                found.add(*(column[begin : begin + 100_000] for column in columns))
            return found.result()

        took, _ = timed(take)
        rows.append((what, f"{took:.2f}", f"{took / outcome.size * 1e9:.0f}"))
    table(["batches of 100,000 rows", "s", "ns a row"], rows)


def intervals(outcome, probability):
    rows = []
    for size in (1_000, 50_000):
        seen, said = outcome[:size], probability[:size]
        took, _ = timed(lambda seen=seen, said=said: confidence_intervals(RESAMPLED, seen, said, samples=200))
        rows.append((f"{size:,}", f"{took / 200 * 1e3:.2f}"))
    table([f"rows; a resample of {len(RESAMPLED)} metrics", "ms"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"Python {platform.python_version()}, numpy {np.__version__}, scikit-learn {sklearn.__version__}, "
        f"{platform.machine()}, {os.cpu_count()} cores{load}; {options.rows:,} rows\n"
    )
    rng = np.random.default_rng(0)
    probability = rng.random(options.rows)
    outcome = (rng.random(options.rows) < probability).astype(np.int64)
    numbers = (rng.normal(3, 2, options.rows), rng.normal(3, 2, options.rows))
    targets = Targets()
    differ = compare(
        targets,
        "classification",
        of_classes(outcome, probability),
        lambda: evaluate_classification(outcome, probability, bins=BINS),
        options.rounds,
    )
    differ += compare(
        targets, "regression", of_numbers(*numbers), lambda: evaluate_regression(*numbers), options.rounds
    )
    batches(outcome, probability, numbers)
    intervals(outcome, probability)
    table(["target", "measured", "limit", ""], targets.told)
    for each in differ:
        print("differs:", *each)
    return 1 if targets.missed or differ else 0


if __name__ == "__main__":
    sys.exit(main())
