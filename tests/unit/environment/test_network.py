import pytest

from groundwork.environment import _network
from groundwork.environment._network import run_online
from groundwork.environment._tool import UNREACHABLE
from groundwork.errors import EnvironmentBroken


class Tool:
    """Fails as it is told; notes the variables of each attempt."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.attempts = []

    def __call__(self, command, *, what, line_seen, keep_open, variables=None):
        self.attempts.append(dict(variables or {}))
        outcome = self.outcomes.pop(0)
        if outcome is None:
            return "done"
        code, output = outcome
        raise EnvironmentBroken("failed", code=code, context={"output": output})


def run(monkeypatch, tool, seconds=1.0, name="uv"):
    ticks = iter((0.0, seconds))
    monkeypatch.setattr(_network, "run_tool", tool)
    return run_online(["tool"], tool=name, what="install", clock=lambda: next(ticks))


def test_first_attempt_does_not_retry(monkeypatch):
    tool = Tool(None)

    assert run(monkeypatch, tool) == "done"
    assert tool.attempts == [{"UV_HTTP_RETRIES": "0", "UV_HTTP_CONNECT_TIMEOUT": "2"}]


@pytest.mark.parametrize(
    "output", ["tcp connect error: Connection refused", "dns error", "NewConnectionError", "(from versions: none)"]
)
def test_no_network_is_said_after_the_first_attempt(monkeypatch, output):
    tool = Tool((UNREACHABLE, output))

    with pytest.raises(EnvironmentBroken, match="failed"):
        run(monkeypatch, tool)

    assert len(tool.attempts) == 1


@pytest.mark.parametrize(
    ("output", "seconds"), [("connection reset by peer", 1.0), ("read timed out", 1.0), ("connection refused", 60.0)]
)
def test_unsteady_network_gets_the_tools_own_patience(monkeypatch, output, seconds):
    tool = Tool((UNREACHABLE, output), None)

    assert run(monkeypatch, tool, seconds) == "done"
    assert tool.attempts[1] == {}


@pytest.mark.parametrize(
    ("code", "output"),
    [("hash_mismatch", "hash mismatch"), ("disk_full", "no space"), (UNREACHABLE, "No solution found: x")],
)
def test_what_patience_does_not_mend_is_not_tried_again(monkeypatch, code, output):
    tool = Tool((code, output))

    with pytest.raises(EnvironmentBroken):
        run(monkeypatch, tool)

    assert len(tool.attempts) == 1


@pytest.mark.parametrize(("output", "attempts"), [("Downloading numpy.whl\n", 2), ("", 1)])
def test_pip_that_is_slow_gets_another_go_only_if_it_had_a_connection(monkeypatch, output, attempts):
    tool = Tool((UNREACHABLE, f"{output}NewConnectionError"), (UNREACHABLE, "NewConnectionError"))

    with pytest.raises(EnvironmentBroken):
        run(monkeypatch, tool, seconds=60.0, name="pip")

    assert len(tool.attempts) == attempts
