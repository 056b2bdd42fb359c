"""The fixtures of the pytest plugin.

Rule: what a fixture needs is imported when a test asks for it; importing this imports pytest alone.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from groundwork.storage import CheckpointStore
    from groundwork.testing._failpoints import Action
    from groundwork.testing._fake_model import FakeModel
    from groundwork.testing._fault_fs import FaultFs
    from groundwork.testing._flaky_server import FlakyServer
    from groundwork.testing._golden import Golden
    from groundwork.testing._planted import Planted
    from groundwork.testing._small_data import SmallData


@pytest.fixture
def virtual_clock() -> Any:
    """A clock at zero that only the test and the sleeps of the code under test move.

    Returns:
        The ``VirtualClock``; pass it as ``clock=`` to what waits.
    """
    from groundwork.testing._clock import VirtualClock

    return VirtualClock()


@pytest.fixture
def run_virtual(virtual_clock: Any) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """A function that runs a coroutine on the virtual time of ``virtual_clock``.

    Returns:
        ``testing.run_virtual`` with that clock.
    """
    from groundwork.testing._run_virtual import run_virtual

    return lambda main: run_virtual(main, clock=virtual_clock)


@pytest.fixture(scope="session")
def small_data() -> "Callable[..., SmallData]":
    """Small real tables by name.

    Returns:
        ``testing.small_data``.
    """
    from groundwork.testing._small_data import small_data

    return small_data


@pytest.fixture(scope="session")
def planted() -> "Callable[..., Planted]":
    """Tables with defects whose places are known.

    Returns:
        ``testing.plant``.
    """
    from groundwork.testing._planted import plant

    return plant


@pytest.fixture
def fake_model() -> "FakeModel":
    """A model that answers what the test says, and remembers what it was asked.

    Returns:
        A ``FakeModel``, which gives rows back until told otherwise.
    """
    from groundwork.testing._fake_model import FakeModel

    return FakeModel()


@pytest.fixture
def model_server() -> Iterator[Callable[..., str]]:
    """A function that serves a model on a free port until the test ends.

    Yields:
        ``model_server(model, name="model", **options)``, which returns the address.
    """
    from contextlib import ExitStack

    from groundwork.testing._model_server import model_server

    with ExitStack() as stack:
        yield lambda model, name="model", **options: stack.enter_context(model_server(model, name, **options))


@pytest.fixture
def flaky_server() -> "Iterator[FlakyServer]":
    """A real HTTP server that does to each request what its ``script`` says; set it.

    Yields:
        The running ``FlakyServer``, which answers 200 until told otherwise.
    """
    from groundwork.testing._flaky_server import flaky_server

    with flaky_server() as server:
        yield server


@pytest.fixture
def failpoints() -> "Iterator[Callable[[Mapping[str, Action]], dict[str, int]]]":
    """A function that arms failpoints until the test ends, which fails if one was never reached.

    Yields:
        ``failpoints({"storage.atomic_write.before_replace": OSError(...)})``, which returns the counts.
    """
    from contextlib import ExitStack

    from groundwork.testing._failpoints import failpoints

    armed: list[dict[str, int]] = []

    def arm(actions: "Mapping[str, Action]") -> dict[str, int]:
        armed.append(stack.enter_context(failpoints(actions)))
        return armed[-1]

    with ExitStack() as stack:
        yield arm
    missed = [name for reached in armed for name, count in reached.items() if not count]
    if missed:
        raise AssertionError(f"the program never came to {', '.join(missed)}; such a failpoint proves nothing")


@pytest.fixture
def fault_fs() -> "FaultFs":
    """A disk that breaks in a ``with`` block, which fails if nothing met the fault.

    Returns:
        A ``FaultFs``.
    """
    from groundwork.testing._fault_fs import FaultFs

    return FaultFs()


@pytest.fixture
def checkpoint_store(tmp_path: Any) -> "Iterator[CheckpointStore]":
    """An empty store in the test's folder, which the test must leave whole.

    Yields:
        The ``CheckpointStore``. At the end every checkpoint must verify, and nothing else lie there.
    """
    from groundwork.storage import CheckpointStore

    store = CheckpointStore(tmp_path / "checkpoints")
    yield store
    found = [f"step {step}: {damage}" for step, damage in store.verify().items() if damage is not None]
    found += [f"{stray.path.name}: {stray.what}" for stray in store.strays()]
    if found:
        raise AssertionError("the test leaves a damaged store:\n" + "\n".join(f"  {each}" for each in found))


@pytest.fixture
def assert_no_leaks() -> "Callable[..., AbstractContextManager[None]]":
    """A block that fails if it leaves a task, thread, descriptor, socket or child process.

    Returns:
        ``testing.assert_no_leaks``.
    """
    from groundwork.testing._leaks import assert_no_leaks

    return assert_no_leaks


@pytest.fixture
def assert_deterministic() -> Callable[..., Any]:
    """A function that fails if another gives two results in two processes.

    Returns:
        ``testing.assert_deterministic``.
    """
    from groundwork.testing._deterministic import assert_deterministic

    return assert_deterministic


@pytest.fixture
def assert_close() -> Callable[..., None]:
    """A function that fails if two arrays or frames differ by more than allowed.

    Returns:
        ``testing.assert_close``.
    """
    from groundwork.testing._compare_arrays import assert_close

    return assert_close


@pytest.fixture
def memory_limit() -> "Callable[[int], AbstractContextManager[None]]":
    """A block that fails if it holds more memory than allowed.

    Returns:
        ``testing.memory_limit``. Where the system cannot tell, the test is skipped.
    """
    import sys

    if sys.platform == "win32":  # pragma: no cover
        pytest.skip("memory_limit cannot measure on Windows")
    from groundwork.testing._memory_limit import memory_limit

    return memory_limit


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> "Golden":
    """Compares values with files beside the test; ``--update-golden`` writes them.

    Returns:
        A ``Golden``; call it with a value.
    """
    from groundwork.testing._golden import Golden

    folder = request.path.parent / "golden" / request.path.stem
    return Golden(folder, request.node.name, update=request.config.getoption("--update-golden"))
