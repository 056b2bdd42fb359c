"""The contract of a server's life on a socket: from the first request to SIGTERM and the last answer.

The subject offers ``serve(models, host, port, on_ready=None, header_timeout_s=10.0)``, which calls ``on_ready(url)``
once it serves, and returns after SIGTERM. Every check is a process of its own: server and clients live in it together.
"""

import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._asgi import HeldModel, told
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("concurrency/life")

_CLIENTS = 24
_SILENT = 30
_ASK_S = 3.0
_HEAD_S = 0.3
_END_S = 6.0
_HALF_A_HEAD = b"POST /predict HTTP/1.1\r\nhost: te"
_POSIX = "SIGTERM ends a process there without asking it"
_STUCK = "stuck"
_NEVER_READY = "serve returned before it called on_ready; expected it to serve until SIGTERM"

Drive = Callable[["_Scene"], None]


class _Scene:
    """What the clients of one server know, and what they found."""

    def __init__(self, url: str, model: HeldModel) -> None:
        parts = urlsplit(url)
        self.model = model
        self.found: dict[str, Any] = {}
        self.asked = "nothing yet"
        self.open: list[socket.socket] = []
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)

    def ask(
        self, method: str, path: str, number: int | None = None, on_sent: Callable[[], object] = lambda: None
    ) -> Any:
        """Send one request; return status and predictions, or the status alone."""
        body = None if number is None else json.dumps({"instances": [[number]]})
        self.asked = f"{method} {path}"
        connection = http.client.HTTPConnection(*self._address, timeout=_ASK_S)
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            on_sent()
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        return answer.status if number is None else [answer.status, json.loads(content).get("predictions")]

    def connect(self) -> socket.socket:
        """Connect without a word."""
        return socket.create_connection(self._address, timeout=_ASK_S)

    def crowd(self) -> list[threading.Thread]:
        """Have clients send a request each; what they got is in ``found`` when their threads have ended."""
        self.found["crowd"] = []
        sent = threading.Semaphore(0)

        def client(number: int) -> None:
            try:
                answer = self.ask("POST", "/predict", number, sent.release)
            except (OSError, http.client.HTTPException) as error:
                answer = type(error).__name__
            self.found["crowd"].append([number, answer])

        threads = [threading.Thread(target=client, args=(number,), daemon=True) for number in range(_CLIENTS)]
        for thread in threads:
            thread.start()
        for _ in threads:
            sent.acquire(timeout=_ASK_S)
        # All bytes are with the system; whoever has answered what was asked after them has seen them.
        with suppress(OSError, http.client.HTTPException):
            for _ in range(3):
                self.ask("GET", "/v2/health/live")
        return threads


def _live(subject: Any, folder: Path, drive: Drive, **options: Any) -> dict[str, Any]:
    """Serve in this process until the clients' thread sends SIGTERM; return what they found."""
    model, ended = HeldModel(), threading.Event()
    scenes: list[_Scene] = []
    driver: list[threading.Thread] = []

    def clients(scene: _Scene) -> None:
        try:
            drive(scene)
        except (OSError, http.client.HTTPException, ValueError) as error:
            met = f"{type(error).__name__}: {error}"
            scene.found["error"] = f"the client of {scene.asked} met {met}; expected an answer"
        model.let_go()
        if "terminated" not in scene.found:
            os.kill(os.getpid(), signal.SIGTERM)
        if not ended.wait(_END_S):
            (folder / _STUCK).write_text(json.dumps(scene.found))
            os._exit(1)

    def on_ready(url: str) -> None:
        scenes.append(_Scene(url, model))
        driver.append(threading.Thread(target=clients, args=(scenes[0],), daemon=True))
        driver[0].start()

    try:
        subject.serve({"double": model}, "127.0.0.1", 0, on_ready=on_ready, **options)
    except NotImplementedError as missing:
        return {"missing": str(missing)}
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return {"error": f"serve raised {told(error, subject.__file__)}; expected it to serve until SIGTERM"}
    ended.set()
    for thread in driver:
        # The server may be done before its clients have read what it sent.
        thread.join(_END_S)
    found: dict[str, Any] = scenes[0].found if scenes else {"error": _NEVER_READY}
    return found


def _terminate(scene: _Scene) -> None:
    scene.found["terminated"] = True
    os.kill(os.getpid(), signal.SIGTERM)


def _readiness(scene: _Scene, seconds: float) -> int:
    """Ask until it is not ready, or so long: the status, or 0 where nobody takes the connection."""
    end_s, ready = time.monotonic() + seconds, 200
    while ready == 200 and time.monotonic() < end_s:
        time.sleep(0.02)
        try:
            ready = scene.ask("GET", "/v2/health/ready")
        except (OSError, http.client.HTTPException):
            ready = 0
    return ready


def _found(subject: Any, lab: Lab, work: Callable[[Any, Path, int], dict[str, Any]]) -> dict[str, Any]:
    assert callable(subject.serve), "serve is no function"  # a missing name is told here, not by another process
    try:
        (found,) = lab.processes(subject, work)
    except ContractBroken as broken:
        if (lab.folder / _STUCK).exists():
            raise ContractBroken(f"serve did not return within {_END_S:g} s of SIGTERM; expected it to") from broken
        raise
    if "missing" in found:
        raise NotImplementedError(found["missing"])
    if "error" in found:
        raise ContractBroken(found["error"])
    assert isinstance(found, dict)
    return found


def _requests(subject: Any, folder: Path, nth: int) -> dict[str, Any]:
    def drive(scene: _Scene) -> None:
        scene.found["whole"] = [scene.ask("POST", "/predict", number) for number in (1, 2)]
        scene.found["health"] = scene.ask("GET", "/v2/health/ready")
        body = b'{"instances": [[21]]}'
        head = (
            f"POST /predict HTTP/1.1\r\nhost: test\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
        )
        with scene.connect() as connection:
            for part in (head[:9], head[9:50], head[50:] + body[:4], body[4:]):
                connection.sendall(part)
                time.sleep(0.02)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        scene.found["parts"] = answer.decode("latin-1")

    return _live(subject, folder, drive)


@CHECKS.check(
    Level.BASIC,
    rule="It serves on a socket: requests are answered, also one that arrives in parts.",
    why="A network cuts where it likes; a server that takes one read for one request works on your desk only.",
    hint="asyncio.start_server; readuntil(b'\\r\\n\\r\\n') for the head, readexactly(content-length) for the body.",
    posix=_POSIX,
)
def it_serves_on_a_socket(subject: Any, lab: Lab) -> None:
    """Two requests one after the other, health, and one in four parts."""
    found = _found(subject, lab, _requests)
    expect(found["whole"], [[200, [2]], [200, [4]]], "answers of two requests")
    expect(found["health"], 200, "status of readiness")
    head, _, body = found["parts"].partition("\r\n\r\n")
    if not head.startswith("HTTP/1.1 200") or "42" not in body:
        raise ContractBroken(f"a request in four parts was answered with {found['parts'][:80]!r}; expected 42")


def _full_load(subject: Any, folder: Path, nth: int) -> dict[str, Any]:
    def drive(scene: _Scene) -> None:
        scene.model.hold()
        threads = scene.crowd()
        _terminate(scene)
        _readiness(scene, 0.5)
        scene.model.let_go()
        for thread in threads:
            thread.join(_ASK_S)

    return _live(subject, folder, drive)


@CHECKS.check(
    Level.CRASH,
    rule="SIGTERM at full load loses nothing: every accepted request is answered, then serve returns.",
    why="An orchestrator sends SIGTERM at each deployment; a server that just dies drops what it had promised.",
    hint="loop.add_signal_handler(signal.SIGTERM, event.set); close the listener, await the requests, then the app.",
    after=["it_serves_on_a_socket"],
    posix=_POSIX,
)
def sigterm_loses_nothing(subject: Any, lab: Lab) -> None:
    """Twenty-four requests, one of them with the model, when the signal comes."""
    found = sorted(_found(subject, lab, _full_load)["crowd"])
    lost = [answer for number, answer in found if answer != [200, [2 * number]]]
    if lost or len(found) != _CLIENTS:
        raise ContractBroken(
            f"{_CLIENTS - len(found) + len(lost)} of {_CLIENTS} requests that were accepted before SIGTERM were not "
            f"answered: {str(lost[:2])[:80]}; expected all"
        )


def _in_the_drain(subject: Any, folder: Path, nth: int) -> dict[str, Any]:
    def drive(scene: _Scene) -> None:
        scene.model.hold()
        threads = scene.crowd()
        _terminate(scene)
        scene.found["ready"] = _readiness(scene, 2.0)
        scene.model.let_go()
        for thread in threads:
            thread.join(_ASK_S)

    return _live(subject, folder, drive)


@CHECKS.check(
    Level.FAULT,
    rule="From SIGTERM on it is not ready: 503, or no new connection.",
    why="A load balancer goes on sending requests to whoever says that it is ready, until the process is gone.",
    hint="The signal's handler sets a flag that readiness looks at; or close the listener first of all.",
    after=["it_serves_on_a_socket"],
    posix=_POSIX,
)
def stopping_it_is_not_ready(subject: Any, lab: Lab) -> None:
    """Readiness is asked while accepted requests still wait."""
    if (ready := _found(subject, lab, _in_the_drain)["ready"]) not in (0, 503):
        raise ContractBroken(f"readiness said {ready} two seconds after SIGTERM; expected 503 or no connection")


def _silence(subject: Any, folder: Path, nth: int) -> dict[str, Any]:
    def drive(scene: _Scene) -> None:
        scene.open = [scene.connect() for _ in range(_SILENT)]
        for connection in scene.open[: _SILENT // 2]:
            connection.sendall(_HALF_A_HEAD)
        scene.found["beside"] = scene.ask("POST", "/predict", 3)
        for connection in scene.open[: _SILENT // 3]:
            connection.close()
        scene.found["after"] = scene.ask("POST", "/predict", 4)

    return _live(subject, folder, drive, header_timeout_s=1.0)


def _slow_heads(subject: Any, folder: Path, nth: int) -> dict[str, Any]:
    def drive(scene: _Scene) -> None:
        for number in range(_SILENT):
            scene.open.append(scene.connect())
            if number % 2:
                with suppress(OSError):  # in a slow moment it has been hung up on already
                    scene.open[-1].sendall(_HALF_A_HEAD)
        end_s = time.monotonic() + _ASK_S
        scene.found["held"] = sum(not _hung_up(connection, end_s) for connection in scene.open)
        for connection in scene.open:
            connection.close()  # a server may linger for whoever has not read its answer

    return _live(subject, folder, drive, header_timeout_s=_HEAD_S)


def _hung_up(connection: socket.socket, end_s: float) -> bool:
    """Whether the server ends the connection by then, with an answer or without a word."""
    try:
        connection.settimeout(max(0.01, end_s - time.monotonic()))
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@CHECKS.check(
    Level.LOAD,
    rule="Clients that say nothing, or half a head, are hung up on in time, and hold up neither others nor the end.",
    why="Thirty half-open connections are one bad network, or one bad person with a laptop.",
    hint="Each connection is a task of its own; its head has header_timeout_s to arrive, and no longer at the end.",
    after=["it_serves_on_a_socket"],
    posix=_POSIX,
)
def silent_clients_hold_nobody_up(subject: Any, lab: Lab) -> None:
    """Thirty, two requests beside them, SIGTERM while twenty are there; then thirty whose heads may take 0.3 s."""
    found = _found(subject, lab, _silence)
    expect([found["beside"], found["after"]], [[200, [6]], [200, [8]]], "answers of requests beside silent clients")
    if held := _found(subject, lab, _slow_heads)["held"]:
        raise ContractBroken(
            f"{held} of {_SILENT} connections without a whole head were still open {_ASK_S:g} s after they came, with "
            f"header_timeout_s={_HEAD_S:g}; expected none"
        )
