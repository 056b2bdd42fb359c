"""What a learner is told whose coroutines wait for ever, turn in circles, or raise in the middle of a request."""

import asyncio
from types import SimpleNamespace

import pytest

from groundwork.errors import ContractBroken
from groundwork.testing import Lab
from groundwork.testing.contracts import _asgi, _inference_life
from groundwork.testing.contracts._model_time import run


def told(main):
    with Lab() as lab, pytest.raises(ContractBroken) as broken:
        run(lab, main(lab))
    return broken.value.message


def test_those_who_wait_at_one_place_are_told_together_and_after_which_failure():
    async def worker():
        raise ValueError("item 7")

    async def caller(answer):
        await answer

    async def main(lab):
        worker_task = asyncio.ensure_future(worker())
        answer = asyncio.get_running_loop().create_future()
        callers = [asyncio.ensure_future(caller(answer)) for _ in range(3)]
        await asyncio.wait([worker_task])
        await asyncio.wait(callers)

    found = told(main)

    assert "worker had ended with ValueError('item 7')" in found
    assert "3 tasks in " in found
    assert f"caller (line {caller.__code__.co_firstlineno + 1})" in found


@pytest.mark.parametrize("seconds", [0.0, 3e-17])
def test_a_loop_that_goes_round_without_an_end_is_stopped(seconds):
    async def main(lab):
        while True:
            await asyncio.sleep(seconds)

    assert "20,000 times at 0 s, and the time did not move" in told(main)


def asked(app, call):
    """Serve an app whose lifespan works; return the sentence in which the call ends."""

    async def with_a_life(scope, receive, send):
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
        elif scope["path"] == "/v2/health/ready":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body"})
        else:
            await app(scope, receive, send)

    subject = SimpleNamespace(create_app=lambda models: with_a_life, __file__=__file__)

    async def main():
        async with _asgi.serving(subject, _asgi.HeldModel()) as client:
            await call(client)

    with pytest.raises(ContractBroken) as broken:
        _asgi.run(main)
    return broken.value.message


def test_a_request_in_which_the_app_raises_is_named_with_the_line():
    async def app(scope, receive, send):
        raise LookupError("no route")

    found = asked(app, lambda client: client.send("GET", "/predict"))

    line = app.__code__.co_firstlineno + 1
    assert f"at GET /predict the app raised LookupError (line {line}): no route; expected an answer" == found


def test_requests_that_are_never_answered_are_counted_with_the_failure_before(monkeypatch):
    monkeypatch.setattr(_asgi, "_ANSWERS_S", 0.05)

    async def worker():
        raise ArithmeticError("a row")

    async def app(scope, receive, send):
        await asyncio.wait([asyncio.ensure_future(worker())])
        await asyncio.Event().wait()

    found = asked(app, lambda client: _asgi.replies([client.predict(1), client.predict(2)]))

    assert found.startswith("2 of 2 requests were not answered, after ")
    assert "worker had ended with ArithmeticError('a row'); expected all" in found


def test_a_serve_that_raises_is_told_with_its_line(tmp_path):
    def serve(models, host, port, *, on_ready):
        raise KeyError("headers")

    found = _inference_life._live(SimpleNamespace(serve=serve, __file__=__file__), tmp_path, lambda scene: None)

    line = serve.__code__.co_firstlineno + 1
    assert f"serve raised KeyError (line {line}): 'headers'; expected it to serve until SIGTERM" == found["error"]
