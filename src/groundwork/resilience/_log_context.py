"""Which run and step the code at hand belongs to, for logs.

Rule: tasks and ``asyncio.to_thread`` inherit the ids; a thread that has none takes what all contexts at work agree on.
"""

import threading
from contextvars import ContextVar, Token
from types import TracebackType

_here: ContextVar["log_context | None"] = ContextVar("groundwork_log_context", default=None)
_lock = threading.Lock()
# Those at work that have no other within them.
_innermost: "set[log_context]" = set()


class log_context:  # noqa: N801 - used as a verb, like contextlib.suppress
    """Let every record that is logged within the block carry these ids: ``with log_context(run=…, step=…):``.

    Contexts nest; the inner adds to the outer. Handlers of ``configure_logging`` write the ids.

    Args:
        **ids: Names and values; a number is told as text.
    """

    def __init__(self, **ids: str | int) -> None:
        self._ids: dict[str, str] = {name: str(value) for name, value in ids.items()}
        self._outer: log_context | None = None
        self._inside = 0
        self._token: Token[log_context | None] | None = None

    def __enter__(self) -> "log_context":
        self._outer = _here.get()
        if self._outer is not None:
            self._ids = {**self._outer._ids, **self._ids}
        self._token = _here.set(self)
        with _lock:
            _innermost.add(self)
            if self._outer is not None:
                self._outer._inside += 1
                _innermost.discard(self._outer)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with _lock:
            _innermost.discard(self)
            if self._outer is not None:
                self._outer._inside -= 1
                if self._outer._inside == 0:
                    _innermost.add(self._outer)
        assert self._token is not None
        try:
            _here.reset(self._token)
        except ValueError:
            # A generator that nobody finished is closed by the garbage collector, in a context of its own.
            return

    @property
    def ids(self) -> dict[str, str]:
        """The ids of this context and those around it."""
        return dict(self._ids)


def current_ids() -> dict[str, str]:
    """Return the ids of the code that calls this."""
    here = _here.get()
    if here is not None:
        return here.ids
    with _lock:
        at_work = [context.ids for context in _innermost]
    if not at_work:
        return {}
    shared = set(at_work[0].items()).intersection(*(ids.items() for ids in at_work[1:]))
    return dict(shared)
