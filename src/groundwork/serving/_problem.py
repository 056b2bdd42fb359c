"""Errors as RFC 9457 problem documents.

Rule: every answer that is not a success has ``type``, ``title``, ``status``, ``detail`` and a stable ``code``; a client
branches on ``code`` and shows ``detail``. A fault of ours says nothing of our inside; the log has it.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from groundwork.errors import (
    DeadlineExceeded,
    InvalidDataError,
    MLException,
    ModelNotFoundError,
    ModelNotReadyError,
    Overloaded,
    PredictionError,
    RateLimited,
    TransientError,
)
from groundwork.serving._mistakes import Mistake, located, mistakes_of
from groundwork.serving._wire import Response

MAX_MISTAKES = 20

STATUS: Mapping[type[MLException], int] = {
    InvalidDataError: 422,
    ModelNotFoundError: 404,
    ModelNotReadyError: 503,
    Overloaded: 503,
    RateLimited: 429,
    DeadlineExceeded: 504,
    PredictionError: 500,
}

TITLES: Mapping[int, str] = {
    400: "The request cannot be read",
    404: "There is nothing here",
    405: "The method does not fit the path",
    408: "The request came too slowly",
    413: "The request is too large",
    422: "The request breaks the schema",
    429: "Too many requests",
    500: "The server failed",
    503: "The server cannot answer now",
    504: "The deadline passed",
}


class Problem(Exception):
    """An answer that is an error, raised where it is found.

    Args:
        status: The HTTP status.
        code: What a program branches on.
        detail: What is wrong with this request, for a person.
        errors: Mistakes by place, each with ``pointer`` and ``detail``.
        headers: Further response headers.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        headers: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = errors
        self.headers = headers

    def response(self) -> Response:
        """Return the problem document as a response."""
        document: dict[str, Any] = {
            "type": f"urn:groundwork:problem:{self.code}",
            "title": TITLES[self.status],
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            document["errors"] = self.errors
        return Response(msgspec.json.encode(document), self.status, b"application/problem+json", tuple(self.headers))


def problem_of(error: MLException) -> Problem:
    """Return the problem document for an error of groundwork.

    Args:
        error: Any; what no client can mend becomes a 500 that shows no inside.

    Returns:
        The problem, with ``Retry-After`` where trying again may help.
    """
    if isinstance(error, InvalidDataError):
        return invalid_instances(mistakes_of(error), error.context.get("count"))
    status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)
    headers: list[tuple[bytes, bytes]] = []
    if status in (429, 503):
        wait_s = error.retry_after_s if isinstance(error, TransientError) else None
        headers = [(b"retry-after", str(max(1, math.ceil(wait_s or 1))).encode())]
    return Problem(status, error.code, error.message if status != 500 else "the model failed", headers=headers)


def invalid_instances(mistakes: Sequence[Mistake], count: int | None = None) -> Problem:
    """Return the problem that lists mistakes in the instances.

    Args:
        mistakes: Each with ``message`` and, where known, ``row`` and ``column``. At most 20 are shown.
        count: How many there are, if not all are given.

    Returns:
        A 422 whose detail is the first mistake and how many more there are.
    """
    errors = [located(mistake) for mistake in mistakes[:MAX_MISTAKES]]
    more = (count or len(mistakes)) - 1
    detail = errors[0]["detail"] + (f" (and {more} more)" if more else "")
    return Problem(422, InvalidDataError.default_code, detail, errors=errors)
