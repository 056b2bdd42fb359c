"""The end of a server: what is connected is answered, and nothing is waited for without end."""

import asyncio
import os
import socket
import threading

import pytest

from groundwork.serving import _server
from groundwork.serving._app import App
from groundwork.serving._hub import ConnectionOptions
from groundwork.serving._listener import listen
from groundwork.serving._options import AppOptions
from groundwork.serving._server import Server, end_despite, loop_factory

BODY = b'{"instances":[1]}'
REQUEST = b"POST /predict HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


class Holds:
    """Computes until it is let go."""

    def __init__(self):
        self.held = threading.Event()
        self.go = threading.Event()

    def predict(self, batch):
        self.held.set()
        assert self.go.wait(60)
        return batch


def server_of(model, listener, shutdown_s, executor="thread"):
    return Server(
        App({"m": model}, AppOptions(executor=executor)), listener, ConnectionOptions(), None, 0.0, shutdown_s
    )


@pytest.mark.parametrize("factory", list(dict.fromkeys([asyncio.new_event_loop, loop_factory()])))
def test_what_is_connected_when_it_is_told_to_stop_is_answered(model, factory):
    async def main():
        with listen("127.0.0.1", 0) as listener:
            server = server_of(model, listener, 30.0, "inline")
            ready = asyncio.Event()
            running = asyncio.create_task(server.run(lambda url: ready.set(), signals=False))
            await ready.wait()
            clients = []
            for _ in range(20):
                clients.append(socket.create_connection(listener.getsockname(), timeout=60))
                clients[-1].sendall(b"GET /v2/health/live HTTP/1.1\r\nhost: a\r\n\r\n")
            server.stop()
            await running
            answers = [client.recv(12) for client in clients]
            for client in clients:
                client.close()
            return answers

    with asyncio.Runner(loop_factory=factory) as runner:
        answers = runner.run(main())

    assert answers == [b"HTTP/1.1 200"] * 20


@pytest.mark.parametrize("shutdown_s", [0.0, 3600.0])
def test_a_model_that_hangs_is_left_behind_when_time_is_over_or_a_second_signal_says_so(
    shutdown_s, monkeypatch, caplog
):
    monkeypatch.setattr(_server, "_STOP_S", 0.0)
    model = Holds()
    model.go.set()

    async def main():
        with listen("127.0.0.1", 0) as listener:
            server = server_of(model, listener, shutdown_s)
            ready = asyncio.Event()
            running = asyncio.create_task(server.run(lambda url: ready.set(), signals=False))
            await ready.wait()
            model.held.clear()
            model.go.clear()
            client = socket.create_connection(listener.getsockname(), timeout=60)
            client.sendall(REQUEST)
            await asyncio.to_thread(model.held.wait, 60)
            server.stop()
            if shutdown_s:
                server.hurry()
            async with asyncio.timeout(60):
                await running
            client.close()
            return server.leftover

    try:
        leftover = asyncio.run(main())
    finally:
        model.go.set()

    assert leftover == "batch"
    assert "its batch was cut off" in caplog.text


def test_a_load_is_not_waited_for(monkeypatch):
    loading, go = threading.Event(), threading.Event()

    def load(*args, **kwargs):
        loading.set()
        assert go.wait(60)
        raise OSError("nobody hears this")

    monkeypatch.setattr("groundwork.serving._hosted.load", load)

    async def main():
        with listen("127.0.0.1", 0) as listener:
            server = server_of(list, listener, 3600.0)
            running = asyncio.create_task(server.run(None, signals=False))
            await asyncio.to_thread(loading.wait, 60)
            server.stop()
            async with asyncio.timeout(60):
                await running
            go.set()
            return server.leftover

    assert asyncio.run(main()) == "load"


def test_only_what_is_left_behind_ends_the_process_and_only_from_its_main_thread(monkeypatch):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    monkeypatch.setattr("logging.shutdown", lambda: None)

    end_despite("")
    other = threading.Thread(target=end_despite, args=("batch",))
    other.start()
    other.join()
    before = list(codes)
    end_despite("load")
    end_despite("batch")

    assert before == []
    assert codes == [0, 1]
