"""Keep: which checkpoints stay is a plain decision over step and metrics."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import UsageError
from groundwork.storage import CheckpointInfo, FileRecord, Keep
from groundwork.storage._retention import kept_steps, ranked


def infos(aucs):
    """Checkpoints by step with the metric auc, where it is not None."""
    return [
        CheckpointInfo(step, Path(), "", "", "", FileRecord("", 0), {} if auc is None else {"auc": auc})
        for step, auc in aucs.items()
    ]


@pytest.mark.parametrize(
    ("keep", "kept"),
    [
        (Keep(), {6, 7, 8}),
        (Keep(last=1), {8}),
        (Keep(last=1, best=("auc", 1)), {3, 8}),
        (Keep(last=1, best=("auc", 2)), {3, 5, 8}),
        (Keep(last=1, best=("-auc", 1)), {2, 8}),
        (Keep(last=1, every=4), {0, 4, 8}),
        (Keep(last=2, best=("auc", 1), every=5), {0, 3, 5, 7, 8}),
        (Keep(last=1, best=("loss", 3)), {8}),
        (Keep(last=100), {0, 2, 3, 4, 5, 6, 7, 8}),
    ],
)
def test_what_any_rule_asks_for_stays(keep, kept):
    there = infos({0: 0.5, 2: 0.1, 3: 0.9, 4: math.nan, 5: 0.8, 6: None, 7: 0.8 - 1e-9, 8: 0.3})

    assert kept == kept_steps(there, keep)


def test_of_equals_the_newest_is_the_best():
    assert [5, 4, 3] == [info.step for info in ranked(infos({3: 1, 5: 2, 4: 2}), "auc")]


def test_not_a_number_is_never_the_best():
    assert [2] == [info.step for info in ranked(infos({1: math.nan, 2: 0, 3: None}), "auc")]


@pytest.mark.parametrize("keep", [{"last": 0}, {"best": ("auc", 0)}, {"every": 0}, {"last": -1}, {"every": -5}])
def test_a_rule_that_keeps_nothing_is_refused(keep):
    with pytest.raises(UsageError, match="Keep") as caught:
        Keep(**keep)

    assert caught.value.hint


AUCS = st.dictionaries(st.integers(0, 50), st.none() | st.floats(allow_nan=True), max_size=12)
KEEPS = st.builds(
    Keep,
    last=st.integers(1, 5),
    best=st.none() | st.tuples(st.sampled_from(["auc", "-auc"]), st.integers(1, 4)),
    every=st.none() | st.integers(1, 7),
)


@settings(deadline=None, max_examples=50)
@given(aucs=AUCS, keep=KEEPS)
def test_keeping_twice_keeps_the_same_and_never_loses_the_newest(aucs, keep):
    there = infos(aucs)

    kept = kept_steps(there, keep)

    assert kept <= set(aucs)
    assert set(sorted(aucs)[-keep.last :]) <= kept
    assert kept == kept_steps([info for info in there if info.step in kept], keep)


@pytest.mark.parametrize(
    "keep",
    [
        {"best": "auc"},
        {"best": ("auc",)},
        {"best": (1, "auc")},
        {"best": ("auc", "1")},
        {"best": ("auc", None)},
        {"last": "3"},
        {"last": None},
        {"every": 2.5},
        {"last": True},
    ],
)
def test_a_rule_of_another_kind_is_refused_with_an_example(keep):
    with pytest.raises(UsageError, match="Keep") as caught:
        Keep(**keep)

    assert "Keep(" in (caught.value.hint or "")
