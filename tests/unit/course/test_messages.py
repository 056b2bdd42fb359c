import os

import pytest

from groundwork.course._messages import Receiver, sender
from groundwork.errors import ContractBroken


@pytest.fixture
def said():
    """Sends answers with a key and gives the lines that came out."""
    reading, writing = os.pipe()

    def say(*answers, key=b"k"):
        send = sender(key, writing)
        for answer in answers:
            send(answer)
        return os.read(reading, 65536).splitlines()

    yield say
    os.close(reading)
    os.close(writing)


def test_what_was_said_is_read(said):
    lines = said({"outcome": "passed"}, {"outcome": "failed"})
    receiver = Receiver(b"k")

    assert [{"outcome": "passed"}, {"outcome": "failed"}] == [receiver.read(line) for line in lines]


def test_a_line_without_a_signature_is_nothing():
    with pytest.raises(ContractBroken, match="wrote to the grader's channel"):
        Receiver(b"k").read(b'{"outcome": "passed"}\n')


def test_a_line_that_was_signed_with_another_key_is_nothing(said):
    [line] = said({"outcome": "passed"}, key=b"other")

    with pytest.raises(ContractBroken):
        Receiver(b"k").read(line)


def test_a_line_counts_once(said):
    [line] = said({"outcome": "passed"})
    receiver = Receiver(b"k")
    receiver.read(line)

    with pytest.raises(ContractBroken):
        receiver.read(line)
