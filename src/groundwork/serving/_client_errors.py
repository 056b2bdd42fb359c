"""What a server's refusal is, as one of groundwork's errors.

Rule: the kind of the error says whether trying again can help: what is transient is retried, nothing else.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from groundwork.errors import (
    ConfigurationError,
    DeadlineExceeded,
    InvalidDataError,
    MLException,
    ModelNotFoundError,
    ModelNotReadyError,
    Overloaded,
    PredictionError,
    RateLimited,
    TransientError,
    UsageError,
    WorldError,
)

_HINTS = {
    401: "Pass api_key= with a key that the server knows.",
    403: "Pass api_key= with a key that may do this.",
    413: "Send fewer instances at a time, as predict_stream does, or raise the server's bound.",
    429: "Ask less often; retry_after_s says when there is room again.",
    500: "The server's log says why.",
    503: "Try again later; the server has more to do than it can, or is not ready.",
    504: "Give more time by timeout_s, or send fewer instances at a time.",
}
_TRANSIENT: dict[int, type[TransientError]] = {429: RateLimited, 503: Overloaded}


def error_of(status: int, headers: Mapping[str, str], body: bytes, url: str) -> MLException:
    """Return the error that an answer stands for.

    Args:
        status: Of the answer; 400 or more.
        headers: Of the answer.
        body: A problem document, or anything else.
        url: What was asked.

    Returns:
        The error; it carries the document's ``code``, and its ``errors`` in the context.
    """
    document = _document(body)
    code = document.get("code")
    detail = str(document.get("detail") or document.get("error") or f"{body[:120].decode(errors='replace')!r}")
    message = f"{url} answers {status}: {detail}"
    context: dict[str, Any] = {"status": status, "url": url}
    if document.get("errors"):
        context["errors"] = document["errors"]
    known: dict[str, Any] = {"code": code if isinstance(code, str) else None, "context": context}
    hint = _HINTS.get(status)
    kind = _kind(status, code)
    if kind is not None:
        return kind(message, retry_after_s=_seconds(headers.get("Retry-After")), hint=hint, **known)
    return _lasting(status, code, message, hint, known)


def _kind(status: int, code: Any) -> type[TransientError] | None:
    if code == "not_ready":
        return ModelNotReadyError
    return _TRANSIENT.get(status, TransientError if status in (408, 425, 502) else None)


def _lasting(status: int, code: Any, message: str, hint: str | None, known: dict[str, Any]) -> MLException:
    if code == ModelNotFoundError.default_code:
        return ModelNotFoundError(message, hint="Ask for a model that it names.", **known)
    if status == 422:
        errors = known["context"].get("errors") or [{}]
        pointer = str(errors[0].get("pointer", ""))
        return InvalidDataError(message, hint=f"Mend {pointer}." if pointer else None, **known)
    if status in (401, 403):
        return ConfigurationError(message, hint=hint, **known)
    if status == 504:
        return DeadlineExceeded(message, hint=hint, **known)
    if status < 500:
        return UsageError(message, hint=hint, **known)
    return (PredictionError if status == 500 else WorldError)(message, hint=hint, **known)


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(header: str | None) -> float | None:
    # An HTTP date may stand here too; a server that sends one gets our own backoff.
    return float(header) if header is not None and header.strip().isdigit() else None
