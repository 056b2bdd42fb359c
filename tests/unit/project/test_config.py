import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.errors import ConfigurationError
from groundwork.project._config import load_config
from groundwork.project._config_jsonschema import json_schema, write_json_schema
from groundwork.project._config_mistakes import nearest
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._config_sections import METRICS, STEP_NAMES, Gate, Steps

ROOT = Path(__file__).parents[3]
FLIGHTS = ROOT / "examples" / "flights"

GOOD = """\
name: small
source: {path: data.csv}
schema:
  columns:
    city: {dtype: String}
    when: {dtype: Datetime}
    size: {dtype: Float64}
    late: {dtype: Int64}
joins:
  - name: weather
    path: weather.csv
    on: [city]
    schema: {columns: {city: {dtype: String}, rain: {dtype: Float64}}}
derive:
  double: pl.col('size') * 2
  fourfold: pl.col('double') * 2
target: pl.col('late') > 15
exclude: [when]
split: {kind: time, column: when, unit: 1d}
model: {estimator: sklearn.linear_model.LogisticRegression, params: {C: 0.5}}
gates: {roc_auc: ">= 0.6", brier: "<0.3"}
"""


@pytest.fixture
def project(tmp_path):
    """Write a pipeline.yaml after replacing parts of a good one."""

    def write(*replacements, text=GOOD):
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        (tmp_path / "pipeline.yaml").write_text(textwrap.dedent(text), encoding="utf-8")
        return tmp_path

    return write


def mistakes(path, overrides=()):
    with pytest.raises(ConfigurationError) as caught:
        load_config(path, overrides)
    return caught.value.context["mistakes"]


def only(folder):
    """Return path, message and suggestion of the one mistake, whose line must hold its key."""
    found = mistakes(folder)
    assert len(found) == 1, found
    *_, key = found[0]["path"].split(".")
    if key and not key.isdecimal():
        line = (folder / "pipeline.yaml").read_text(encoding="utf-8").splitlines()[found[0]["line"] - 1]
        assert f"{key}:" in line
    return found[0]["path"], found[0]["message"], found[0]["suggestion"]


def test_a_good_file_is_read_with_defaults(project):
    config = load_config(project())

    assert (config.name, config.seed, config.task, config.threshold.by) == ("small", 0, "classification", "f1")
    assert config.model.params == {"C": 0.5}
    assert (
        config.deduplicate.kind,
        config.leakage.policy,
        config.split.test,
        config.checkpoint.keep.last,
    ) == ("exact", "warn", 0.15, 3)


def test_the_file_itself_can_be_named(project):
    folder = project()

    assert load_config(folder).digest == load_config(folder / "pipeline.yaml").digest


def test_the_example_is_valid_and_names_only_what_is_there():
    config = load_config(FLIGHTS)

    assert [Gate("roc_auc", ">=", 0.66)] == [gate for gate in config.parsed_gates if gate.metric == "roc_auc"]
    assert config.path_of(config.source.path).is_file()
    assert ["weather.csv"] == [config.path_of(join.path).name for join in config.joins]
    assert all(config.path_of(join.path).is_file() for join in config.joins)


def test_the_example_hides_what_gives_the_answer_away():
    config = load_config(FLIGHTS)

    features = config.feature_columns([*config.table_schema.columns, *config.joins[0].columns, *config.derive])

    assert not {"dep_time", "dep_delay", "arr_time", "arr_delay", "air_time", "time_hour"} & set(features)
    assert {"carrier", "origin", "dest", "departure_min", "weekday", "temp", "precip"} <= set(features)


def test_paths_start_at_the_files_folder_unless_told_otherwise(project):
    folder = project()

    here, elsewhere = load_config(folder), load_config(folder, folder="/srv")

    assert (folder / "data.csv", folder) == (here.path_of(here.source.path), here.folder)
    assert Path("/srv/data.csv") == elsewhere.path_of("data.csv")
    assert here.digest == elsewhere.digest


def test_features_are_all_but_the_excluded_and_the_targets(project):
    config = load_config(project())

    assert config.feature_columns(["city", "when", "size", "late", "rain"]) == ["city", "size", "rain"]


def test_features_that_are_named_are_taken(project):
    config = load_config(project(("exclude: [when]", "features: [size, city]")))

    assert config.feature_columns(["city", "when", "size", "late"]) == ["size", "city"]


def test_a_plain_target_is_its_own_column(project):
    config = load_config(project(("pl.col('late') > 15", "late")))

    assert (False, {"late"}) == (config.target_is_expression, config.target_columns)


def test_a_computed_target_knows_its_columns(project):
    config = load_config(project())

    assert (True, {"late"}) == (config.target_is_expression, config.target_columns)


def test_short_spellings_mean_the_long_ones(project):
    config = load_config(project(("exclude:", "leakage: error\ndeduplicate: off\nexclude:")))

    assert (config.leakage.policy, config.deduplicate.kind) == ("error", "off")


def test_all_columns_of_a_join_can_be_asked_for_by_word(project):
    config = load_config(project(("on: [city]", "on: [city]\n    columns: all")))

    assert config.joins[0].columns is None


def test_what_is_written_out_is_read_back_equal(project, tmp_path):
    config = load_config(project(), ["model.params.tol=1e-4", "description=no"])
    copy = tmp_path / "config.yaml"

    copy.write_text(config.to_yaml(), encoding="utf-8")

    assert config == load_config(copy)
    assert (config.digest, config.to_yaml()) == (load_config(copy).digest, load_config(copy).to_yaml())
    assert (load_config(copy).model.params["tol"], load_config(copy).description) == (1e-4, "no")


def test_the_digest_is_of_what_counts(project):
    config = load_config(project())
    respelt = load_config(project(("name: small", "# a comment\nname: 'small'\nseed: 0")))
    reordered = ProjectConfig.model_validate({**config.to_dict(), "derive": dict(reversed(config.derive.items()))})

    assert config.digest == respelt.digest
    assert config.digest != load_config(project(), ["seed=1"]).digest
    assert config.digest != reordered.digest


def test_a_configuration_cannot_be_changed(project):
    config = load_config(project())

    with pytest.raises(ValueError, match="frozen"):
        config.seed = 3


# Mistakes in the file


def test_an_unknown_key_names_line_and_nearest(project):
    folder = project(("estimator:", "estimatr:"))

    with pytest.raises(ConfigurationError) as caught:
        load_config(folder)

    expected = f"{folder / 'pipeline.yaml'}:20: model.estimatr: unknown key; did you mean 'estimator'?"
    assert expected == caught.value.message


def test_all_mistakes_come_at_once_in_the_order_of_the_file(project):
    folder = project(
        ("name: small", "name: small\nsed: 1"),
        ("path: data.csv", "pth: data.csv"),
        ("kind: time", "kind: tme"),
        ("col('late')", "col('lat')"),
        ('">= 0.6"', "0.6"),
        ("C: 0.5", "c: 0.5"),
    )

    found = mistakes(folder)

    assert [(mistake["line"], mistake["path"], mistake["suggestion"]) for mistake in found] == [
        (2, "sed", "seed"),
        (3, "source.pth", "path"),
        (18, "target", "late"),
        (20, "split.kind", "time"),
        (21, "model.params.c", "C"),
        (22, "gates.roc_auc", None),
    ]


def test_the_message_counts_and_lists_the_mistakes(project):
    folder = project(("name: small", "seed: -1"))

    with pytest.raises(ConfigurationError) as caught:
        load_config(folder)

    file = folder / "pipeline.yaml"
    assert [
        "2 mistakes in the configuration",
        f"{file}:1: name: this key is required",
        f"{file}:1: seed: must be greater than or equal to 0, found -1",
    ] == caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("name: small", "name: [a]", ("name", "expected text, found a list", None)),
        ("name: small", "name: small\nseed: '5'", ("seed", "expected a whole number, found '5'", None)),
        ("name: small", "name: small\nseed: true", ("seed", "expected a whole number, found true", None)),
        ("{path: data.csv}", "data.csv", ("source", "expected keys with values, found 'data.csv'", None)),
        ("{path: data.csv}", "", ("source", "expected keys with values, found nothing", None)),
        ("{path: data.csv}", "{path: ''}", ("source.path", "must not be empty", None)),
        (
            "{path: data.csv}",
            "{path: data.csv, sha256: abc}",
            ("source.sha256", "expected 64 hexadecimal digits in lower case; found 'abc'", None),
        ),
        (
            "{path: data.csv}",
            "{path: data.csv, null_values: NA}",
            ("source.null_values", "expected a list, found 'NA'", None),
        ),
        ("on: [city]", "on: []", ("joins.0.on", "must not be empty", None)),
        ("unit: 1d", "unit: day", ("split.unit", "expected a span of time, as 1d; found 'day'", None)),
        ("unit: 1d", "unit: 1d, test: no", ("split.test", "expected a number, found 'no'", None)),
        (
            'brier: "<0.3"',
            "brier: 0.3",
            ("gates.brier", "expected an operator and a number, as '>= 0.66'; found 0.3", None),
        ),
        (
            "size: {dtype: Float64}",
            "size: {dtype: Float64, min: [1]}",
            ("schema.columns.size.min", "a list does not fit here", None),
        ),
        (
            "size: {dtype: Float64}",
            "size: {dtype: Float64, regx: x}",
            ("schema.columns.size.regx", "unknown key", "regex"),
        ),
        ("on: [city]", "on: [city]\n    nam: x", ("joins.0.nam", "unknown key", "name")),
        (
            "size: {dtype: Float64}",
            "size: {dtype: Float46}",
            ("schema.columns.size.dtype", "unknown dtype 'Float46'; did you mean Float64?", None),
        ),
        (
            "size: {dtype: Float64}",
            "size: {dtype: Float64, nullable: perhaps}",
            ("schema.columns.size.nullable", "expected true or false, found 'perhaps'", None),
        ),
        (
            "gates:",
            "steps: {trian: {optional: true}}\ngates:",
            ("steps.trian", "unknown key", "train"),
        ),
        (
            "gates:",
            "steps: {train: {optional: yes}}\ngates:",
            ("steps.train.optional", "expected true or false, found 'yes'", None),
        ),
        (
            "gates:",
            "steps: {load: {fallback: previous, max_age: 7 days}}\ngates:",
            ("steps.load.max_age", "expected a span of time, as 12h, 7d; found '7 days'", None),
        ),
        (
            "gates:",
            "steps: {train: {max_age: 7d}}\ngates:",
            ("steps.train.max_age", "only `fallback: previous` has a max_age", None),
        ),
        (
            "gates:",
            "steps: {evaluate: {fallback: previous}}\ngates:",
            ("steps.evaluate.fallback", "unknown key; only load and train have it", None),
        ),
        (
            "gates:",
            "steps: {load: {fallback: previous, max_age: 7}}\ngates:",
            ("steps.load.max_age", "expected a span of time, as 12h, 7d; found 7", None),
        ),
        (
            "gates:",
            "leakage: wran\ngates:",
            ("leakage", "'wran' is none of error, warn, off", "warn"),
        ),
        ("name: small", "name: small\n7: x", ("7", "a key must be text; put it in quotes", None)),
    ],
)
def test_a_wrong_value_says_what_was_expected(project, old, new, expected):
    folder = project((old, new))

    assert expected == only(folder)


def test_a_long_value_is_cut(project):
    _, message, _ = only(project(("name: small", f"name: small\nseed: {'x' * 200}")))

    assert message.endswith("xxx...")
    assert len(message) < 100


# Mistakes between sections


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("exclude: [when]", "exclude: [whn]", ("exclude.0", "there is no column 'whn'", "when")),
        ("exclude: [when]", "features: [doubl]", ("features.0", "there is no column 'doubl'", "double")),
        ("column: when", "column: wen", ("split.column", "there is no column 'wen'", "when")),
        ("col('late')", "col('lat')", ("target", "there is no column 'lat'", "late")),
        (
            "pl.col('late') > 15",
            "late > 15",
            (
                "target",
                "there is no column 'late > 15'; a computed target reads columns as pl.col('arr_delay') > 15",
                "late",
            ),
        ),
        ("pl.col('late') > 15", "lte", ("target", "there is no column 'lte'", "late")),
        ("col('double')", "col('fourfold')", ("derive.fourfold", "there is no column 'fourfold'", None)),
        ("double: pl", "rain: pl.col('rain')\n  double: pl", ("derive.rain", "", None)),
        ("on: [city]", "on: [size]", ("joins.0.on.0", "there is no column 'size' in the table 'weather'", None)),
        ("path: weather.csv\n    on: [city]", "path: x.csv\n    on: [when]", ("joins.0.on.0", "", None)),
        (
            "on: [city]",
            "on: [city]\n    columns: [rian]",
            ("joins.0.columns.0", "there is no column 'rian' in the table 'weather'", "rain"),
        ),
        ("rain: {", "size: {", ("joins.0", "", None)),
        ("exclude:", "deduplicate: {columns: [citi]}\nexclude:", ("deduplicate.columns.0", "", "city")),
        ("exclude:", "leakage: {groups: {day: pl.col('wen')}}\nexclude:", ("leakage.groups.day", "", "when")),
        ("gates:", "threshold: {by: fixed}\ngates:", ("threshold", "`by: fixed` and `value` go together", None)),
        ("exclude: [when]", "features: [late]", ("features.0", "'late' is part of the target", None)),
        ("exclude: [when]", "exclude: [size]\nfeatures: [size]", ("features.0", "'size' is excluded too", None)),
        (
            "pl.col('late') > 15\nexclude: [when]",
            "late\nexclude: [late]",
            ("exclude.0", "'late' is the target", None),
        ),
        (", column: when, unit: 1d", "", ("split", "a split by time needs `column`", None)),
        ("time, column: when, unit: 1d", "group", ("split", "a split by group needs `group`", None)),
        ("time, column: when, unit: 1d", "random, column: size", ("split.column", "a random split", None)),
        ("kind: time", "kind: group", ("split.unit", "only a split by time has a unit", None)),
        ("time, column: when, unit: 1d", "stratified-group", ("split", "a split by stratified-group needs", None)),
        (
            "time, column: when, unit: 1d",
            "group, group: city, column: size",
            ("split.column", "a split by group has no classes; choose kind: stratified-group", None),
        ),
        ("unit: 1d", "unit: 1d, group: city", ("split.group", "a time split parts groups", None)),
        ("unit: 1d", "unit: 1d, key: city", ("split.key", "only random and stratified splits have a key", None)),
        ("time, column: when, unit: 1d", "group, group: citi", ("split.group", "", "city")),
        ("time, column: when, unit: 1d", "random, key: [city, citi]", ("split.key.1", "", "city")),
        ("time, column: when, unit: 1d", "random, key: citi", ("split.key.0", "", "city")),
        ("unit: 1d", "unit: 1d, test: 0.5, validation: 0.5", ("split.test", "test and validation take", None)),
        ("roc_auc:", "roc_acu:", ("gates.roc_acu", "classification has no metric 'roc_acu'", "roc_auc")),
        (
            "gates:",
            "checkpoint: {keep: {best: rmse}}\ngates:",
            ("checkpoint.keep.best", "classification has no metric 'rmse'", None),
        ),
        (
            "LogisticRegression",
            "LogisticRegresion",
            ("model.estimator", "sklearn.linear_model has no 'LogisticRegresion'; did you mean", None),
        ),
        (
            "sklearn.linear_model.LogisticRegression",
            "Logistic",
            ("model.estimator", "estimator 'Logistic' is not an import path, and no plugin", None),
        ),
        ("params: {C:", "params: {c:", ("model.params.c", "LogisticRegression has no parameter 'c'", "C")),
        (
            "1d}\nmodel: {",
            "1d, validation: 0}\nmodel: {early_stopping: {patience: 3}, ",
            ("model.early_stopping", "there are no rows that could say when", None),
        ),
    ],
)
def test_what_does_not_fit_together_is_named_where_it_stands(project, old, new, expected):
    path, message, suggestion = expected

    found = only(project((old, new)))

    assert (path, suggestion) == (found[0], found[2])
    assert found[1].startswith(message)


def test_an_expression_that_is_not_allowed_is_named(project):
    path, message, _ = only(project(("pl.col('size') * 2", "pl.col('size').shift(1)")))

    assert path == "derive.double"
    assert "shift" in message


def test_a_target_that_is_not_allowed_is_named_once(project):
    path, message, _ = only(project(("pl.col('late') > 15", "pl.read_csv('x') > 15")))

    assert path == "target"
    assert "read_csv" in message


def test_a_date_that_would_be_a_feature_is_a_mistake_before_anything_is_read(project):
    path, message, _ = only(project(("exclude: [when]\n", "")))

    assert path == "schema.columns.when"
    assert "'when' is Datetime, which a model cannot learn from; exclude it" in message


def test_a_file_that_is_no_pipeline_yaml_is_told_so(tmp_path):
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"rows\.csv is not a pipeline\.yaml"):
        load_config(tmp_path / "rows.csv")
    with pytest.raises(ConfigurationError, match=r"row\.csv does not exist"):
        load_config(tmp_path / "row.csv")


def test_two_joins_of_one_name_are_a_mistake(project):
    again = "  - {name: weather, path: other.csv, on: [city], columns: [snow]}\nderive:"

    assert only(project(("derive:", again)))[1] == "two joins are called 'weather'"


def test_a_join_that_brings_a_known_column_is_a_mistake(project):
    found = only(project(("rain: {dtype: Float64}", "rain: {dtype: Float64}, size: {dtype: Float64}")))

    assert found[1] == "the table before has size already; name the `columns` to take"


def test_without_a_schema_columns_are_not_checked(project):
    start = GOOD.index("schema:")
    text = GOOD[:start] + GOOD[GOOD.index("joins:") :]

    config = load_config(project(("[when]", "[anything]"), text=text))

    assert config.exclude == ["anything"]


def test_a_join_without_schema_ends_what_is_known_of_columns(project):
    schema = "    schema: {columns: {city: {dtype: String}, rain: {dtype: Float64}}}\n"

    config = load_config(project((schema, ""), ("[when]", "[when, anything]")))

    assert config.exclude == ["when", "anything"]


def test_a_regression_knows_its_own_metrics_and_no_threshold(project):
    folder = project(("gates:", "task: regression\nthreshold: {by: f1}\ngates:"), ("roc_auc", "rmse"))

    found = mistakes(folder)

    assert [mistake["path"] for mistake in found] == ["threshold", "gates.brier"]


def test_a_regression_has_no_classes_to_weigh(project):
    folder = project(("gates:", "task: regression\ngates:"), ('roc_auc: ">= 0.6", brier: "<0.3"', 'rmse: "<9"'))

    assert ("model.class_weight", "only a classification has classes, and task is regression") == tuple(
        mistakes(folder, ["model.class_weight=balanced"])[0][name] for name in ("path", "message")
    )


def test_a_regression_written_out_is_read_back_equal(project, tmp_path):
    metrics = ('{roc_auc: ">= 0.6", brier: "<0.3"}', '{rmse: "<= 3"}')
    config = load_config(project(("gates:", "task: regression\ngates:"), metrics))

    (tmp_path / "config.yaml").write_text(config.to_yaml(), encoding="utf-8")

    assert load_config(tmp_path / "config.yaml").digest == config.digest


def test_an_estimator_that_takes_any_parameter_is_not_asked_for_names(project, tmp_path, monkeypatch):
    (tmp_path / "anything.py").write_text(
        "class Anything:\n    def __init__(self, **params): ...\n    def fit(self): ...\n    def predict(self): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    folder = project(("sklearn.linear_model.LogisticRegression", "anything:Anything"), ("C: 0.5", "whatever: 1"))

    assert load_config(folder).model.params == {"whatever": 1}


# Overrides


def test_an_override_is_read_as_yaml(project):
    config = load_config(
        project(),
        ["model.params.max_iter=1e3", "description=no", "joins.0.name=w", "gates.roc_auc=>= 0.7", "threshold.by=f1"],
    )

    assert config.model.params == {"C": 0.5, "max_iter": 1000.0}
    assert (config.description, config.joins[0].name, config.threshold.by) == ("no", "w", "f1")
    assert Gate("roc_auc", ">=", 0.7) == config.parsed_gates[0]


def test_the_later_override_wins(project):
    assert load_config(project(), ["seed=1", "seed=2"]).seed == 2


def test_an_override_can_stand_in_for_a_mistake_in_the_file(project):
    assert load_config(project(("name: small", "name: small\nseed: x")), ["seed=3"]).seed == 3


@pytest.mark.parametrize(
    ("override", "path", "message", "suggestion"),
    [
        ("sed=7", "sed", "unknown key", "seed"),
        ("model.parms.max_depth=6", "model.parms", "unknown key", "params"),
        ("model.params.c=6", "model.params.c", "LogisticRegression has no parameter 'c'", "C"),
        ("split.column=wen", "split.column", "there is no column 'wen'", "when"),
        ("seed=x", "seed", "expected a whole number, found 'x'", None),
        ("joins.1.name=w", "", "joins has no item 1; it has 1, counted from 0", None),
        ("joins.first.name=w", "", "joins has no item first; it has 1, counted from 0", None),
        ("name.x=1", "", "name is 'small' and has no keys", None),
        ("seed", "", "write it as key.key=value", None),
        ("model..x=1", "", "write it as key.key=value", None),
        ("seed=[", "", "expected the node content", None),
    ],
)
def test_a_mistake_of_an_override_names_the_override(project, override, path, message, suggestion):
    found = mistakes(project(), [override])

    assert [(f"--set {override}", None, path, suggestion)] == [
        (mistake["file"], mistake["line"], mistake["path"], mistake["suggestion"]) for mistake in found
    ]
    assert found[0]["message"].startswith(message)


def test_mistakes_of_overrides_come_after_those_of_the_file(project):
    folder = project(("unit: 1d", "unit: day"))

    with pytest.raises(ConfigurationError) as caught:
        load_config(folder, ["sed=1"])

    _, first, second = caught.value.message.splitlines()
    assert f"{folder / 'pipeline.yaml'}:19: split.unit: expected a span of time, as 1d; found 'day'" == first
    assert second == "--set sed=1: sed: unknown key; did you mean 'seed'?"


# Files that are no configuration


def test_a_folder_without_a_pipeline_yaml_says_so(tmp_path):
    with pytest.raises(ConfigurationError, match="there is no such file") as caught:
        load_config(tmp_path)

    assert caught.value.hint == "a project is a folder with a pipeline.yaml"


def test_broken_yaml_is_a_mistake_with_its_line(project):
    assert only(project(text="source:\n\tpath: x\n")) == (
        "",
        "found character '\\t' that cannot start any token",
        "indent with spaces, not tabs",
    )


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n"])
def test_a_file_without_keys_says_what_it_should_have(project, text):
    assert only(project(text=text))[1].startswith("expected keys such as")


def test_a_file_that_is_not_utf8_says_so(tmp_path):
    (tmp_path / "pipeline.yaml").write_bytes(b"name: \xff\n")

    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_config(tmp_path)


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    (tmp_path / "pipeline.yaml").mkdir()

    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_config(tmp_path)


# Gates, steps, schema


@pytest.mark.parametrize(
    ("text", "below", "at", "above"),
    [
        (">= 0.5", False, True, True),
        (">0.5", False, False, True),
        ("<= 5e-1", True, True, False),
        ("< .5", True, False, False),
    ],
)
def test_a_gate_compares_as_written(text, below, at, above):
    gate = Gate.parse("roc_auc", text)

    assert [below, at, above] == [gate.passes(value) for value in (0.4, 0.5, 0.6)]
    assert not gate.passes(float("nan"))


def test_a_gate_reads_as_it_was_written():
    assert str(Gate.parse("roc_auc", ">=0.66")) == "roc_auc >= 0.66"


def test_every_step_has_a_policy_and_there_is_no_other():
    steps = Steps()

    assert list(STEP_NAMES) == list(Steps.model_fields)
    assert not any(steps.policy(name).optional for name in STEP_NAMES)


def test_the_json_schema_in_docs_is_up_to_date(tmp_path):
    write_json_schema(tmp_path / "schema.json")

    committed = (ROOT / "docs" / "pipeline.schema.json").read_text(encoding="utf-8")

    assert committed == (tmp_path / "schema.json").read_text(encoding="utf-8")


def test_the_json_schema_describes_every_key():
    schema = json_schema()

    undescribed = [
        (definition["title"], name)
        for definition in [schema, *schema["$defs"].values()]
        for name, field in definition["properties"].items()
        if "description" not in field and "$ref" not in field
    ]

    assert undescribed == []


def test_the_example_points_editors_to_the_schema():
    first = (FLIGHTS / "pipeline.yaml").read_text(encoding="utf-8").splitlines()[0]

    pointed = FLIGHTS / first.removeprefix("# yaml-language-server: $schema=")

    assert json.loads(pointed.read_text(encoding="utf-8"))["title"] == "pipeline.yaml"


def test_the_metrics_say_whether_more_is_better():
    assert (METRICS["classification"]["roc_auc"], METRICS["regression"]["rmse"]) == (True, False)


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(sorted(ProjectConfig.model_fields)), st.integers(0, 3))
def test_one_letter_less_is_still_recognised(name, at):
    assert name == nearest(name[:at] + name[at + 1 :], list(ProjectConfig.model_fields))


def test_what_is_near_nothing_suggests_nothing():
    assert nearest("zzzz", ["seed", "name"]) is None
    assert nearest("seed", ["seed", "seeds"]) is None
