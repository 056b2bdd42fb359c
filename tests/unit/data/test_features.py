"""A registry computes what it says, in the right order, and lets nothing pass that breaks a rule."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Dataset, Feature, FeatureRegistry, FeatureUse, Schema
from groundwork.errors import ConfigurationError, InvalidDataError

FRAME = pl.DataFrame({"distance": [200, 300, 120], "air_time": [30, None, 40], "origin": ["ewr", "JFK", "lga"]})


def flights():
    return FeatureRegistry(
        [
            Feature(name="slow", dtype="Boolean", expression="pl.col('speed') < 300"),
            Feature(
                name="speed",
                dtype="Float64",
                expression="pl.col('distance') / pl.col('air_time') * 60",
                rules={"min": 0, "max": 800},
            ),
        ]
    )


def test_features_are_computed_after_those_that_they_read():
    table = flights().apply(FRAME)

    assert table.columns == ["distance", "air_time", "origin", "slow", "speed"]
    assert table["speed"].to_list() == [400.0, None, 180.0]
    assert table["slow"].to_list() == [False, None, True]
    assert FRAME.columns == ["distance", "air_time", "origin"]


def test_only_what_is_asked_for_is_added():
    assert flights().apply(FRAME, ["slow"]).columns == ["distance", "air_time", "origin", "slow"]
    assert flights().apply(FRAME, "slow").columns == ["distance", "air_time", "origin", "slow"]
    assert flights().apply(FRAME, []).equals(FRAME)


def test_a_feature_may_take_the_place_of_a_column_that_it_reads():
    registry = FeatureRegistry(
        [
            Feature(name="at", dtype="String", expression="pl.concat_str(pl.lit('at '), pl.col('origin'))"),
            Feature(name="origin", dtype="String", expression="pl.col('origin').str.to_uppercase()"),
        ]
    )

    table = registry.apply(FRAME)
    only = registry.apply(FRAME, ["at"])

    assert table.columns == ["distance", "air_time", "origin", "at"]
    assert table["origin"].to_list() == ["EWR", "JFK", "LGA"]
    assert registry.lineage("at").columns == ("origin",)
    assert only["at"].to_list() == ["at EWR", "at JFK", "at LGA"]
    assert only["origin"].to_list() == ["ewr", "JFK", "lga"]


def test_a_column_is_a_feature_with_a_type_and_rules():
    registry = FeatureRegistry([Feature(name="distance", dtype="Float32", rules={"min": 100})])

    assert registry.apply(FRAME)["distance"].dtype == pl.Float32


def test_a_constant_has_a_value_in_every_row_and_no_rows_are_no_error():
    registry = FeatureRegistry(
        [
            Feature(name="one", dtype="Int8", expression="pl.lit(1)"),
            Feature(name="day", dtype="Datetime", expression="pl.datetime(2013, 1, 1)"),
        ]
    )

    assert registry.apply(FRAME)["one"].to_list() == [1, 1, 1]
    assert registry.apply(FRAME.clear()).schema["one"] == pl.Int8
    assert registry.apply(FRAME.clear()).schema["day"] == pl.Datetime("us")


def test_a_function_reads_a_series_for_each_parameter():
    registry = flights()

    @registry.feature(dtype="Float64", version="1.1", owner="ops")
    def hours(air_time, unit=60):
        """Hours in the air.

        And more.
        """
        return air_time / unit

    assert hours(120) == 2
    assert registry.apply(FRAME, ["hours"])["hours"].to_list() == [0.5, None, 40 / 60]
    assert registry.get("hours").description == "Hours in the air."
    assert (registry.get("hours").owner, registry.get("hours").version) == ("ops", "1.1.0")


def test_a_function_may_have_another_name_and_give_any_sequence():
    registry = FeatureRegistry()

    registry.feature(dtype="Int64", name="far", inputs=["distance"])(lambda values: (values > 150).to_numpy())

    assert registry.apply(FRAME)["far"].to_list() == [1, 1, 0]


@pytest.mark.parametrize(
    ("result", "message"),
    [([1, 2], "2 values"), (object(), "object"), (pl.Series(), "0 values")],
)
def test_a_function_that_gives_no_column_is_named(result, message):
    registry = FeatureRegistry([Feature(name="y", dtype="Int64", function=lambda distance: result)])

    with pytest.raises(InvalidDataError, match=f"feature y@1[.]0[.]0: its function gave {message} for 3 rows"):
        registry.apply(FRAME)


def test_what_a_function_raises_says_which_feature_it_was():
    def divide(distance):
        return 1 / 0

    registry = FeatureRegistry([Feature(name="y", dtype="Int64", function=divide)])

    with pytest.raises(ZeroDivisionError) as caught:
        registry.apply(FRAME)

    assert caught.value.__notes__ == ["while feature y@1.0.0 was computed"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rules": {"min": 150}}, "feature distance@1.0.0, row 3: 120 breaks its rule min: 150"),
        ({"rules": {"max": 250}}, "feature distance@1.0.0, row 2: 300 breaks its rule max: 250"),
        ({"rules": {"allowed": [200, 300]}}, r"row 3: 120 breaks its rule allowed: \[200, 300\]"),
        ({"name": "air_time", "rules": {"nullable": False}}, "row 2: a missing value breaks its rule nullable: False"),
        ({"name": "origin", "dtype": "String", "rules": {"regex": "[A-Z]+"}}, "row 1: ewr breaks its rule regex"),
        ({"name": "origin"}, "feature origin@1.0.0, row 1: ewr breaks its rule dtype: Int64"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_feature_row_and_value(options, message):
    registry = FeatureRegistry([Feature(**{"name": "distance", "dtype": "Int64", **options})])

    with pytest.raises(InvalidDataError, match=message) as caught:
        registry.apply(FRAME)

    assert {"feature", "version", "row", "value", "rule"} == set(caught.value.context)


def test_a_rule_holds_for_features_that_are_only_read():
    registry = flights()

    with pytest.raises(InvalidDataError, match=r"feature speed@1[.]0[.]0, row 1: 12000[.]0 breaks its rule max: 800"):
        registry.apply(FRAME.with_columns(air_time=1), ["slow"])


def test_what_polars_cannot_compute_names_the_feature():
    registry = FeatureRegistry([Feature(name="y", dtype="Int64", expression="pl.col('origin') - pl.col('distance')")])

    with pytest.raises(InvalidDataError, match=r"feature y@1[.]0[.]0 cannot be computed"):
        registry.apply(FRAME)


def test_a_missing_column_is_named():
    with pytest.raises(InvalidDataError, match="the table has no column 'air_time'"):
        flights().apply(FRAME.drop("air_time"))


def test_a_dataset_gives_a_dataset(tmp_path):
    FRAME.write_csv(tmp_path / "flights.csv")
    schema = Schema.model_validate({"columns": {"distance": {"dtype": "int"}, "air_time": {"dtype": "int"}}})

    dataset = flights().apply(Dataset.scan(tmp_path / "flights.csv", schema=schema), ["speed"])

    assert isinstance(dataset, Dataset)
    assert dataset.collect().equals(flights().apply(FRAME, ["speed"]))


def test_batches_are_computed_as_they_are_read_and_rows_are_counted_through():
    rows = pl.DataFrame({"distance": [200] * 65_536 + [300, 120]})
    registry = FeatureRegistry([Feature(name="distance", dtype="Int64", rules={"min": 150})])
    batches = iter(registry.apply(Dataset.scan(rows)).batches(65_536))

    assert next(batches)["distance"].sum() == 200 * 65_536
    with pytest.raises(InvalidDataError, match="row 65,538: 120 breaks its rule min: 150"):
        next(batches)


def test_a_dataset_without_rows_has_the_features_types():
    dataset = flights().apply(Dataset.scan(FRAME.clear()))

    assert dict(dataset.columns()) == dict(flights().apply(FRAME).schema)
    assert dataset.collect().height == 0


def test_lineage_goes_down_to_the_columns():
    graph = flights().lineage("slow")

    assert graph.to_dict() == {
        "reads": {"slow": ["speed"], "speed": ["distance", "air_time"]},
        "order": ["speed", "slow"],
        "columns": ["distance", "air_time"],
    }
    assert flights().lineage().order == ("speed", "slow")
    assert flights().dependents("air_time") == ["speed", "slow"]
    assert flights().dependents("speed") == ["slow"]
    assert flights().dependents("origin") == []


def test_a_circle_is_refused_by_name_and_nothing_of_it_stays():
    registry = flights()

    with pytest.raises(ConfigurationError, match="in a circle: distance -> slow -> speed -> distance"):
        registry.register(Feature(name="distance", dtype="Boolean", expression="pl.col('slow')"))

    assert "distance" not in registry
    assert registry.apply(FRAME).width == 5


def test_a_new_version_that_closes_a_circle_is_refused_and_an_old_one_is_not():
    registry = flights()
    registry.register(
        Feature(name="speed", dtype="Float64", version="0.9", expression="pl.col('slow').cast(pl.Float64)")
    )

    with pytest.raises(ConfigurationError, match="in a circle: speed -> slow -> speed"):
        registry.register(
            Feature(name="speed", dtype="Float64", version="2", expression="pl.col('slow').cast(pl.Float64)")
        )

    assert registry.versions("speed") == ["0.9.0", "1.0.0"]
    assert registry.lineage().order == ("speed", "slow")


@settings(deadline=None, max_examples=50)
@given(st.randoms(use_true_random=False), st.integers(2, 8))
def test_the_order_of_registration_does_not_matter(chance, count):
    chain = [Feature(name="f0", dtype="Int64", expression="pl.col('distance') + 1")]
    chain += [
        Feature(name=f"f{at}", dtype="Int64", expression=f"pl.col('f{chance.randrange(at)}') + pl.col('f{at - 1}')")
        for at in range(1, count)
    ]
    expected = FeatureRegistry(chain).apply(FRAME)
    mixed = chance.sample(chain, len(chain))

    table = FeatureRegistry(mixed).apply(FRAME)

    assert table.select(expected.columns).equals(expected)


def test_versions_stand_side_by_side():
    registry = flights()
    registry.register(Feature(name="speed", dtype="Float64", version="1.10", expression="pl.col('distance') * 1.0"))
    registry.register(Feature(name="speed", dtype="Float64", version="1.9", expression="pl.col('distance') * 9.0"))
    registry.register(Feature(name="speed", dtype="Float64", version="2.0.0-rc.1", expression="pl.lit(2.0)"))

    assert registry.versions("speed") == ["1.0.0", "1.9.0", "1.10.0", "2.0.0-rc.1"]
    assert registry.get("speed").version == "1.10.0"
    assert registry.get("speed", "1.9").version == registry.get("speed@1.9.0").version == "1.9.0"
    assert registry.apply(FRAME, ["speed@1.0", "slow"])["slow"].to_list() == [False, None, True]
    assert registry.apply(FRAME, ["slow"])["slow"].to_list() == [True, False, True]
    with pytest.raises(ConfigurationError, match="speed is asked for in two versions"):
        registry.apply(FRAME, ["speed", "speed@1.0.0"])
    with pytest.raises(ConfigurationError, match=r"feature speed has no version 3\.0\.0") as caught:
        registry.get("speed", "3")
    assert caught.value.hint == "it has 1.0.0, 1.9.0, 1.10.0, 2.0.0-rc.1"


def test_the_same_version_with_another_definition_is_refused():
    registry = flights()

    with pytest.raises(ConfigurationError, match=r"speed@1\.0\.0 is registered already and differs: Float64 pl.col"):
        registry.register(Feature(name="speed", dtype="Float64", expression="pl.col('distance')"))

    assert registry.get("speed").inputs == ("distance", "air_time")


def test_the_same_feature_once_more_may_bring_other_words():
    registry = FeatureRegistry([Feature(name="distance", dtype="Int64")])
    registry.set_importance({"distance": 0.5})

    registry.register(Feature(name="distance", dtype="Int64", description="Miles."))

    assert (len(registry), registry.get("distance").description, registry.get("distance").importance) == (
        1,
        "Miles.",
        0.5,
    )


def test_only_features_are_registered():
    with pytest.raises(ConfigurationError, match="'speed' is no Feature"):
        FeatureRegistry().register("speed")


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(ConfigurationError, match="there is no feature 'sped'") as caught:
        flights().get("sped")

    assert caught.value.hint == "did you mean speed?"
    with pytest.raises(ConfigurationError) as caught:
        flights().get("qqqqqq")
    assert caught.value.hint == "there are: slow, speed"


def test_a_registry_is_a_collection_of_the_latest():
    registry = flights()

    assert [feature.name for feature in registry] == ["slow", "speed"]
    assert ("speed" in registry, "sped" in registry) == (True, False)
    assert repr(registry) == "FeatureRegistry(2 features: slow, speed)"


def test_deprecated_features_are_computed_only_when_asked_for_or_read():
    registry = flights()
    registry.register(
        Feature(
            name="speed", dtype="Float64", version="1.1", expression="pl.col('distance') / pl.col('air_time') * 60",
            deprecated="use speed_kmh",
        )
    )  # fmt: skip

    assert registry.apply(FRAME).columns[3:] == ["slow"]
    with pytest.warns(DeprecationWarning, match="feature speed@1.1.0 is deprecated: use speed_kmh") as caught:
        assert registry.apply(FRAME, ["speed"]).columns[3:] == ["speed"]
    assert caught[0].filename == __file__


def test_uses_are_kept_by_version():
    registry = flights()
    registry.use("speed", by="late@1")
    registry.register(Feature(name="speed", dtype="Float64", version="2", expression="pl.lit(1.0)"))
    registry.use("speed", by="late@2")

    registry.use("speed", by="late@2")

    assert registry.usage("speed") == [FeatureUse("speed", "1.0.0", "late@1"), FeatureUse("speed", "2.0.0", "late@2")]
    assert registry.usage("slow") == []
    assert registry.use("speed", by="audit", version="1") == FeatureUse("speed", "1.0.0", "audit")
    for call in (lambda: registry.usage("sped"), lambda: registry.use("sped", by="x")):
        with pytest.raises(ConfigurationError, match="there is no feature 'sped'"):
            call()
    with pytest.raises(ConfigurationError, match="by '' names nobody"):
        registry.use("speed", by="")


def test_importance_is_noted_for_all_or_none():
    registry = flights()

    registry.set_importance({"speed": 0.75, "slow": 1})
    with pytest.raises(ConfigurationError, match="there is no feature 'x'"):
        registry.set_importance({"speed": 0.1, "x": 0.2})
    with pytest.raises(ConfigurationError, match="feature slow: importance nan is no number"):
        registry.set_importance({"speed": 0.1, "slow": float("nan")})

    assert [feature.importance for feature in registry] == [1.0, 0.75]
