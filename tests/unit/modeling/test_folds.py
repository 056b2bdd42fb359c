import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.modeling.training import Folds
from groundwork.modeling.training._examples import examples
from groundwork.modeling.training._folds import fold_rows, validation_rows


def table(rows, groups=6, units=10):
    number = np.arange(rows)
    return pl.DataFrame({"x": number * 1.0, "y": number % 3 == 0, "g": number % groups, "t": number // (rows / units)})


def parted(frame, folds, **how):
    return fold_rows(examples(frame, "y", besides=folds.named), folds, **how)


KINDS = [
    Folds("random", 4),
    Folds("stratified", 4),
    Folds("group", 4, group="g"),
    Folds("stratified-group", 4, group="g"),
]


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(24, 90), which=st.sampled_from(KINDS), seed=st.integers(0, 9), groups=st.integers(4, 9))
def test_every_row_is_judged_once_by_a_model_that_has_not_seen_it(rows, which, seed, groups):
    frame = table(rows, groups)

    parts = parted(frame, which, seed=seed)

    assert list(range(rows)) == sorted(np.concatenate([judge for _, judge in parts]).tolist())
    for learn, judge in parts:
        assert list(range(rows)) == sorted([*learn.tolist(), *judge.tolist()])
        if which.group:
            assert not set(frame["g"][learn]) & set(frame["g"][judge])


@settings(deadline=None, max_examples=25)
@given(rows=st.integers(20, 90), units=st.integers(6, 12), seed=st.integers(0, 99))
def test_by_time_every_row_judged_is_later_than_all_that_were_learned_from(rows, units, seed):
    frame = table(rows, units=units)[np.random.default_rng(seed).permutation(rows)]

    parts = parted(frame, Folds("time", 3, column="t"))

    assert 3 == len(parts)
    for learn, judge in parts:
        assert frame["t"][learn].max() < frame["t"][judge].min()
    assert list(np.sort(np.concatenate([parts[0][0], *(judge for _, judge in parts)]))) == list(range(rows))


def test_a_unit_of_time_is_never_parted():
    days = pl.datetime_range(pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 8), "3h", closed="left", eager=True)
    frame = pl.DataFrame({"x": np.arange(len(days)), "t": days, "y": [True, False] * (len(days) // 2)})

    parts = parted(frame, Folds("time", 3, column="t", unit="1d"))

    for learn, judge in parts:
        assert not set(frame["t"][learn].dt.date()) & set(frame["t"][judge].dt.date())


def test_classes_have_equal_shares_in_stratified_folds():
    for _, judge in parted(table(60), Folds("stratified", 5)):
        assert 4 == table(60)["y"][judge].sum()


def test_the_seed_decides_and_nothing_else():
    first, again, other = (parted(table(40), Folds(), seed=seed)[0][1].tolist() for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_groups_and_times_may_be_given_one_a_row():
    rows = examples(table(40).select("x").to_numpy(), table(40)["y"].to_numpy())

    parts = fold_rows(rows, Folds("group", 3, group=table(40)["g"].to_numpy()))

    assert [set(table(40)["g"][judge]) for _, judge in parts] == [
        set(table(40)["g"][judge]) for _, judge in parted(table(40), Folds("group", 3, group="g"))
    ]
    assert {"kind": "group", "count": 3, "column": None, "group": "values", "unit": None} == Folds(
        "group", 3, group=[1]
    ).to_dict()


@pytest.mark.parametrize(
    ("folds", "words"),
    [
        (Folds("random", 50), "50 folds need as many rows; there are 40"),
        (Folds("stratified", 15), "class True has 14 rows; 15 folds need 15 of each"),
        (Folds("stratified-group", 15, group="x"), "class True has 14 rows; 15 folds need 15 of each"),
        (Folds("group", 7, group="g"), "g has 6 groups; 7 folds need as many"),
        (Folds("time", 10, column="t"), "t cannot be cut into 10 folds"),
        (Folds("group", 2, group="gap"), "the group is missing in 1 of 40 rows"),
        (Folds("stratified-group", 2, group=[1, 2]), "40 rows but 2 values of group"),
    ],
)
def test_too_few_for_so_many_folds_is_told_with_the_numbers(folds, words):
    frame = table(40).with_columns(gap=pl.when(pl.col("x") > 0).then("g"))

    with pytest.raises(InvalidDataError, match=words):
        parted(frame, folds)


def test_a_single_row_of_a_class_is_told():
    frame = table(40).with_columns(y=pl.col("x") == 3)

    with pytest.raises(InvalidDataError, match="class True has 1 row; 2"):
        parted(frame, Folds("stratified", 2))


def test_one_group_with_one_class_cannot_leave_a_fold_empty():
    frame = pl.DataFrame({"x": range(8), "y": [True] * 5 + [False] * 3, "g": [0, 0, 0, 0, 0, 1, 2, 3]})

    parts = parted(frame, Folds("stratified-group", 2, group="g"))

    assert all(len(learn) and len(judge) for learn, judge in parts)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"kind": "kfold"}, "kind 'kfold' are not known"),
        ({"count": 1}, "1 folds make no"),
        ({"count": True}, "True folds make no"),
        ({"kind": "time"}, "need a column"),
        ({"kind": "random", "column": "t"}, "random folds have no column"),
        ({"kind": "group"}, "group folds need a group"),
        ({"kind": "stratified", "group": "g"}, "stratified folds would part the groups"),
        ({"kind": "random", "unit": "1d"}, "random folds have no unit"),
    ],
)
def test_folds_that_cannot_be_meant_are_refused(how, words):
    with pytest.raises(ConfigurationError, match=words):
        Folds(**how)


def test_a_misspelt_column_names_the_nearest():
    with pytest.raises(ConfigurationError, match="no column 'grp' to be the group") as caught:
        parted(table(40).rename({"g": "group"}), Folds("group", 2, group="grp"))

    assert "did you mean 'group'?" == caught.value.hint


def test_a_number_has_no_classes_to_stratify():
    with pytest.raises(ConfigurationError, match="need classes"):
        parted(table(40), Folds("stratified"), classifier=False)


@pytest.mark.parametrize("folds", [None, *KINDS[2:], Folds("time", 2, column="t")])
def test_validation_is_parted_off_in_the_way_of_the_folds(folds):
    frame = table(60)
    rows = examples(frame, "y", besides=folds.named if folds else ())

    learn, judge = validation_rows(rows, 0.25, folds, seed=3, classifier=True)

    assert list(range(60)) == sorted([*learn.tolist(), *judge.tolist()])
    if folds is None:
        assert (15, 5) == (len(judge), frame["y"][judge].sum())
    elif folds.group:
        assert not set(frame["g"][learn]) & set(frame["g"][judge])
    else:
        assert frame["t"][learn].max() < frame["t"][judge].min()
