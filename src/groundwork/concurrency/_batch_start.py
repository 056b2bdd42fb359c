"""When the next batch is formed.

Rule: there is at most one moment set for it; a turn of the loop that is already to come is not put off.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context


class BatchStart:
    """The moment at which the next batch is formed.

    Args:
        loop: Whose turns, and whose timers.
        form: Forms a batch of what waits.
        context: What it runs in.

    Attributes:
        soon: Whether it is the end of this turn of the loop.
    """

    __slots__ = ("_context", "_form", "_handle", "_loop", "soon")

    def __init__(self, loop: asyncio.AbstractEventLoop, form: Callable[[], None], context: Context) -> None:
        self.soon = False
        self._loop = loop
        self._form = form
        self._context = context
        self._handle: asyncio.Handle | None = None

    def set_soon(self) -> None:
        """Form it at the end of this turn of the loop: whoever comes until then finds a place in it."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_soon(self._form, context=self._context)
        self.soon = True

    def set_in(self, seconds: float) -> None:
        """Form it later, unless a moment is set already."""
        if self._handle is None:
            self._handle = self._loop.call_later(seconds, self._form, context=self._context)

    def clear(self) -> None:
        """Set no moment."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
            self.soon = False
