"""Schemas in YAML files."""

import pytest

from groundwork.data import Column, Schema, dump_schema, load_schema
from groundwork.errors import ConfigurationError


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="s.yaml"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return name

    return write


def test_a_schema_comes_back_from_the_file_that_it_was_written_to(written):
    schema = Schema(
        columns={
            "a": Column(dtype="Int64", nullable=False, min=1),
            "b": Column(dtype="String", allowed=("no", "1")),
            "day": Column(dtype="Date", min="2013-01-31"),
        },
        unique=(("a", "b"),),
        rules={"small": "pl.col('a') < 9"},
    )

    text = dump_schema(schema, ("NA", "-"))

    assert (schema, ("NA", "-")) == load_schema(written(text))
    assert (Schema(columns={}), ()) == load_schema(written(dump_schema(Schema(columns={}))))


def test_every_mistake_is_told_with_its_line(written):
    name = written("columns:\n  a: {dtype: Int65, mx: 3}\n  b:\n    min: 1\nrows: 3\nnull_values: NA\n")

    with pytest.raises(ConfigurationError) as caught:
        load_schema(name)

    assert [
        "s.yaml:6: null_values: must be a list of texts; quote them, as ['NA', '-']",
        "s.yaml:2: columns.a.dtype: unknown dtype 'Int65'; did you mean Int64?",
        "s.yaml:2: columns.a.mx: unknown key; did you mean 'max'?",
        "s.yaml:3: columns.b.dtype: this key is required",
        "s.yaml:5: rows: unknown key; known are columns, unique, rules",
    ] == caught.value.context["mistakes"]
    assert caught.value.message.endswith("(and 4 more)")
    assert "s.yaml:5: rows" in caught.value.hint


def test_a_value_of_the_wrong_kind_is_shown(written):
    with pytest.raises(ConfigurationError, match=r"s.yaml:2: columns.a.nullable: .*, found 'perhaps'"):
        load_schema(written("columns:\n  a: {dtype: Int64, nullable: perhaps}\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.yaml has no columns"),
        ("- 1\n", "s.yaml has no columns"),
        ("schema: {columns: {}}\n", "s.yaml has no columns:, name it by --project"),
        ("columns: {\n", "s.yaml:2"),
        (b"\xff", "s.yaml: the schema cannot be read: it is not UTF-8"),
    ],
)
def test_what_is_no_schema_file_is_told_in_a_sentence(written, text, message):
    with pytest.raises(ConfigurationError) as caught:
        load_schema(written(text))

    assert caught.value.message.startswith(message)


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml: the schema cannot be read: No such file"):
        load_schema("nowhere.yaml")
