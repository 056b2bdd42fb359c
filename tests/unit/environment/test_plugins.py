"""Names from packages: found in their metadata, imported when asked for, each fault told with its package."""

import sys

import pytest

from groundwork.environment import (
    find_plugin,
    forget_plugin,
    installed_plugins,
    look_for_plugin,
    plugin_names,
    register_plugin,
)
from groundwork.errors import UnknownPluginError

CODE = "def cost(outcome, prediction):\n    return 1.0\n\n\nnumber = 5\n"


def test_a_name_that_a_package_declares_is_found_and_its_origin_told(installed):
    installed("shelf", {"metric": {"cost": "shelf:cost"}, "estimator": {"nearest": "shelf:Nearest"}})

    assert [("estimator", "nearest"), ("metric", "cost")] == [
        (plugin.kind, plugin.name) for plugin in installed_plugins()
    ]
    assert ["shelf 1.0 (shelf:Nearest)", "shelf 1.0 (shelf:cost)"] == [plugin.origin for plugin in installed_plugins()]
    assert [None, None] == [plugin.problem() for plugin in installed_plugins()]
    assert find_plugin("metric", "cost")(0, 0) == 1.0


def test_a_package_is_imported_only_when_a_name_of_it_is_asked_for(installed):
    installed("shelf", {"metric": {"cost": "shelf:cost"}})

    looked = installed_plugins(), plugin_names("metric"), look_for_plugin("metric", "roc_auc")
    before = "shelf" in sys.modules
    find_plugin("metric", "cost")

    assert (looked[1], looked[2], before, "shelf" in sys.modules) == (["cost"], None, False, True)


def test_a_package_that_comes_later_is_found_too(installed):
    assert look_for_plugin("metric", "cost") is None

    installed("shelf", {"metric": {"cost": "shelf:cost"}})

    assert look_for_plugin("metric", "cost") is not None


@pytest.mark.parametrize(
    ("value", "code", "problem"),
    [
        ("shelf:cost", "raise ZeroDivisionError('by the shelf')", "does not load: ZeroDivisionError: by the shelf"),
        ("shelf:cost", "def broken(", "does not load: SyntaxError: '(' was never closed"),
        ("shelf:missing", CODE, "does not load: AttributeError: module 'shelf' has no attribute 'missing'"),
        ("shelf:number", CODE, "is int and not a function of outcome and prediction"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_told_with_its_package_and_breaks_no_other(installed, value, code, problem):
    installed("shelf", {"metric": {"cost": value}}, code=code)
    installed("attic", {"metric": {"gain": "attic:cost"}})

    with pytest.raises(UnknownPluginError) as told:
        find_plugin("metric", "cost")

    assert f"metric 'cost' of shelf 1.0 ({value}) {problem}" in told.value.message
    assert told.value.hint.startswith("mend, update or uninstall shelf")
    assert find_plugin("metric", "gain")
    assert {"cost": True, "gain": False} == {
        plugin.name: bool(plugin.problem() and problem in plugin.problem()) for plugin in installed_plugins()
    }


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_the_process_is_not_taken_for_a_broken_plugin(installed, error):
    installed("shelf", {"metric": {"cost": "shelf:cost"}}, code=f"raise {error.__name__}")

    with pytest.raises(error):
        find_plugin("metric", "cost")


def test_two_packages_with_one_name_are_an_error_that_names_both(installed):
    installed("shelf", {"metric": {"cost": "shelf:cost"}})
    installed("attic", {"metric": {"cost": "attic:cost"}})

    with pytest.raises(UnknownPluginError) as told:
        find_plugin("metric", "cost")

    message = "metric 'cost' is brought by attic 1.0 (attic:cost) and by shelf 1.0 (shelf:cost)"
    assert told.value.message == message
    assert ["shelf 1.0 (shelf:cost) brings", "attic 1.0 (attic:cost) brings"] == [
        plugin.problem().partition(" this name")[0] for plugin in installed_plugins()
    ]
    assert "shelf" not in sys.modules


def test_what_a_package_declares_and_registers_too_is_one_thing(installed, forgotten):
    installed("shelf", {"metric": {"cost": "shelf:cost"}})
    cost = find_plugin("metric", "cost")

    register_plugin("metric", "cost", cost)
    again = find_plugin("metric", "cost")
    forget_plugin("metric", "cost")
    register_plugin("metric", "cost", max)

    assert again is cost
    with pytest.raises(UnknownPluginError, match=r"brought by builtins:max of this process and by shelf 1\.0"):
        find_plugin("metric", "cost")


def test_one_name_may_stand_for_things_of_two_kinds(installed):
    installed("shelf", {"metric": {"cost": "shelf:cost"}, "step": {"cost": "shelf:cost"}})

    assert find_plugin("metric", "cost") is find_plugin("step", "cost")


def test_a_package_cannot_take_a_name_of_groundwork(installed):
    installed("shelf", {"metric": {"roc_auc": "shelf:cost", "two words": "shelf:cost"}})

    problems = {plugin.name: plugin.problem() for plugin in installed_plugins()}

    assert look_for_plugin("metric", "roc_auc") is None
    assert problems == {
        "roc_auc": "metric 'roc_auc' is groundwork's own and cannot be replaced; choose another name",
        "two words": "'two words' is no name; use letters, digits, - and _, the first a letter",
    }
    assert plugin_names("metric") == []


def test_the_version_that_is_imported_is_the_one_that_counts(installed, tmp_path, monkeypatch):
    behind = tmp_path / "behind"
    monkeypatch.setattr(sys, "path", [*sys.path, str(behind)])
    installed("shelf", {"metric": {"old": "shelf:cost"}}, version="0.9", place=behind)
    installed("shelf", {"metric": {"cost": "shelf:cost"}})

    assert plugin_names("metric") == ["cost"]


def test_garbled_metadata_of_one_package_hide_no_other(installed):
    installed("shelf", {}, text="[groundwork.metrics]\ngarbled\n")
    installed("attic", {"metric": {"gain": "attic:cost"}})

    (garbled, sound) = installed_plugins()

    assert "entry_points.txt cannot be read" in garbled.problem()
    assert (sound.problem(), find_plugin("metric", "gain")(0, 0)) == (None, 1.0)


def test_who_asks_for_a_name_that_nobody_has_is_told_what_there_is(installed):
    with pytest.raises(UnknownPluginError) as none:
        find_plugin("metric", "cost")
    installed("shelf", {"metric": {"cost": "shelf:cost"}})

    with pytest.raises(UnknownPluginError) as told:
        find_plugin("metric", "cots")
    with pytest.raises(UnknownPluginError, match="groundwork's own and no plugin"):
        find_plugin("metric", "mae")
    with pytest.raises(UnknownPluginError, match="there is estimator, step, format, metric"):
        find_plugin("metrik", "cost")

    assert none.value.message == "there is no metric 'cost'; no package brings any"
    assert "entry point of groundwork.metrics" in none.value.hint
    assert told.value.message == "there is no metric 'cots'; there is cost"
    assert told.value.hint == "did you mean 'cost'?"
