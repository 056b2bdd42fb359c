"""Who looks at an app's calls: the access log and the traces, where they are on.

Rule: where neither is on, a call costs a look for its ``X-Request-Id`` and nothing else.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from groundwork.serving._access_log import REQUEST_ID_HEADER, AccessLog, request_id
from groundwork.serving._call import Call, Response
from groundwork.serving._notes import Ended, Note, Watcher
from groundwork.serving._options import AppOptions

if TYPE_CHECKING:
    from groundwork.serving._exchange import Exchange


class Sight:
    """The watchers of an app.

    Args:
        watchers: Told of each call, in this order.

    Attributes:
        watches: There is one.
    """

    def __init__(self, watchers: Sequence[Watcher] = ()) -> None:
        self.watches = bool(watchers)
        self._watchers = watchers

    @classmethod
    def of(cls, options: AppOptions) -> "Sight":
        """Return what the options ask for; raises ``ConfigurationError`` where that is not installed."""
        watchers: list[Watcher] = []
        if options.tracing:
            from groundwork.serving._traces import Traces

            watchers.append(Traces())
        if options.access_log:
            watchers.append(AccessLog())
        return cls(watchers)

    def request_id(self, call: Call) -> bytes:
        """Return the id under which a call is known: the client's, one of ours where somebody watches, or nothing."""
        if self.watches or REQUEST_ID_HEADER in call.headers:
            return request_id(call.headers, make=self.watches)
        return b""

    def posted(self, exchange: "Exchange", rows: int) -> None:
        """Begin to note a call's way through the queue."""
        exchange.note = Note(rows, perf_counter())
        exchange.hosted.notes[id(exchange.blocks[0])] = exchange.note

    def ended(self, exchange: "Exchange", status: int, seconds: float) -> None:
        """Tell the watchers of a call that is over."""
        hosted, note = exchange.hosted, exchange.note
        if note is not None:
            hosted.notes.pop(id(exchange.blocks[0]), None)
        self._tell(
            exchange.call,
            exchange.route,
            status,
            seconds,
            exchange.request_id,
            (hosted.name, hosted.told_version) if hosted is not None else ("", ""),
            note,
        )

    def broke_off(self, call: Call, route: str, response: Response, seconds: float) -> Response:
        """Tell the watchers of a call that was answered before it was whole.

        Args:
            call: As far as it came.
            route: The label under which it is counted.
            response: The answer.
            seconds: It took.

        Returns:
            The answer with the call's id.
        """
        known = self.request_id(call)
        if self.watches:
            self._tell(call, route, response.status, seconds, known)
        return marked(response, known) if known else response

    def _tell(
        self,
        call: Call,
        route: str,
        status: int,
        seconds: float,
        known: bytes,
        model: tuple[str, str] = ("", ""),
        note: Note | None = None,
    ) -> None:
        told = Ended(
            call.method, call.path, route, status, seconds, call.peer, call.headers, known.decode(), *model, note
        )
        trace_id = ""
        for watcher in self._watchers:
            trace_id = watcher.ended(told, trace_id)


def marked(response: Response, known: bytes) -> Response:
    """Return a response with the id of its request."""
    return response._replace(headers=(*response.headers, (REQUEST_ID_HEADER, known)))
