"""Balanced groups: within the proven bound, and no worse than scikit-learn."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedGroupKFold

from groundwork.data import split
from groundwork.data._split_balance import deal


def spread(counts, fractions, parts) -> float:
    shares = counts / counts.sum(axis=0)
    held = np.array([shares[parts == part].sum(axis=0) for part in range(len(fractions))])
    return float(((held - fractions[:, None]) ** 2).sum())


@settings(deadline=None, max_examples=50)
@given(
    groups=st.integers(6, 40),
    classes=st.integers(1, 5),
    fractions=st.sampled_from([[0.8, 0.2], [0.5, 0.5], [0.7, 0.15, 0.15], [0.4, 0.3, 0.3]]),
    seed=st.integers(0, 10**6),
)
def test_the_deviation_keeps_its_bound(groups, classes, fractions, seed):
    rng = np.random.default_rng(seed)
    counts = rng.geometric(0.2, (groups, classes))
    shares = counts / counts.sum(axis=0)

    parts = deal(counts, np.array(fractions), rng.random(groups))

    bound = (1 - (np.array(fractions) ** 2).sum()) * (shares**2).sum()
    assert spread(counts, np.array(fractions), parts) <= bound + 1e-9
    assert set(parts.tolist()) == set(range(len(fractions)))


def test_the_bound_holds_without_moves_and_swaps(monkeypatch):
    monkeypatch.setattr("groundwork.data._split_balance._MOST_SWAPPED", 0)

    test_the_deviation_keeps_its_bound()


def test_one_large_group_leaves_the_other_parts_theirs():
    counts = np.array([[1000], [1], [1]])

    parts = deal(counts, np.array([0.7, 0.15, 0.15]), np.zeros(3))

    assert parts[0] == 0
    assert set(parts.tolist()) == {0, 1, 2}


def test_no_more_groups_than_parts_are_one_each():
    parts = deal(np.array([[5, 5], [5, 5], [5, 5]]), np.array([0.98, 0.01, 0.01]), np.array([0.1, 0.2, 0.3]))

    assert sorted(parts.tolist()) == [0, 1, 2]


def grouped(seed: int) -> pl.DataFrame:
    """Groups of very different sizes and mixtures."""
    rng = np.random.default_rng(seed)
    groups, classes = int(rng.integers(30, 400)), int(rng.integers(2, 7))
    rows = int(rng.integers(500, 6000))
    sizes = rng.dirichlet(np.full(groups, rng.choice([0.5, 1, 5])))
    mixtures = rng.dirichlet(rng.dirichlet(np.full(classes, 2.0)) * rng.choice([1, 5, 20]) + 1e-3, groups)
    group = rng.choice(groups, rows, p=sizes)
    label = (mixtures[group].cumsum(axis=1) < rng.random((rows, 1))).sum(axis=1).clip(max=classes - 1)
    return pl.DataFrame({"row": range(rows), "group": group, "class": label})


def deviation(frame: pl.DataFrame, parts: np.ndarray) -> float:
    """Root mean square distance of the share of a class that a part holds from the share that it was to hold."""
    label = frame["class"].to_numpy()
    off = [
        np.mean(parts[label == each] == part) - fraction
        for part, fraction in enumerate([0.6, 0.2, 0.2])
        for each in np.unique(label)
    ]
    return float(np.sqrt(np.mean(np.square(off))))


@pytest.mark.parametrize("seed", range(15))
def test_classes_are_shared_out_no_worse_than_by_scikit_learn(seed):
    frame = grouped(seed)
    group, label = frame["group"].to_numpy(), frame["class"].to_numpy()

    splits = split(frame, kind="stratified-group", column="class", group="group", test=0.2, validation=0.2, seed=seed)

    ours, theirs = np.zeros(frame.height, np.int64), np.zeros(frame.height, np.int64)
    ours[splits.validation["row"].to_numpy()] = 1
    ours[splits.test["row"].to_numpy()] = 2
    folds = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(group, label, group)
    for part, (_, rows) in zip((1, 2), folds, strict=False):
        theirs[rows] = part
    assert deviation(frame, ours) <= deviation(frame, theirs)
