"""The access log: a JSON object a request, by stdlib logging.

Rule: off unless asked for. It says who asked what and how it went; never a body, a query, a key or a header but the
request's id. Cost: about 10 microseconds a request.
"""

import logging
import re
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec

from groundwork.serving._notes import Ended

REQUEST_ID_HEADER = b"x-request-id"

logger = logging.getLogger("groundwork.serving.access")

_ID = re.compile(rb"[!-~]{1,128}")


def request_id(headers: Mapping[bytes, bytes], *, make: bool) -> bytes:
    """Return the id of a request.

    Args:
        headers: Of the request; its own id is taken over if it is 1 to 128 visible ASCII characters.
        make: Make one where it has none.

    Returns:
        The id, or nothing.
    """
    given = headers.get(REQUEST_ID_HEADER)
    if given is not None and _ID.fullmatch(given):
        return given
    return secrets.token_hex(16).encode() if make else b""


class AccessLog:
    """Writes a record for each call that is over.

    Whoever asks for a log gets one: where nothing is said of the logger, it logs from INFO on, and to stderr.

    Args:
        log: Where to.
    """

    def __init__(self, log: logging.Logger = logger) -> None:
        self._log = log
        if log.level == logging.NOTSET:
            log.setLevel(logging.INFO)
        if not log.hasHandlers():
            log.addHandler(logging.StreamHandler())

    def ended(self, call: Ended, trace_id: str) -> str:
        """Write the record; see ``Watcher``."""
        if self._log.isEnabledFor(logging.INFO):
            record: dict[str, Any] = {
                "method": call.method,
                "path": call.path[:256],
                "route": call.route,
                "status": call.status,
                "ms": round(1000 * call.seconds, 3),
                "client": call.client,
                "request_id": call.request_id,
            }
            if trace_id:
                record["trace_id"] = trace_id
            if call.model:
                record |= {"model": call.model, "version": call.version}
            if call.note is not None:
                record["rows"] = call.note.rows
            if call.queue_s is not None and call.note is not None:
                record |= {"batch_rows": call.note.batch_rows, "queue_ms": round(1000 * call.queue_s, 3)}
            # The text is the record, so that any handler writes JSON; `access` has it for those that format it.
            self._log.info("%s", msgspec.json.encode(record).decode(), extra={"access": record})
        return trace_id
