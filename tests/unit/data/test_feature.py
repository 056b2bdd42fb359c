"""A feature that cannot work is refused before there is a table."""

import datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Feature
from groundwork.data._feature_version import latest_version, version_order, version_text
from groundwork.errors import ConfigurationError


def double(x):
    return x * 2


def anything(*columns):
    return columns[0]


def test_a_feature_knows_what_it_reads():
    assert Feature(name="x", dtype="int").inputs == ("x",)
    assert Feature(name="y", dtype="int", expression="pl.col('b') + pl.col('a') + pl.col('b')").inputs == ("b", "a")
    assert Feature(name="y", dtype="int", expression=pl.col("a") + 1).inputs == ("a",)
    assert Feature(name="y", dtype="int", function=double).inputs == ("x",)
    assert Feature(name="y", dtype="int", function=lambda a, b, scale=2: a).inputs == ("a", "b")
    assert Feature(name="y", dtype="int", function=anything, inputs=["a", "b"]).inputs == ("a", "b")


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({}, "column"),
        ({"expression": "pl.lit(1)"}, "expression"),
        ({"expression": pl.lit(1)}, "code"),
        ({"function": double}, "function"),
    ],
)
def test_a_feature_knows_how_it_is_computed(options, kind):
    assert Feature(name="y", dtype="int", **options).kind == kind


def test_what_is_written_in_short_is_kept_in_full():
    feature = Feature(
        name="day", dtype="date", version="1.2", importance=1, tags=["time"],
        rules={"min": datetime.date(2013, 1, 1), "nullable": False, "max": None},
    )  # fmt: skip

    assert (feature.dtype, feature.version, feature.key) == ("Date", "1.2.0", "day@1.2.0")
    assert (feature.importance, feature.tags) == (1.0, ("time",))
    assert feature.rules == {"nullable": False, "min": "2013-01-01"}
    assert feature == Feature(
        name="day", dtype="Date", version="1.2.0", importance=1.0, tags=("time",),
        rules={"min": "2013-01-01", "nullable": False},
    )  # fmt: skip
    assert len({feature, feature}) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": ""}, "feature name '' is not text"),
        ({"name": "a@1"}, "feature name 'a@1'"),
        ({"name": 5}, "feature name 5"),
        ({"dtype": "Int65"}, "feature y: unknown dtype 'Int65'; did you mean Int64?"),
        ({"rules": {"minimum": 1}}, "feature y: there is no rule 'minimum'"),
        ({"rules": {"unique": True}}, "feature y: there is no rule 'unique'"),
        ({"rules": {"regex": "a"}}, "feature y: regex is for text"),
        ({"expression": "pl.col('x').mean()"}, "feature y: expression .* looks at other rows"),
        ({"expression": ""}, "feature y: an expression must be text"),
        ({"expression": pl.all()}, "feature y: .* gives several columns"),
        ({"expression": "pl.col('x')", "inputs": ["z"]}, "feature y: inputs are z, and it reads x"),
        ({"expression": "pl.col('x')", "function": double}, "feature y: it has an expression and a function"),
        ({"function": anything}, "parameters of .*:anything do not tell what it reads"),
        ({"function": type}, "do not tell what it reads"),
        ({"version": "one"}, "version 'one' is not a semantic version"),
        ({"version": 1.0}, "version 1.0 is not a semantic version"),
        ({"owner": None}, "feature y: owner None is no text"),
        ({"deprecated": True}, "feature y: deprecated True is no text"),
        ({"expression": 5}, "feature y: an expression must be text, not 5"),
        ({"function": "double"}, "feature y: function 'double' cannot be called"),
        ({"rules": [("min", 1)]}, "feature y: rules .* are no mapping"),
        ({"importance": "much"}, "feature y: importance 'much' is no number"),
        ({"importance": True}, "feature y: importance True is no number"),
        ({"importance": float("inf")}, "feature y: importance inf is no number"),
        ({"tags": None}, "feature y: tags None is no list of texts"),
        ({"tags": "time"}, "feature y: tags 'time' is no list of texts"),
        ({"inputs": [1], "function": double}, r"feature y: inputs \[1\] is no list of texts"),
    ],
)
def test_a_feature_that_cannot_work_says_why(options, message):
    with pytest.raises(ConfigurationError, match=message):
        Feature(**{"name": "y", "dtype": "Int64", **options})


def test_versions_are_in_semantic_order():
    ordered = [
        "1.0.0-1",
        "1.0.0-2",
        "1.0.0-10",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-rc.2",
        "1.0.0",
        "1.9.0",
        "1.10.0",
    ]

    assert sorted(set(ordered), key=version_order) == ordered


@pytest.mark.parametrize(
    ("versions", "latest"),
    [(["1.0.0", "2.0.0-rc.1"], "1.0.0"), (["1.0.0-a", "2.0.0-a"], "2.0.0-a"), (["1.9.0", "1.10.0"], "1.10.0")],
)
def test_the_latest_is_a_release_where_there_is_one(versions, latest):
    assert latest_version(versions) == latest


@pytest.mark.parametrize("text", ["", "01", "1.", "1.2.3.4", "v1", "1.0.0+5", "1.0.0-", "1.0\n", None])
def test_what_is_no_version_is_refused(text):
    with pytest.raises(ConfigurationError, match="is not a semantic version"):
        version_text(text)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 20), min_size=1, max_size=3))
def test_a_version_in_short_and_in_full_are_one(numbers):
    short = ".".join(map(str, numbers))

    assert version_text(version_text(short)) == version_text(short)
    assert version_order(short)[:3] == (*numbers, 0, 0)[:3]
