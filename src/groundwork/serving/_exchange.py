"""One call at work in the core: admitted, posted, answered, counted.

Rule: whatever happens, a call is answered once or taken back once, and then what it held is free again: its place under
the limit, its rows in the queue, its count among those in flight. Cost: one object a call.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from groundwork.errors import DeadlineExceeded, MLException, Overloaded, PredictionError
from groundwork.serving._block import Block
from groundwork.serving._call import Call, Done, Handle, Response
from groundwork.serving._failures import whole_answer
from groundwork.serving._notes import Note
from groundwork.serving._problem import Problem, Refused, problem_of
from groundwork.serving._sight import marked

if TYPE_CHECKING:
    from groundwork.concurrency import Batcher
    from groundwork.serving._core import Core

logger = logging.getLogger("groundwork.serving")

CLIENT_LEFT = 499
_LOGGED = "groundwork_logged"

REASONS = {"overloaded": "queue", "unauthorized": "key", "model_not_ready": "not_ready"}
"""What a call is counted under that was turned away with a problem, by the problem's code."""


class Limiter(Protocol):
    """How many calls may be under way at once."""

    def acquire(self) -> bool:
        """Take a place; False when there is none."""
        ...

    def release(self, seconds: float | None, dropped: bool = False) -> None:
        """Give the place back.

        Args:
            seconds: What the call took; None where that says nothing of the model, as for a refused or abandoned one.
            dropped: It was given up for want of time or room.
        """
        ...


class Clients(Protocol):
    """How often one client may call."""

    def admit(self, client: str) -> float:
        """Count a call of this client and return 0.0, or return how many seconds it has to wait."""
        ...


class Exchange:
    """A call and what its answer needs.

    Attributes:
        call: What came.
        route: The label under which it is counted.
        name: The model that it names, or None.
        version: The version that it names, or None.
        deadline: The loop's time after which nobody wants the answer.
        limiter: Under whose limit it holds a place.
        hosted: The model that was picked for it.
        blocks: Its rows.
        note: Its way through the queue, where somebody watches.
        request_id: Under which the client knows it, once it is answered.
    """

    __slots__ = (
        "_core",
        "_done",
        "_handle",
        "_render",
        "blocks",
        "call",
        "deadline",
        "hosted",
        "limiter",
        "name",
        "note",
        "request_id",
        "route",
        "version",
    )

    def __init__(self, core: "Core", call: Call, done: Done) -> None:
        self._core = core
        self._done: Done | None = done
        self._handle: Handle | None = None
        self.call = call
        self.route = "other"
        self.name: str | None = None
        self.version: str | None = None
        self.deadline = 0.0
        self.limiter: Limiter | None = None
        self.hosted: Any = None
        self.blocks: list[Block] = []
        self.note: Note | None = None
        self.request_id = b""

    @property
    def open(self) -> bool:
        """Whether it still waits for its answer."""
        return self._done is not None

    def post(
        self, batcher: "Batcher[Block, Any]", blocks: list[Block], render: Callable[["Exchange", Any], Response]
    ) -> None:
        """Put blocks into a model's queue, and answer with what becomes of them.

        Args:
            batcher: Of the model.
            blocks: The rows, in pieces that fit into a batch.
            render: Makes the response from one answer over all rows; what it raises is answered by ``fail``.

        Raises:
            Overloaded: The queue has no room.
            DeadlineExceeded: It is too late already.
        """
        self.blocks = blocks
        if self._core.sight.watches:
            self._core.sight.posted(self, sum([block.rows for block in blocks]))
        self._render = render
        self._handle = batcher.post(blocks, self._answered, self.deadline - asyncio.get_running_loop().time())

    def answer(self, response: Response, *, dropped: bool = False) -> None:
        """Send the answer, unless the call has been answered or taken back."""
        done = self._done
        if done is not None:
            known = self.request_id = self._core.sight.request_id(self.call)
            if known:
                response = marked(response, known)
            self._finish(response.status, dropped)
            done(response)

    def fail(self, error: Exception) -> None:
        """Answer with the problem that an error stands for; what is nobody's but ours goes to the log."""
        if isinstance(error, Refused):
            self._core.metrics.rejected(error.reason)
            self.answer(error.response)
            return
        if isinstance(error, Problem):
            problem = error
        elif isinstance(error, MLException):
            problem = problem_of(error)
        else:
            problem = Problem(500, "internal", "the server failed; its log says why")
        reason = REASONS.get(problem.code)
        if reason is not None:
            self._core.metrics.rejected(reason)
        if problem.status == 500:
            self._log(error)
        self.answer(problem.response(), dropped=isinstance(error, Overloaded | DeadlineExceeded))

    def cancel(self) -> None:
        """Take the call back: its client left."""
        if self._done is None:
            return
        handle, self._handle = self._handle, None
        if handle is not None:
            handle.cancel()
        if self._core.sight.watches:
            self.request_id = self._core.sight.request_id(self.call)
        self._finish(CLIENT_LEFT, False)

    def _answered(self, answers: list[Any] | Exception) -> None:
        # Lets go of the group, which holds this method: no circle is left for the garbage collector.
        self._handle = None
        try:
            if isinstance(answers, Exception):
                raise answers
            response = self._render(self, whole_answer(answers, self.blocks))
        except Exception as error:  # noqa: BLE001 - answered as what it is: the client's, the model's or our own
            self.fail(error)
        except BaseException as error:  # noqa: BLE001 - raised again by the loop, where no other caller's answer is lost
            asyncio.get_running_loop().call_soon(_leave, error)
            self.answer(Problem(500, "internal", "the server is going down").response())
        else:
            self.answer(response)

    def _log(self, error: Exception) -> None:
        """Log a failure, unless another call of the same batch has logged its cause."""
        cause = error.__cause__ if isinstance(error, PredictionError) and "row" in error.context else None
        root = vars(cause or error)
        if root.get(_LOGGED):
            return
        root[_LOGGED] = True
        hosted = self.hosted
        model = f" of model {hosted.name!r}, version {hosted.told_version}" if hosted is not None else ""
        logger.error("%s %s%s failed", self.call.method, self.call.path, model, exc_info=cause or error)

    def _finish(self, status: int, dropped: bool) -> None:
        self._done = None
        metrics, limiter, seconds = self._core.metrics, self.limiter, perf_counter() - self.call.started
        metrics.in_flight -= 1
        metrics.answered(self.route, status, seconds)
        if self._core.sight.watches:
            self._core.sight.ended(self, status, seconds)
        if limiter is not None:
            limiter.release(seconds if status == 200 else None, dropped)


def _leave(error: BaseException) -> None:
    raise error


Endpoint: TypeAlias = Callable[[Exchange], None]
"""Answers an exchange, now or later; what it raises is answered by ``Exchange.fail``."""


class Route(NamedTuple):
    """What there is at a path.

    Attributes:
        name: The label under which its calls are counted; from a fixed set.
        endpoints: By method; HEAD is answered as GET is.
        open: It needs no API key.
        limited: It asks a model, so each client has its share of it.
    """

    name: str
    endpoints: Mapping[str, Endpoint]
    open: bool = False
    limited: bool = False


def at_once(respond: Callable[[Exchange], Response]) -> Endpoint:
    """Return the endpoint of a handler that has its response at once."""

    def endpoint(exchange: Exchange) -> None:
        exchange.answer(respond(exchange))

    return endpoint
