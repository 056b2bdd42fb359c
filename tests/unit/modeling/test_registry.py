"""Names of one's own: given once, found again, never taken from anybody in silence."""

from types import SimpleNamespace

import pytest

from groundwork.errors import ConfigurationError, UnknownPluginError
from groundwork.modeling import find_plugin, register

pytestmark = pytest.mark.usefixtures("forgotten")


def cost(outcome, prediction):
    return 1.0


class Nearest:
    def fit(self, rows, target): ...
    def predict(self, rows): ...


READS = SimpleNamespace(read=lambda file: file.read())


def define(answer):
    def made_here(outcome, prediction):
        return answer

    return made_here


@pytest.mark.parametrize(
    ("kind", "value"), [("estimator", Nearest), ("step", cost), ("format", READS), ("metric", cost)]
)
def test_what_is_registered_is_found_under_its_name(kind, value):
    assert register(kind, "mine", value) is value

    assert find_plugin(kind, "mine") is value


def test_as_a_decorator_it_gives_back_what_it_decorates():
    @register("metric", "mine")
    def mine(outcome, prediction):
        return 1.0

    assert find_plugin("metric", "mine") is mine


def test_a_function_that_is_defined_anew_takes_the_place_of_the_old_one():
    old, new = define(1.0), define(2.0)

    register("metric", "mine", old)
    register("metric", "mine", new)

    assert find_plugin("metric", "mine") is new


def test_a_name_that_is_taken_is_not_given_to_another():
    register("metric", "mine", cost)

    with pytest.raises(ConfigurationError) as told:
        register("metric", "mine", define(1.0))

    assert told.value.message.startswith("metric 'mine' is ")
    assert all(f"{__name__}:{name}" in told.value.message for name in ("cost", "define.<locals>.made_here"))
    assert find_plugin("metric", "mine") is cost


@pytest.mark.parametrize(
    ("kind", "name"), [("metric", "roc_auc"), ("step", "gates"), ("format", "CSV"), ("format", "gz")]
)
def test_names_of_groundwork_are_refused(kind, name):
    with pytest.raises(ConfigurationError, match="groundwork's own and cannot be replaced"):
        register(kind, name, READS if kind == "format" else cost)


@pytest.mark.parametrize("name", ["", "two words", "a.b", "1st", "naïve", None])
def test_what_no_pipeline_could_say_is_no_name(name):
    with pytest.raises(ConfigurationError, match="is no name"):
        register("metric", name, cost)


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("estimator", cost, "is function; it must be a class with fit and predict"),
        ("estimator", SimpleNamespace, "is the class SimpleNamespace; it must be"),
        ("step", 5, "is int; it must be a function"),
        ("format", cost, "must be a module or an object with read or write"),
        ("metric", "cost", "is str; it must be a function of outcome and prediction"),
    ],
)
def test_what_is_not_of_its_kind_is_refused(kind, value, told):
    with pytest.raises(ConfigurationError, match=told):
        register(kind, "mine", value)


def test_a_format_is_found_by_a_suffix_in_capitals_too():
    register("format", "fwf", READS)

    assert find_plugin("format", "FWF") is READS


def test_there_are_four_kinds():
    with pytest.raises(UnknownPluginError, match="no kind of plugin 'model'; there is estimator, step, format, metric"):
        register("model", "mine", Nearest)
