"""``groundwork plugins``: where each comes from, and why one cannot be used."""

import json

import pytest
from typer.testing import CliRunner

from groundwork.cli._main import app


@pytest.fixture
def plugins():
    return lambda *options: CliRunner().invoke(app, ["plugins", *options])


def test_without_plugins_it_says_so(plugins):
    told = plugins()

    assert (told.exit_code, "no installed package brings any" in told.stdout) == (0, True)
    assert json.loads(plugins("--json").stdout) == []


def test_each_plugin_is_told_with_its_package_and_place(plugins, installed):
    installed("shelf", {"metric": {"cost": "shelf:cost"}, "estimator": {"nearest": "shelf:Nearest"}})

    told = plugins()

    assert told.exit_code == 0
    assert [
        ["kind", "name", "package", "version", "where"],
        ["ok", "estimator", "nearest", "shelf", "1.0", "shelf:Nearest"],
        ["ok", "metric", "cost", "shelf", "1.0", "shelf:cost"],
    ] == [line.split() for line in told.stdout.splitlines()]


def test_what_a_package_prints_when_it_is_imported_does_not_get_into_the_list(plugins, installed):
    installed("shelf", {"metric": {"cost": "shelf:cost"}}, code="print('hello')\ncost = max\n")

    told = plugins("--json")

    assert ([row["ok"] for row in json.loads(told.stdout)], told.stderr) == ([True], "hello\n")


def test_one_that_cannot_be_used_is_told_with_the_reason_and_the_others_are_listed(plugins, installed):
    installed("shelf", {"metric": {"cost": "shelf:cost", "bad": "shelf:none"}})

    told, listed = plugins(), plugins("--json")

    assert (told.exit_code, listed.exit_code) == (1, 1)
    assert "x   metric  bad " in told.stdout
    assert "    does not load: AttributeError: module 'shelf' has no attribute 'none'" in told.stdout
    assert {"bad": False, "cost": True} == {row["name"]: row["ok"] for row in json.loads(listed.stdout)}
    assert {
        "kind": "metric",
        "name": "cost",
        "distribution": "shelf",
        "version": "1.0",
        "value": "shelf:cost",
        "ok": True,
        "problem": None,
    } in json.loads(listed.stdout)
