"""The scenes of the contract of the concurrency part: tasks, and a model that takes its time, on virtual time."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor, Future
from types import FrameType
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._clock import VirtualClock
from groundwork.testing._lab import Lab
from groundwork.testing._run_virtual import Deadlocked
from groundwork.testing._virtual_loop import VirtualLoop

Outcome = Any
"""An answer, or the exception that came instead."""

_STILL_S = 1e-9
_STILL_TURNS = 20_000
"""So many turns in which the time does not move are no work: somebody asks again and again."""


class SlowModel(Executor):
    """A model that doubles numbers, and the executor it runs in; a batch takes its time, and no real second passes.

    Args:
        clock: The time of the loop.
        batch_s: What each call of ``predict`` takes.
        item_s: What each item adds.
        workers: How many jobs run at once; the others wait in line, as those of a thread pool do.

    Attributes:
        batches: What each call of ``predict`` was given.
        starts_s: When each call began.
        bad: Items that make ``predict`` raise, and what.
        most_at_once: How many jobs ever ran together.
    """

    def __init__(self, clock: VirtualClock, *, batch_s: float = 1.0, item_s: float = 0.0, workers: int = 1) -> None:
        self.batches: list[list[Any]] = []
        self.starts_s: list[float] = []
        self.bad: dict[Any, Exception] = {}
        self.most_at_once = 0
        self._clock = clock
        self._batch_s = batch_s
        self._item_s = item_s
        self._max_workers = workers  # by the name that it has in concurrent.futures
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._running = 0
        self._spent_s: float | None = None

    def predict(self, items: list[Any]) -> list[Any]:
        """Return twice each item; raise for a bad one."""
        self.batches.append(list(items))
        self.starts_s.append(self._clock.monotonic())
        seconds = self._batch_s + self._item_s * len(items)
        if self._spent_s is None:
            # Called on the loop itself: for so long nothing else runs.
            self._clock.sleep(seconds)
        else:
            self._spent_s += seconds
        for item in items:
            if item in self.bad:
                raise self.bad[item]
        return [2 * item for item in items]

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Run a job when a worker is free; its future is done when the time has passed that ``predict`` took."""
        future: Future[Any] = Future()
        self._waiting.append((future, lambda: fn(*args, **kwargs)))
        self._next()
        return future

    @property
    def seen(self) -> list[Any]:
        """All items that ``predict`` was given, in order."""
        return [item for batch in self.batches for item in batch]

    def _next(self) -> None:
        while self._waiting and self._running < self._max_workers:
            future, job = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
            self._spent_s, error, value = 0.0, None, None
            try:
                value = job()
            except Exception as raised:  # noqa: BLE001 - it belongs to the future, as in every executor
                error = raised
            spent_s, self._spent_s = self._spent_s, None
            asyncio.get_running_loop().call_later(spent_s, self._end, future, value, error)

    def _end(self, future: "Future[Any]", value: Any, error: BaseException | None) -> None:
        self._running -= 1
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(value)
        self._next()


class ModelLoop(VirtualLoop):
    """A virtual loop on which ``run_in_executor`` works with a ``SlowModel``.

    Attributes:
        turns: How often it went round.
        tasks: All that were begun.
    """

    def __init__(self, clock: VirtualClock, *, seed: int) -> None:
        super().__init__(clock, seed=seed)
        self.turns = 0
        self._moved = (0, 0.0)
        self.tasks: list[asyncio.Task[Any]] = []

    def create_task(self, coro: Any, *, name: object = None, **options: Any) -> Any:
        """Start a task and remember it."""
        self.tasks.append(super().create_task(coro, name=name, **options))
        return self.tasks[-1]

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """Run a job in a slow model; anything else would need a thread."""
        if isinstance(executor, SlowModel):
            return asyncio.wrap_future(executor.submit(func, *args), loop=self)
        return super().run_in_executor(executor, func, *args)  # refuses

    def select(self, timeout: float | None) -> list[Any]:
        """Count the turn; break the contract if there is no end to those of one moment."""
        self.turns += 1
        turn, moment_s = self._moved
        if self.time() - moment_s > _STILL_S:
            self._moved = (self.turns, self.time())
        elif self.turns - turn > _STILL_TURNS:
            self._moved = (self.turns, self.time())  # the tasks are cancelled on this loop
            raise ContractBroken(
                f"the loop went round {_STILL_TURNS:,} times at {moment_s:g} s, and the time did not move: somebody "
                "asks again and again, or sleeps for less than 1e-9 s; expected one sleep of the right length"
            )
        return super().select(timeout)


def run(lab: Lab, main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on the lab's time; whoever would wait for ever breaks the contract."""
    loop = ModelLoop(lab.clock, seed=lab.seed)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        # What an implementation leaves unheard is the checks' business, not the log's.
        loop.set_exception_handler(lambda *_: None)
        try:
            return runner.run(main)
        except Deadlocked as stuck:
            told = f"{death(loop.tasks)}: {_waiting(loop)}"
            raise ContractBroken(f"somebody waits for ever{told}; expected an end") from stuck


def _waiting(loop: asyncio.AbstractEventLoop) -> str:
    """Say where the tasks wait, those of one place together; the checks' own wait for these."""
    found = [_frame(task) for task in sorted(asyncio.all_tasks(loop), key=hash)]
    theirs = [frame for frame in found if frame and not frame.f_globals["__name__"].startswith(f"{__package__}.")]
    places = Counter(f"{frame.f_code.co_qualname} (line {frame.f_lineno})" for frame in theirs)
    told = [f"{count} tasks in {place}" if count > 1 else place for place, count in places.most_common(3)]
    return f"{' and '.join(told) or 'the check'}, at {loop.time():g} s"


def _frame(task: "asyncio.Task[Any]") -> FrameType | None:
    """Find the innermost frame of a task that is not asyncio's."""
    coro: Any = task.get_coro()
    found: FrameType | None = None
    while (frame := getattr(coro, "cr_frame", None)) is not None:
        found = found if frame.f_globals.get("__name__", "").startswith("asyncio.") else frame
        coro = coro.cr_await
    return found


def death(tasks: Sequence["asyncio.Task[Any]"]) -> str:
    """Say which task failed last: mostly that is why the others wait."""
    failed = [task for task in tasks if task.done() and not task.cancelled() and task.exception()]
    if not failed:
        return ""
    name = getattr(failed[-1].get_coro(), "__qualname__", "a task")
    return f", after {name} had ended with {failed[-1].exception()!r:.80}"


def turns() -> int:
    """How often the running loop went round so far."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ModelLoop)
    return loop.turns


async def later(at_s: float, call: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
    """Make a call so many seconds from now; return its value, or the exception it raised."""
    await asyncio.sleep(at_s)
    try:
        return await call()
    except NotImplementedError:
        raise
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - whatever it is, it is the finding
        return error


async def timed(at_s: float, call: Callable[[], Coroutine[Any, Any, Any]]) -> tuple[Outcome, float]:
    """Return with it the moment at which the call ended."""
    outcome = await later(at_s, call)
    return outcome, round(asyncio.get_running_loop().time(), 6)


def expect_no_task_left(when: str) -> None:
    """Break the contract unless the caller's task is the only one."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        names = ", ".join(sorted({getattr(task.get_coro(), "__qualname__", "?") for task in left})[:3])
        raise ContractBroken(f"{len(left)} tasks are left {when}: {names}; expected none")
