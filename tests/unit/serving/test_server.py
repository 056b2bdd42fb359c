"""What of the server needs no process of its own; the rest is in tests/integration."""

import asyncio
import gc
import importlib.util
import socket
import sys
import threading

import pytest

from groundwork.errors import CheckpointCorrupt, ConfigurationError, WorldError
from groundwork.serving import _hosted, serve
from groundwork.serving._listener import listen, url_of
from groundwork.serving._server import loop_factory


def test_a_port_in_use_is_one_clear_error(model):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(WorldError) as raised:
            serve({"m": model}, port=port)

    assert raised.value.message.startswith(f"cannot listen on 127.0.0.1:{port}: ")
    assert raised.value.code == "port_unavailable"
    assert "--port" in raised.value.hint


@pytest.mark.parametrize("host", ["no such host", "a..b"])
def test_a_host_that_is_none_is_one_clear_error(model, host):
    with pytest.raises(WorldError, match=f"cannot listen on {host!r}"):
        serve({"m": model}, host=host, port=0)


def test_an_ipv6_address_is_bracketed():
    try:
        listener = listen("::1", 0)
    except WorldError:
        pytest.skip("no IPv6 here")

    with listener:
        assert url_of(listener).startswith("http://[::1]:")


def test_without_uvloop_the_standard_loop_is_used(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    assert loop_factory() is asyncio.new_event_loop


def test_in_a_thread_it_serves_too_and_what_on_ready_raises_stops_it(model):
    seen = []

    def on_ready(url):
        seen.append(url)
        raise InterruptedError("enough")

    def run():
        try:
            serve({"m": model}, port=0, on_ready=on_ready)
        except InterruptedError as error:
            seen.append(str(error))

    server = threading.Thread(target=run)
    server.start()
    server.join(60)

    assert seen[0].startswith("http://127.0.0.1:")
    assert seen[1] == "enough"


def test_while_it_serves_the_interpreter_is_set_up_for_it_and_back_afterwards(model):
    before, seen = (sys.getswitchinterval(), gc.get_freeze_count()), []

    def on_ready(url):
        seen.append((sys.getswitchinterval(), gc.get_freeze_count()))
        raise InterruptedError("enough")

    with pytest.raises(InterruptedError):
        serve({"m": model}, port=0, on_ready=on_ready)

    assert seen[0][0] < before[0]
    assert seen[0][1] > 0
    assert (sys.getswitchinterval(), gc.get_freeze_count()) == before


def test_it_says_ready_only_when_the_model_has_answered_an_example(model):
    answered, ready = threading.Event(), []
    predict = model.predict

    def slow(batch):
        assert not ready
        answers = predict(batch)
        answered.set()
        return answers

    def on_ready(url):
        ready.append(answered.is_set())
        raise InterruptedError("enough")

    model.predict = slow

    with pytest.raises(InterruptedError):
        serve({"m": model}, port=0, on_ready=on_ready)

    assert ready == [True]


def test_a_model_that_cannot_be_loaded_ends_the_server_with_its_error_and_nothing_else(monkeypatch, caplog, tmp_path):
    def broken(*args, **kwargs):
        raise CheckpointCorrupt("sha256 differs")

    monkeypatch.setattr(_hosted, "load", broken)
    ready = []

    with pytest.raises(CheckpointCorrupt, match="sha256 differs"):
        serve({"m": tmp_path}, port=0, on_ready=ready.append)

    assert ready == []
    assert "could not be loaded" not in caplog.text


@pytest.mark.parametrize(
    ("options", "words", "hint"),
    [
        ({"header_timeout": 1}, "unknown option 'header_timeout'", "header_timeout_s"),
        ({"max_queue_row": 1}, "unknown option 'max_queue_row'", "max_queue_rows"),
        ({"idle_timeout_s": 0}, "idle_timeout_s is 0", ""),
        ({"max_body_bytes": 0}, "max_body_bytes is 0", ""),
        ({"tls_key": "key.pem"}, "tls_key without tls_cert", "tls_cert"),
    ],
)
def test_a_wrong_option_is_named_before_anything_is_begun(model, options, words, hint):
    with pytest.raises(ConfigurationError, match=words) as raised:
        serve({"m": model}, port=0, **options)

    assert hint in (raised.value.hint or "")
