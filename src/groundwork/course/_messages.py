"""What the learner's process says to its host: lines of JSON, numbered and signed.

Rule: a line counts only with the signature of its number under a key that is new for each process; anything else on
that descriptor is a failure. The key itself is not kept: what is kept can only sign. Cost: some microseconds a line.
"""

import hmac
import json
import os
from collections.abc import Callable
from typing import Any

from groundwork.errors import ContractBroken

KEY_BYTES = 32
FOREIGN = "wrote to the grader's channel; expected prints to go to standard output"


def sender(key: bytes, descriptor: int) -> Callable[[dict[str, Any]], None]:
    """Make the function with which answers are sent.

    Args:
        key: Shared with the reader.
        descriptor: Where to write.

    Returns:
        A function of one answer. What it needs is bound now, before other code can put something else there.
    """
    sign, write, encode, nth = hmac.new(key, digestmod="sha256").copy, os.write, json.dumps, 0

    def send(answer: dict[str, Any]) -> None:
        nonlocal nth
        body = encode(answer).encode()
        signature = sign()
        signature.update(b"%d " % nth + body)
        line = signature.hexdigest().encode() + b" " + body + b"\n"
        nth += 1
        while line:
            line = line[write(descriptor, line) :]

    return send


class Receiver:
    """Reads what a ``sender`` wrote.

    Args:
        key: Shared with the sender.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._nth = 0

    def read(self, line: bytes) -> dict[str, Any]:
        """Check and decode one line.

        Args:
            line: As it came, with or without its end.

        Returns:
            The answer.

        Raises:
            ContractBroken: It is not what the sender would write now.
        """
        signature, _, body = line.rstrip(b"\n").partition(b" ")
        expected = hmac.new(self._key, b"%d " % self._nth + body, "sha256").hexdigest().encode()
        if not hmac.compare_digest(signature, expected):
            raise ContractBroken(FOREIGN)
        self._nth += 1
        answer = json.loads(body)
        assert isinstance(answer, dict)
        return answer
