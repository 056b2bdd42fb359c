import textwrap

import pytest

from groundwork.testing.contracts import _suite_trace
from groundwork.testing.contracts._suite_trace import Trace, assertion_lines, is_a_package, is_own


@pytest.mark.parametrize(
    "line",
    [
        "assert found == 1",
        "assert found",
        "with pytest.raises(ValueError): pass",
        "self.assertEqual(found, 1)",
        "assert_allclose(found, 1)",
        "if found: raise ValueError",
        "if found: pytest.fail('no')",
    ],
)
def test_a_line_that_can_fail_is_an_assertion(line):
    assert {1} == assertion_lines(line)


@pytest.mark.parametrize(
    "line", ["assert True", "assert 1 + 1 == 2, found", "found()", "mock.assert_called()", "if found: print(found)"]
)
def test_a_line_that_cannot_is_none(line):
    assert set() == assertion_lines(line)


def test_an_assertion_has_all_of_its_lines():
    source = "x = 1\nassert (\n    x\n    == 1\n)\n"

    assert {3, 4} <= assertion_lines(source) <= {2, 3, 4}


@pytest.fixture
def traced(tmp_path):
    """Runs a function ``test`` of the given source in a trace; what was seen."""

    def run(source):
        module, suite = tmp_path / "intake.py", tmp_path / f"suite_{len(list(tmp_path.iterdir()))}.py"
        module.write_text("def asked():\n    return 1\n")
        suite.write_text(textwrap.dedent(source))
        names = {}
        exec(compile(module.read_text(), str(module), "exec"), names)
        exec(compile(suite.read_text(), str(suite), "exec"), names)
        with Trace(str(module)) as trace:
            names["test"]()
        return trace.asked, trace.asserted

    return run


def test_what_counts_has_been_executed(traced):
    helped = "def check(found):\n    assert found == 1\ndef test():\n    check(asked())\n"

    assert (True, True) == traced(helped)
    assert (False, True) == traced("def test():\n    found = 1\n    assert found == 1\n")
    assert (True, False) == traced("def test():\n    if asked() == 2:\n        assert asked() == 2\n")


def test_neither_the_module_nor_a_library_is_the_suites_own():
    assert [True, False, False, False] == [
        is_own(path, "/code/intake.py") for path in ("/my/test.py", "/code/intake.py", textwrap.__file__, "<string>")
    ]


def test_a_suite_of_the_course_is_a_suite_where_the_course_is_installed_as_well(monkeypatch):
    exercises = _suite_trace._EXERCISES
    site = exercises.partition("groundwork")[0].rstrip("/\\")
    monkeypatch.setattr(_suite_trace, "_LIBRARIES", (site,))
    monkeypatch.setattr(_suite_trace, "_PACKAGES", (site,))

    suite = f"{exercises}/07_testing/wrong/sleeps.py"

    assert [(True, False), (False, True)] == [
        (is_own(file, "x"), is_a_package(file)) for file in (suite, f"{site}/x.py")
    ]
    assert not is_own(suite, suite)
