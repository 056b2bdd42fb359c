"""What a registry exports, another process reads; what changed meanwhile is said."""

import importlib
import linecache
import sys

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data import Feature, FeatureChangedWarning, FeatureRegistry
from groundwork.errors import ConfigurationError, InvalidDataError, VersionSkew

HEAD = "format: groundwork.features\nversion: 1\nfeatures:\n"


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A module whose function can be rewritten."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(body):
        (tmp_path / "my_features.py").write_text(f"def hours(air_time):\n    return {body}\n", encoding="utf-8")
        sys.modules.pop("my_features", None)
        importlib.invalidate_caches()
        linecache.clearcache()
        return importlib.import_module("my_features")

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield write
    sys.modules.pop("my_features", None)


def test_everything_comes_back():
    registry = FeatureRegistry(
        [
            Feature(
                name="speed",
                dtype="Float64",
                version="1.1",
                owner="ops",
                description="Miles per hour: no",
                expression="pl.col('distance') / pl.col('air_time') * 60",
                rules={"min": 0, "max": 800.5, "nullable": False},
                importance=0.25,
                tags=["air", "yes"],
                deprecated="use 2.0",
            ),
            Feature(name="origin", dtype="Categorical", rules={"allowed": ["EWR", "NO"], "regex": "[A-Z]{2,3}"}),
            Feature(name="day", dtype="date", rules={"min": "2013-01-01"}),
        ]
    )
    registry.use("speed", by="late@3")

    again = FeatureRegistry.from_yaml(registry.to_yaml())

    assert list(again) == list(registry)
    assert again.usage("speed") == registry.usage("speed")
    assert again.to_yaml() == registry.to_yaml()
    assert FeatureRegistry.diff(registry, again) == []


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.text(min_size=1).filter(lambda name: "@" not in name and name.isprintable()),
        st.tuples(
            st.sampled_from(["1", "1.10", "2-rc.1"]), st.text(), st.floats(allow_nan=False, allow_infinity=False)
        ),
        max_size=4,
    )
)
def test_any_words_come_back(given_features):
    registry = FeatureRegistry(
        [
            Feature(name=name, dtype="String", version=version, description=text, tags=[text], importance=importance)
            for name, (version, text, importance) in given_features.items()
        ]
    )

    assert list(FeatureRegistry.from_yaml(registry.to_yaml())) == list(registry)


def test_a_function_goes_out_by_its_path_and_comes_back_if_its_module_is_allowed(module):
    hours = module("air_time / 60").hours
    registry = FeatureRegistry([Feature(name="hours", dtype="Float64", function=hours)])

    text = registry.to_yaml()

    assert "function: my_features:hours\n" in text
    with pytest.raises(ConfigurationError, match="importing my_features runs its code") as caught:
        FeatureRegistry.from_yaml(text)
    assert caught.value.hint == "if you trust it, pass modules=['my_features']"
    again = FeatureRegistry.from_yaml(text, modules=["my_features"])
    assert again.apply(pl.DataFrame({"air_time": [90]}))["hours"].to_list() == [1.5]
    assert again.to_yaml() == text


def test_a_function_whose_source_has_changed_is_told(module):
    text = FeatureRegistry([Feature(name="hours", dtype="Float64", function=module("air_time / 60").hours)]).to_yaml()
    module("air_time / 3600")

    with pytest.warns(FeatureChangedWarning, match="feature hours@1.0.0: the source of my_features:hours") as caught:
        FeatureRegistry.from_yaml(text, modules=["my_features"])

    assert caught[0].filename == __file__


def test_a_package_allows_what_is_within_and_nothing_beside():
    entry = "- {name: x, dtype: Int64, inputs: [x], function: 'json.decoder:JSONDecoder'}\n"

    assert FeatureRegistry.from_yaml(HEAD + entry, modules=["json"]).get("x").kind == "function"
    with pytest.raises(ConfigurationError, match=r"importing json[.]decoder runs its code"):
        FeatureRegistry.from_yaml(HEAD + entry, modules=["js", "json.encoder"])


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("my_features", "'my_features' is no module:function", None),
        ("my_features:ho urs", "is no module:function", None),
        ("my_features:hour", "my_features has no function 'hour'", "did you mean hours?"),
        ("my_features:zzz", "my_features has no function 'zzz'", None),
        ("my_features.inner:hours", "'my_features' is not a package", "is it installed?"),
    ],
)
def test_a_function_that_is_not_there_is_named(module, path, message, hint):
    module("air_time")
    text = f"{HEAD}- name: hours\n  dtype: Int64\n  function: {path}\n"

    with pytest.raises(ConfigurationError, match=f"<text>:4: feature hours: .*{message}") as caught:
        FeatureRegistry.from_yaml(text, modules=["my_features"])

    assert caught.value.hint == hint


def local():
    def inner(x):
        return x

    return inner


@pytest.mark.parametrize(
    ("function", "path"),
    [
        (lambda x: x, "<lambda>"),
        (local(), "local.<locals>.inner"),
        (eval("lambda x: x", {"__name__": "__main__"}), "__main__:"),
        (eval("lambda x: x", {"__name__": "no.such"}), "no.such:"),
    ],
)
def test_what_no_other_process_can_import_is_not_exported(function, path):
    registry = FeatureRegistry([Feature(name="y", dtype="Int64", function=function)])

    with pytest.raises(ConfigurationError, match=f"feature y@1.0.0: .*{path}.* cannot be imported elsewhere"):
        registry.to_yaml()


def test_an_expression_made_in_code_is_not_exported():
    registry = FeatureRegistry([Feature(name="y", dtype="Int64", expression=pl.col("x") + 1)])

    with pytest.raises(ConfigurationError, match=r"feature y@1.0.0: a polars expression made in code") as caught:
        registry.to_yaml()

    assert "expression=" in caught.value.hint


def test_a_function_without_source_is_exported_without_a_hash():
    from math import sqrt

    text = FeatureRegistry([Feature(name="y", dtype="Float64", function=sqrt, inputs=["x"])]).to_yaml()

    assert "source" not in text
    assert FeatureRegistry.from_yaml(text, modules=["math"]).get("y").definition == "math:sqrt (source unknown)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "<text>:1"),
        ("a: 1", "these are no features"),
        ("format: groundwork.features\nversion: 1", "these are no features"),
        (HEAD + "- 5\n", "<text>:4: 5 is no feature"),
        (HEAD + "- {name: a}\n", "is no feature"),
        (HEAD + "- name: a\n  dtype: int\n- name: b\n  dtype: intt\n", "<text>:6: feature b: unknown dtype"),
        (HEAD + "- {name: a, dtype: int, verson: 1}\n", "the key 'verson' is not known"),
        (HEAD + "- {name: a, dtype: int, zzzzzz: 1}\n", "the key 'zzzzzz' is not known"),
        (HEAD + "- {name: a, dtype: int, version: 1.0}\n", "version is 1.0, and must be text; quote it"),
        (HEAD + "- {name: a, dtype: int, tags: x}\n", "tags is 'x', and must be a list of texts"),
        (HEAD + "- {name: a, dtype: int, used_by: [1]}\n", "used_by is .*, and must be a list of texts"),
        (HEAD + "- {name: a, dtype: int, rules: [x]}\n", "rules is .*, and must be a mapping"),
        (HEAD + "- {name: a, dtype: int, importance: true}\n", "importance is True, and must be a number"),
        (HEAD + "- {name: a, dtype: int, rules: {min: x}}\n", "feature a: min is 'x', which is no number"),
    ],
)
def test_what_cannot_be_read_says_where(text, message):
    with pytest.raises((ConfigurationError, InvalidDataError), match=message):
        FeatureRegistry.from_yaml(text)


def test_a_circle_in_a_file_is_refused():
    text = HEAD + "- {name: a, dtype: int, expression: pl.col('b')}\n- {name: b, dtype: int, expression: pl.col('a')}\n"

    with pytest.raises(ConfigurationError, match="in a circle: b -> a -> b"):
        FeatureRegistry.from_yaml(text)


def test_what_a_later_version_wrote_is_refused():
    with pytest.raises(VersionSkew, match=r"f[.]yaml: the features are of version 2, and this groundwork reads 1"):
        FeatureRegistry.from_yaml(HEAD.replace("1", "2") + "- {name: a, dtype: int}", source="f.yaml")
