import sys

import pytest

from groundwork.environment._tool import run_tool, tool_environment
from groundwork.errors import EnvironmentBroken


def failing(text):
    return [sys.executable, "-c", f"print({text!r}); raise SystemExit(2)"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("error: Failed to fetch: `.../simple/tiny/`", "index could not be reached"),
        ("NewConnectionError: [Errno 111] Connection refused", "index could not be reached"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "differs from its hash"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("Read-only file system (os error 30)", "cannot be written"),
        ("ERROR: No matching distribution found for tiny==1.0", "lacks a package"),
        ("something new", "exit code 2"),
    ],
)
def test_failure_is_one_sentence_with_the_tools_words_kept(said, reason):
    with pytest.raises(EnvironmentBroken, match=f"could not install it: .*{reason}") as caught:
        run_tool(failing(said), what="install it")

    assert caught.value.context == {"output": said, "exit_code": 2}
    assert caught.value.hint


def test_every_line_is_seen_and_the_last_ones_returned():
    seen = []

    output = run_tool([sys.executable, "-c", "for i in range(30): print(i)"], what="count", line_seen=seen.append)

    assert seen == [str(number) for number in range(30)]
    assert output.splitlines() == seen[-12:]


def test_tool_that_does_not_start_is_named(tmp_path):
    with pytest.raises(EnvironmentBroken, match=r"could not count: .*none does not start"):
        run_tool([tmp_path / "none"], what="count")


def test_lock_lives_as_long_as_the_tool_that_inherits_it(tmp_path):
    with (tmp_path / "lock").open("wb") as file:
        descriptor = file.fileno()

        output = run_tool(
            [sys.executable, "-c", f"import os; print(os.fstat({descriptor}).st_size)"],
            what="look",
            keep_open=descriptor,
        )

    assert output == "0"


def test_interrupt_ends_the_tool_too():
    def interrupt(line):
        raise KeyboardInterrupt

    # Would wait for ever if the tool went on.
    with pytest.raises(KeyboardInterrupt):
        run_tool([sys.executable, "-uc", "print(1); import time; time.sleep(600)"], what="wait", line_seen=interrupt)


def test_variables_that_redirect_an_installer_are_withheld(monkeypatch):
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "kept")

    actual = tool_environment()

    assert ("PIP_TARGET" in actual, actual["PIP_INDEX_URL"]) == (False, "kept")


def test_password_that_holds_a_slash_or_an_at_is_masked_too():
    seen = []

    run_tool(
        [sys.executable, "-c", "print('Looking in https://ada:p/w@d@host/simple')"], what="look", line_seen=seen.append
    )

    assert seen == ["Looking in https://***@host/simple"]


def test_password_of_an_index_is_masked_wherever_the_tools_words_go():
    seen = []

    with pytest.raises(EnvironmentBroken) as caught:
        run_tool(failing("Looking in https://ada:hunter2@host/simple"), what="look", line_seen=seen.append)

    assert caught.value.context["output"] == seen[0] == "Looking in https://***@host/simple"
