"""What is wrong with a body that JSON's decoder refuses: in words, with the position.

Rule: what is no JSON is 400, JSON of another shape 422; both say where.
"""

from collections.abc import Mapping

import msgspec

from groundwork.serving._problem import Problem

UNREADABLE = (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for a body that it does not take."""


def unreadable(body: bytes, error: Exception, wanted: str) -> Problem:
    """Return the problem of a body that its decoder did not take.

    Args:
        body: All of it.
        error: Of ``UNREADABLE``.
        wanted: What to send instead.

    Returns:
        A 422 for JSON of another shape, a 400 for anything else.
    """
    if isinstance(error, msgspec.ValidationError):
        return Problem(422, "invalid_request", f"{error}; send {wanted}")
    return Problem(400, "invalid_json", f"the body is not JSON: {_fault(body, error)}")


def _fault(body: bytes, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        # Its own position counts from the start of one string.
        try:
            body.decode()
        except UnicodeDecodeError as whole:
            return f"{whole.reason} in UTF-8 (byte {whole.start})"
    text = str(error).removeprefix("JSON is malformed: ")
    return text if "(byte " in text else f"{text} (byte {len(body)})"


def refuse_encoded(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body that is compressed.

    Args:
        headers: Of the request.

    Raises:
        Problem: 415; it is encoded.
    """
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.lower() != b"identity":
        shown = encoding.decode("latin-1")[:40]
        raise Problem(415, "unsupported_encoding", f"the body is encoded as {shown!r}; send it as it is")
