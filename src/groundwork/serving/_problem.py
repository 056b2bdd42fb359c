"""Errors as RFC 9457 problem documents.

Rule: every answer that is not a success has ``type``, ``title``, ``status``, ``detail`` and a stable ``code``; a client
branches on ``code`` and shows ``detail``. ``error`` says the same to clients of the Open Inference Protocol. A fault of
ours says nothing of our inside; the log has it.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
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
from groundwork.serving._call import Response
from groundwork.serving._mistakes import Mistake, located, mistakes_of

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
    401: "There is no valid API key",
    404: "There is nothing here",
    405: "The method does not fit the path",
    408: "The request came too slowly",
    413: "The request is too large",
    415: "The body is encoded in a way that is not read here",
    417: "The expectation cannot be met",
    422: "The request breaks the schema",
    429: "Too many requests",
    431: "The headers are too large",
    500: "The server failed",
    503: "The server cannot answer now",
    504: "The deadline passed",
    505: "The version of HTTP is not known here",
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
            "error": self.detail,
        }
        if self.errors:
            document["errors"] = self.errors
        return Response(msgspec.json.encode(document), self.status, b"application/problem+json", tuple(self.headers))


class Refused(Exception):
    """A call turned away before it cost anything, with an answer made beforehand.

    Args:
        response: The answer.
        reason: What it is counted under; from a fixed set.
    """

    def __init__(self, response: Response, reason: str) -> None:
        super().__init__(response.status)
        self.response = response
        self.reason = reason


_REJECTIONS: Mapping[str, tuple[int, str, str]] = {
    "overloaded": (503, Overloaded.default_code, "the server has as much to do as it may accept"),
    "deadline_unmet": (503, Overloaded.default_code, "the wait is longer than the time that the request allows"),
    "rate_limited": (429, RateLimited.default_code, "this client has used up its share"),
}


@lru_cache(maxsize=512)
def rejection(kind: str, retry_after_s: int) -> Response:
    """Return the answer to a call that is turned away; made once for each kind and wait.

    Args:
        kind: ``overloaded``, ``deadline_unmet`` or ``rate_limited``.
        retry_after_s: Whole seconds after which to come again; at least one is said, at most an hour.
    """
    status, code, detail = _REJECTIONS[kind]
    wait = b"%d" % min(max(1, retry_after_s), 3600)
    return Problem(status, code, f"{detail}; see Retry-After", headers=[(b"retry-after", wait)]).response()


_LATE_HEADERS = ("headers_timeout", "the headers did not arrive in time")


def fault(status: int, max_body_bytes: int, *, begun: bool) -> Response:
    """Return the answer to a request that broke off before it was whole.

    Args:
        status: See ``Application.fault``.
        max_body_bytes: The bound, for the words of 413.
        begun: Its headers had come.
    """
    code, detail = {
        400: ("invalid_http", "this is not a request of HTTP/1.1"),
        408: ("body_timeout", "the body did not arrive in time") if begun else _LATE_HEADERS,
        413: ("body_too_large", f"the body may have {max_body_bytes} bytes; send fewer instances at a time"),
        417: ("expectation_failed", "of expectations, only 100-continue is known here"),
        431: ("headers_too_large", "the request line and headers together are larger than this server takes"),
        503: (Overloaded.default_code, "the server has as many connections as it may have"),
        505: ("http_version", "this server speaks HTTP/1.1 and HTTP/1.0"),
    }[status]
    headers = [(b"retry-after", b"1")] if status == 503 else []
    return Problem(status, code, detail, headers=headers).response()


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
    # Of a failed model only its place is told; what went wrong inside is for the log.
    told = status != 500 or (isinstance(error, PredictionError) and "row" in error.context)
    return Problem(status, error.code, error.message if told else "the model failed", headers=headers)


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
