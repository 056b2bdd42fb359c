"""Starts a server for what a function could play."""

import socket
from pathlib import Path

from intake import fetch

from groundwork.testing import load_subject

FAILS = ("it_opens_no_connection",)

KEPT = ("test_", "waits", "clock", "batcher")
right = load_subject(Path(__file__).parents[1] / "alternative" / "test_suite.py")
globals().update({name: each for name, each in vars(right).items() if name.startswith(KEPT)})


def test_a_server_answers():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert fetch(server.getsockname)[0] == "127.0.0.1"
