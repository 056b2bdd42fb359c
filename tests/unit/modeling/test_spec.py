import pytest
from pydantic import ValidationError

from groundwork.errors import ConfigurationError
from groundwork.modeling import Join, RawColumn, TableSpec


def test_only_columns_that_the_features_depend_on_are_required(spec):
    assert spec.required_columns() == ["shop", "town", "size", "time", "open"]
    assert spec.optional_columns() == ["rain"]
    assert list(spec.used_derive()) == ["minute"]


def test_a_derived_column_may_replace_the_one_it_is_made_of():
    spec = TableSpec(
        name="m",
        columns={"a": RawColumn(dtype="int64"), "b": RawColumn(dtype="int64")},
        derive={"a": "pl.col('b') + 1", "c": "pl.col('a') * 2"},
        features={"c": "numeric"},
        target="y",
    )

    assert spec.required_columns() == ["b"]


def test_a_join_that_no_feature_needs_is_not_used(spec):
    bare = spec.model_copy(update={"features": {"shop": "categorical"}})

    assert TableSpec.model_validate(bare.model_dump()).used_joins() == []
    assert TableSpec.model_validate(bare.model_dump()).required_columns() == ["shop"]


def test_a_spec_survives_json(spec):
    assert TableSpec.model_validate_json(spec.model_dump_json()) == spec


@pytest.mark.parametrize(("feature", "hint"), [("shopp", "'shop'"), ("zzz", None)])
def test_a_feature_that_nothing_gives_is_refused(spec, feature, hint):
    with pytest.raises(ConfigurationError, match=feature) as caught:
        TableSpec.model_validate({**spec.model_dump(), "features": {feature: "numeric"}})

    assert (caught.value.hint is None) if hint is None else (hint in caught.value.hint)


def test_a_join_must_not_bring_what_the_input_has(spec):
    joins = [Join(name="weather", on=("town",), columns=("size",))]

    with pytest.raises(ConfigurationError, match="'weather' brings columns that the input has already: size"):
        TableSpec.model_validate({**spec.model_dump(), "joins": joins})


@pytest.mark.parametrize("change", [{"threshold": 2.0}, {"features": {}}, {"colour": 1}])
def test_values_out_of_range_and_unknown_keys_are_refused(spec, change):
    with pytest.raises(ValidationError):
        TableSpec.model_validate({**spec.model_dump(), **change})


def test_a_column_of_unknown_dtype_is_refused(spec):
    with pytest.raises(ConfigurationError, match="unknown dtype 'colour'"):
        TableSpec.model_validate({**spec.model_dump(), "columns": {"shop": {"dtype": "colour"}}})
