"""Leakage: what gives the answer away is found, and what is honest is not."""

import datetime

import numpy as np
import polars as pl
import pytest

from groundwork.data import Dataset, Splits, leakage, split
from groundwork.errors import ConfigurationError, InvalidDataError, UsageError

ROWS = 4000


@pytest.fixture(scope="module")
def flights() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    planned = rng.integers(300, 1400, ROWS)
    delay = rng.normal(0, 30, ROWS)
    late = delay + rng.normal(0, 12, ROWS) > 15
    return pl.DataFrame(
        {
            "planned": planned,
            "actual": planned + delay,
            "delay": delay,
            "noise": rng.normal(size=ROWS),
            "carrier": rng.choice(["AA", "UA", "DL"], ROWS),
            "reason": np.where(late, rng.choice(["w", "x"], ROWS), rng.choice(["y", "z"], ROWS)),
            "code": np.where(late, 5, rng.choice([1, 9], ROWS)),
            "late": late,
            "minutes": delay * 2 + 1,
            "when": [datetime.datetime(2013, 1, 1) + datetime.timedelta(hours=at) for at in range(ROWS)],
        }
    ).with_columns(note=pl.when("late").then(pl.lit("why")), few=pl.lit(None, pl.Float64), one=pl.lit("same"))


def by_time(frame: pl.DataFrame, **options) -> Splits:
    return split(frame, kind="time", column="when", test=0.2, unit="1d", **options)


HONEST = ["planned", "noise", "carrier", "few", "one"]


def found(findings):
    return {(finding.kind, finding.severity, tuple(finding.columns)) for finding in findings}


@pytest.mark.parametrize("target", ["late", "carrier", "minutes"])
def test_an_honest_split_by_time_has_no_findings(flights, target):
    features = [name for name in HONEST if name != target]

    assert leakage(by_time(flights), target=target, features=features, time="when") == []


@pytest.mark.parametrize(
    ("feature", "way"), [("delay", "order"), ("reason", "categories"), ("code", "categories"), ("note", "missing")]
)
def test_a_feature_that_gives_the_answer_away_is_an_error(flights, feature, way):
    (finding,) = leakage(by_time(flights), target="late", features=[*HONEST, feature])

    assert (finding.kind, finding.severity, finding.columns) == ("column", "error", [feature])
    assert finding.evidence["way"] == way
    assert finding.evidence["score"] > 0.9
    assert f"exclude: [{feature}]" in finding.message
    assert finding.to_dict()["evidence"] == finding.evidence


def test_two_times_whose_difference_is_the_answer_are_an_error(flights):
    (finding,) = leakage(by_time(flights), target="late", features=[*HONEST, "actual"])

    assert finding.columns in (["planned", "actual"], ["actual", "planned"])
    assert "minus" in finding.message
    assert finding.severity == "error"


def test_a_strong_feature_among_strong_ones_is_a_warning(flights):
    rng = np.random.default_rng(1)
    late = flights["late"].to_numpy()
    frame = flights.with_columns(
        pl.Series("good", late * 1.4 + rng.normal(size=ROWS)), pl.Series("fair", late * 1.0 + rng.normal(size=ROWS))
    )

    findings = leakage(by_time(frame), target="late", features=["good", "fair", "noise"])

    assert ("column", "warning", ("good",)) in found(findings)
    assert all(finding.severity == "warning" for finding in findings)


def test_for_a_number_the_rank_correlation_counts(flights):
    (finding,) = leakage(by_time(flights), target="minutes", features=["delay", "noise"])

    assert finding.evidence["measure"] == "|Spearman correlation|"
    assert finding.severity == "error"


def test_for_several_classes_each_is_asked(flights):
    (finding,) = leakage(by_time(flights), target="reason", features=["code", "noise"])

    assert finding.columns == ["code"]


def test_the_target_among_the_features_is_an_error(flights):
    findings = leakage(by_time(flights), target="late", features=["late", "noise"])

    assert found(findings) == {("column", "error", ("late",))}


def test_a_target_with_one_value_scores_nothing(flights):
    assert leakage(by_time(flights.with_columns(late=True)), target="late", features=["delay"]) == []


def test_large_tables_are_sampled_alike_each_time(flights, monkeypatch):
    monkeypatch.setattr("groundwork.data._leakage_columns.SAMPLE", 500)

    one, two = (leakage(by_time(flights), target="late", features=["delay"], seed=3) for _ in range(2))

    assert one == two
    assert one[0].evidence["rows"] == 500


def test_a_random_split_leaves_days_and_times_on_both_sides(flights):
    splits = split(flights, kind="random", test=0.2, validation=0.1)

    findings = leakage(splits, target="late", features=HONEST, time="when")

    assert {finding.kind for finding in findings} == {"group", "time"}
    assert all(finding.severity == "error" for finding in findings)
    group = next(finding for finding in findings if finding.kind == "group")
    assert group.evidence["share_test"] == 1.0
    assert group.evidence["shared"] == group.evidence["values_test"]
    assert "values of day of when also stand in train" in group.message


@pytest.mark.parametrize("key", ["carrier", pl.col("carrier"), "pl.col('carrier').str.to_lowercase()"])
def test_a_declared_group_on_both_sides_is_an_error(flights, key):
    findings = leakage(by_time(flights), target="late", features=["noise"], groups={"airline": key})

    assert found(findings) == {("group", "error", ("carrier",))}
    assert findings[0].evidence["shared"] == 3


def test_a_group_on_one_side_is_fine(flights):
    frame = flights.with_columns(plane=pl.int_range(ROWS) // 7)

    splits = split(frame, kind="group", column="plane", test=0.3)

    assert leakage(splits, target="late", features=["noise"], groups={"plane": "plane"}) == []


def test_a_declared_group_of_the_time_takes_the_place_of_its_days(flights):
    ordered = flights.sort("when")
    splits = Splits(ordered[:3001], ordered[:0], ordered[3001:])
    half = {"half-day": pl.col("when").dt.truncate("12h")}

    findings = leakage(splits, target="late", features=["noise"], time="when", groups=half)

    assert [finding.evidence["group"] for finding in findings] == ["half-day"]


def test_a_few_rows_on_both_sides_are_a_warning(flights):
    ordered = flights.sort("when")

    findings = leakage(
        Splits(ordered[:3002], ordered[:0], ordered[3001:]), target="late", features=["noise"], time="when"
    )

    assert {finding.severity for finding in findings if finding.kind == "time"} == {"warning"}


def test_copies_of_rows_on_both_sides_are_an_error(flights):
    doubled = pl.concat([flights, flights[:1000]])

    findings = leakage(split(doubled, kind="random", test=0.3), target="late", features=HONEST)

    (copies,) = (finding for finding in findings if finding.kind == "duplicate" and finding.severity == "error")
    assert "deduplicate before the split" in copies.message


def test_copies_under_another_time_are_a_warning(flights):
    later = flights.with_columns(pl.col("when") + pl.duration(days=400))

    findings = leakage(by_time(pl.concat([flights, later])), target="late", features=["planned", "noise"], time="when")

    assert found(findings) == {("duplicate", "warning", ("planned", "noise", "late"))}
    assert findings[0].evidence["agreement"] == 1.0


def test_coarse_features_that_agree_by_chance_are_no_copies(flights):
    assert leakage(by_time(flights), target="late", features=["carrier"]) == []


def test_validation_counts_as_seen(flights):
    splits = Splits(flights[:2000], flights[2000:3000], flights[2500:])

    findings = leakage(splits, target="late", features=["noise"])

    assert findings[0].kind == "duplicate"
    assert findings[0].evidence["rows_test"] == 500


def test_one_copy_among_many_rows_is_a_warning(flights):
    splits = Splits(flights[:2001], flights[:0], flights[2000:])

    assert found(leakage(splits, target="late", features=["noise"])) == {
        ("duplicate", "warning", tuple(flights.columns))
    }


def test_a_time_without_values_says_nothing(flights):
    splits = by_time(flights)
    empty = Splits(splits.train.with_columns(when=pl.lit(None, pl.Datetime)), splits.validation, splits.test)

    assert leakage(empty, target="late", features=["noise"], time="when") == []


def test_a_test_part_without_rows_says_nothing(flights):
    assert leakage(Splits(flights, flights[:0], flights[:0]), target="late", features=HONEST, time="when") == []


def test_a_time_that_is_a_number_has_no_days(flights):
    frame = flights.with_columns(year=pl.int_range(ROWS) // 1000)

    findings = leakage(split(frame, kind="random", test=0.2), target="late", features=["noise"], time="year")

    assert {finding.kind for finding in findings} == {"time"}


def test_unknown_columns_and_groups_are_refused(flights):
    splits = by_time(flights)

    with pytest.raises(InvalidDataError, match="no column 'lat'"):
        leakage(splits, target="lat", features=["noise"])
    with pytest.raises(InvalidDataError, match="group 'plane' cannot be computed"):
        leakage(splits, target="late", features=["noise"], groups={"plane": "tail"})
    with pytest.raises(ConfigurationError, match="looks at other rows"):
        leakage(splits, target="late", features=["noise"], groups={"plane": "pl.col('noise').mean()"})


def test_odd_columns_are_no_trouble(flights):
    frame = flights.with_columns(
        list=pl.concat_list("planned", "planned"),
        nan=pl.lit(float("nan")),
        gap=pl.when(pl.col("noise") > 0).then(pl.col("noise")),
        when2=pl.col("when").dt.date(),
        flag=pl.col("noise") > 0,
        late2=pl.when(pl.col("noise") < 1).then(pl.col("late")),
    )

    assert leakage(by_time(frame), target="late2", features=["nan", "gap", "when2", "flag", "carrier"]) == []
    assert (
        leakage(
            by_time(frame).train.pipe(lambda part: Splits(part, part[:0], part[:0])), target="late", features=["list"]
        )
        == []
    )


def test_parts_may_be_any_tables_by_name(flights):
    splits = by_time(flights)

    findings = leakage(
        {"train": splits.train.lazy(), "test": Dataset.scan(splits.test)}, target="late", features=["delay", "noise"]
    )

    assert findings == leakage(splits, target="late", features=["delay", "noise"])


def test_parts_of_different_tables_are_refused(flights):
    other = flights.with_columns(pl.col("noise").cast(pl.Float32))

    with pytest.raises(InvalidDataError, match=r"the test part is not of the table .*: column noise differs"):
        leakage({"train": flights, "test": other})
    with pytest.raises(InvalidDataError, match="stand in another order"):
        leakage({"train": flights, "test": flights.select(reversed(flights.columns))})
    with pytest.raises(ConfigurationError, match="parts train, tset are not train, test"):
        leakage({"train": flights, "tset": flights})
    with pytest.raises(ConfigurationError, match="parts train are not train, test"):
        leakage({"train": flights})


def test_unless_named_the_features_are_all_but_target_key_group_and_time(flights):
    frame = flights.select("noise", "late", "when", "delay").with_columns(row=pl.int_range(ROWS), plane=pl.col("delay"))

    findings = leakage(
        by_time(frame), target="late", keys=["row"], groups={"plane": pl.col("plane").round()}, time="when"
    )

    assert {tuple(one.columns) for one in findings if one.kind == "column"} == {("delay",)}


def test_without_a_target_only_what_parts_share_is_looked_at(flights):
    doubled = pl.concat([flights, flights[:1000]])

    findings = leakage(split(doubled, kind="random", test=0.3), time="when")

    assert {finding.kind for finding in findings} == {"duplicate", "group", "time"}


def test_few_rows_say_nothing_by_chance():
    rng = np.random.default_rng(0)
    names = [f"f{number}" for number in range(200)]
    frame = pl.DataFrame({name: rng.normal(size=30) for name in names}).with_columns(
        rare=pl.int_range(30) < 4, number=pl.Series(rng.normal(size=30))
    )
    splits = Splits(frame[:24], frame[:0], frame[24:])

    assert leakage(splits, target="rare", features=names[:25]) == []
    assert leakage(splits, target="number", features=names[:25]) == []


def test_numbers_that_overflow_are_no_trouble(flights):
    frame = flights.with_columns(
        huge=pl.col("noise") * 1e307,
        endless=pl.when(pl.col("noise") > 2).then(float("inf")).otherwise(pl.col("noise")),
    )

    assert leakage(by_time(frame), target="minutes", features=["huge", "endless", "planned"]) == []


def test_a_key_with_a_part_missing_is_nobodys(flights):
    frame = flights.with_columns(one=pl.lit(1), none=pl.lit(None, pl.Int64))

    assert leakage(by_time(frame), keys=["none", ["one", "none"]]) == []


def test_a_time_in_whole_hours_means_any_instant_of_its_hour(flights):
    frame = flights.with_columns(within=pl.col("when") + pl.duration(minutes=59), day=pl.col("when").dt.date())

    honest = leakage(by_time(frame), target="late", features=["within", "day", "noise"], time="when")
    (later,) = leakage(
        by_time(frame.with_columns(pl.col("within") + pl.duration(minutes=1))),
        target="late",
        features=["within", "noise"],
        time="when",
    )

    assert honest == []
    assert (later.kind, later.severity, later.evidence["median_ahead_s"]) == ("column", "warning", 3600.0)


@pytest.mark.parametrize("rows", [2, 3, 11, 12])
def test_tiny_tables_are_no_trouble(rows):
    frame = pl.DataFrame(
        {
            "number": pl.Series(range(rows), dtype=pl.Float64) ** 2,
            "text": [f"t{at}" for at in range(rows)],
            "flag": [at % 2 == 0 for at in range(rows)],
            "hollow": pl.Series([None] * rows, dtype=pl.Float64),
        }
    )

    findings = {target: leakage({"train": frame, "test": frame[:0]}, target=target) for target in frame.columns}

    assert findings == {"number": [], "text": [], "flag": [], "hollow": []}


def test_an_encoding_without_enough_rows_is_not_looked_for(flights):
    frame = flights.select("noise", "late").with_columns(
        id=pl.int_range(ROWS) // 100, rate=pl.when(pl.int_range(ROWS) < 1).then(1.0)
    )

    assert leakage(Splits(frame[:3000], frame[:0], frame[3000:]), target="late") == []


def test_a_table_that_is_not_parted_is_refused():
    with pytest.raises(UsageError, match="compares parts, and this is a DataFrame"):
        leakage(pl.DataFrame({"y": [0, 1]}), target="y")
