"""A request in its place among those of its connection, and the bytes of its answer.

Rule: an answer says how long it is and whether the connection is kept; answers that differ in neither share the bytes
of their heads. Cost: one formatting of bytes an answer.
"""

from functools import lru_cache
from http import HTTPStatus
from typing import Protocol

from groundwork.serving._call import Call, Handle, Response


class Answered(Protocol):
    """What a turn tells of its answer: its connection."""

    def answered(self, turn: "Turn", response: Response) -> None:
        """Write an answer, once those before it are written."""
        ...


class Turn(Call):
    """A request of a connection.

    Attributes:
        connection: Whose.
        answer: Its answer, while an earlier one is still to be written.
        fault: The status of what is wrong with it as HTTP; 0 for nothing.
        handle: The call under way.
        keeps: The connection is kept after it.
        old: It came by HTTP/1.0.
        refusal: Its answer where it was not read to its end; nothing is read after it.
    """

    __slots__ = ("answer", "connection", "fault", "handle", "keeps", "old", "refusal")

    connection: Answered
    answer: Response | None
    fault: int
    handle: Handle | None
    keeps: bool
    old: bool
    refusal: Response | None

    def done(self, response: Response) -> None:
        """Take the answer."""
        self.connection.answered(self, response)


def head_of(response: Response, end_of_head: bytes, *, keeps: bool, old: bool) -> bytes:
    """Return the head of an answer.

    Args:
        response: The answer.
        end_of_head: The date and an empty line; see ``Hub``.
        keeps: The connection is kept.
        old: The request came by HTTP/1.0, where that has to be said.
    """
    body, status, content_type, headers = response
    if keeps and not old and not headers:
        return b"%b%d%b" % (_start(status, content_type), len(body), end_of_head)
    further = b"".join([b"\r\n%b: %b" % header for header in headers])
    if not keeps:
        further += b"\r\nconnection: close"
    elif old:
        further += b"\r\nconnection: keep-alive"
    return b"%b%d%b%b" % (_start(status, content_type), len(body), further, end_of_head)


@lru_cache(maxsize=256)
def _start(status: int, content_type: bytes) -> bytes:
    phrase = HTTPStatus(status).phrase.encode()
    return b"HTTP/1.1 %d %b\r\ncontent-type: %b\r\ncontent-length: " % (status, phrase, content_type)
