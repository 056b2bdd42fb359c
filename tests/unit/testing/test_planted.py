import polars as pl
import pytest

from groundwork.data import Dataset, NearText, deduplicate, leakage, near_pairs
from groundwork.errors import UsageError
from groundwork.testing import plant


@pytest.fixture(scope="module")
def table():
    return plant(300, duplicates=4, near_duplicates=6, leaks=2, missing=3, out_of_range=5, seed=7)


def test_the_duplicates_are_those_that_are_listed(table):
    doubled = deduplicate(table.frame).report

    assert 4 == len(table.duplicates) == doubled.removed
    for one, two in table.duplicates:
        assert table.frame.row(one) == table.frame.row(two)


def test_the_near_duplicates_are_those_that_are_listed(table):
    found = near_pairs(table.frame, NearText("text", threshold=0.5))

    assert all(table.frame["id"][one] != table.frame["id"][two] for one, two in table.near_duplicates)
    assert sorted(table.near_duplicates + table.duplicates) == list(zip(found["left"], found["right"], strict=True))


def test_the_validation_counts_what_is_listed_and_nothing_else(table):
    report = Dataset.scan(table.frame, schema=table.schema).validate()

    assert {("nullable", "kind"): 3, ("max", "size"): 3, ("min", "size"): 2} == {
        (each.rule, each.column): each.count for each in report.violations
    }
    assert table.missing == {"kind": table.frame["kind"].is_null().arg_true().to_list()}
    assert table.out_of_range == {"size": (~table.frame["size"].is_between(0, 100)).arg_true().to_list()}


def test_the_leaks_are_those_that_are_listed(table):
    frame = table.frame.unique("id", maintain_order=True)

    findings = leakage({"train": frame[:200], "test": frame[200:]}, target="target", features=["size", *table.leaks])

    assert {"leak_0", "leak_1"} == {name for each in findings if each.kind == "column" for name in each.columns}


def test_without_defects_the_table_is_sound():
    table = plant(50, duplicates=0, near_duplicates=0, leaks=0, missing=0, out_of_range=0)

    assert [] == Dataset.scan(table.frame, schema=table.schema).validate().violations
    assert (50, [], []) == (table.frame.height, table.duplicates, table.leaks)


def test_the_seed_decides():
    assert plant(seed=1).frame.equals(plant(seed=1).frame)
    assert not plant(seed=1).frame.equals(plant(seed=2).frame)


@pytest.mark.parametrize("wrong", [{"rows": 3}, {"missing": -1}, {"leaks": -1}])
def test_defects_that_do_not_fit_are_refused(wrong):
    with pytest.raises(UsageError, match="do not fit"):
        plant(**wrong)


def test_rows_are_counted_from_zero(table):
    assert pl.Series([row for pair in table.duplicates for row in pair]).is_between(0, table.frame.height - 1).all()
