import asyncio
import base64
import gc
import json
from time import perf_counter

import pytest

from groundwork.errors import ConfigurationError, InvalidDataError, PredictionError
from groundwork.serving import Served, Versions, create_app
from groundwork.serving._block import Block
from groundwork.serving._call import Call, Response
from groundwork.serving._exchange import Exchange, Route, at_once
from groundwork.serving._failures import whole_answer


class Limiter:
    def __init__(self, places=10):
        self.places = places
        self.released = []

    def acquire(self):
        self.places -= 1
        return self.places >= 0

    def release(self, seconds, dropped=False):
        self.released.append((seconds is not None, dropped))


class Clients:
    def __init__(self, wait_s=0.0):
        self.told = wait_s
        self.keys = []

    def admit(self, client):
        self.keys.append(client)
        return self.told


class Caller:
    """Calls a core as a connection does."""

    def __init__(self, app):
        self.core = app.core
        self.answers = []

    def call(self, method="POST", path="/predict", body=b'{"instances":[{"x":1}]}', headers=(), age_s=0.0, peer="p"):
        path, _, query = path.partition("?")
        now = asyncio.get_running_loop().time()
        return Call(method, path, query.encode(), dict(headers), body, peer, now - age_s, perf_counter())

    def begin(self, *args, **more):
        return self.core.begin(self.call(*args, **more), self.answers.append)

    async def ask(self, *args, **more):
        answered = asyncio.get_running_loop().create_future()
        self.core.begin(self.call(*args, **more), answered.set_result)
        return await answered

    def metrics(self):
        return self.core.metrics.exposition().decode()


@pytest.fixture
def core(model):
    """``core(talk, **options)`` runs ``talk(caller)`` on a core whose models are ready, and returns what it returns."""

    def run(talk, *, limiter=None, clients=None, ready=True, **options):
        async def main():
            app = create_app({"m": model}, **options)
            for hosted in app.models.all() if limiter is not None else ():
                hosted.limiter = limiter
            app.core.clients = clients or app.core.clients
            app.start()
            if ready:
                await app.loaded.wait()
            try:
                return await talk(Caller(app))
            finally:
                model.let_go()
                await app.loaded.wait()
                await app.stop()

        return asyncio.run(main())

    return run


def code_of(response):
    return response.status, json.loads(response.body)["code"]


def test_an_answer_comes_by_callback_once_and_no_task_is_made(core):
    async def talk(caller):
        tasks = len(asyncio.all_tasks())
        handle = caller.begin()
        made = len(asyncio.all_tasks()) - tasks
        while not caller.answers:
            await asyncio.sleep(0)
        handle.cancel()
        return made, caller.answers

    made, answers = core(talk)

    assert made == 0
    assert [(answer.status, json.loads(answer.body)["predictions"]) for answer in answers] == [
        (200, [{"prediction": 2}])
    ]


def test_a_call_taken_back_never_reaches_the_model_and_is_not_answered(core, model):
    async def talk(caller):
        model.hold()
        first = asyncio.create_task(caller.ask())
        await model.entered()
        handle = caller.begin(body=b'{"instances":[{"x":9}]}')
        handle.cancel()
        handle.cancel()
        model.let_go()
        await first
        return caller.answers, caller.metrics()

    answers, metrics = core(talk)

    assert answers == []
    assert model.batches == [[1]]
    assert 'status="499"} 1.0' in metrics
    assert "groundwork_requests_in_flight 0.0" in metrics


def test_an_answer_over_several_batches_is_one(core):
    body = json.dumps({"instances": [{"x": number} for number in range(10)]}).encode()

    answer = core(lambda caller: caller.ask(body=body), max_batch_rows=4)

    assert [row["prediction"] for row in json.loads(answer.body)["predictions"]] == list(range(0, 20, 2))


def test_the_limit_is_taken_and_given_back_with_what_each_call_tells(core, model):
    limiter = Limiter(4)

    async def talk(caller):
        await caller.ask()
        await caller.ask(body=b"{")
        model.hold()
        caller.begin()
        await model.entered()
        caller.begin().cancel()
        taken = await caller.ask()
        live = await caller.ask("GET", "/v2/health/live")
        return taken, live

    taken, live = core(talk, limiter=limiter)

    assert (code_of(taken), live.status) == ((503, "overloaded"), 200)
    assert dict(taken.headers)[b"retry-after"] == b"1"
    assert limiter.released == [(True, False), (False, False), (False, False), (True, False)]


def test_a_call_given_up_for_want_of_time_is_told_as_dropped(core, model):
    limiter = Limiter()

    async def talk(caller):
        model.hold()
        caller.begin()
        await model.entered()
        caller.core.models.pick(None, None, None).batcher.wait_s = lambda: 0.0
        return await caller.ask(headers={b"x-request-timeout-ms": b"1"}.items())

    assert code_of(core(talk, limiter=limiter)) == (504, "deadline_exceeded")
    assert limiter.released[0] == (False, True)


def test_a_client_beyond_its_share_is_429_with_its_wait_before_its_body_is_read(core):
    clients = Clients(2.1)

    answer = core(lambda caller: caller.ask(body=b"{"), clients=clients)

    assert code_of(answer) == (429, "rate_limited")
    assert dict(answer.headers)[b"retry-after"] == b"3"
    assert clients.keys == ["p"]


def test_by_option_a_client_has_a_share_of_the_models_alone(core):
    async def talk(caller):
        mine = [(await caller.ask()).status for _ in range(3)]
        return mine, (await caller.ask(peer="q")).status, (await caller.ask("GET", "/metrics")).status

    assert core(talk, client_rate_per_s=0.001, client_burst=2) == ([200, 200, 429], 200, 200)


def test_calls_beyond_the_limit_that_a_model_has_learnt_are_refused(model):
    app = create_app({"m": model}, max_batch_rows=2, max_queue_rows=8, max_instances=8)
    free = create_app({"m": model}, adaptive_limit=False)

    assert [hosted.limiter.limit for hosted in app.models.all()] == [10]
    assert [hosted.limiter for hosted in free.models.all()] == [None]


def test_a_limit_begins_with_what_its_own_model_may_do_at_once(model):
    served = {"m": Versions({"a": model, "b": Served(model=model, threads=4), "c": Served(model=model, threads=8)})}

    app = create_app(served, max_batch_rows=2)

    assert [hosted.limiter.limit for hosted in app.models.all()] == [16, 64, 128]


def test_a_version_at_its_limit_takes_nothing_from_the_others(model):
    async def main():
        versions = Versions({"1": lambda batch: batch, "2": model}, weights={"1": 1.0})
        app = create_app({"m": versions}, max_batch_rows=1, max_queue_rows=64, max_instances=1, executor="thread")
        app.start()
        await app.loaded.wait()
        caller = Caller(app)
        model.hold()
        full = [hosted.limiter for hosted in app.models.all()][1].limit
        for _ in range(full):
            caller.begin(path="/predict?version=2")
        refused = await caller.ask(path="/predict?version=2")
        other = await caller.ask(path="/predict?version=1")
        model.let_go()
        await app.stop()
        return code_of(refused), other.status

    assert asyncio.run(main()) == ((503, "overloaded"), 200)


def test_a_wait_is_said_as_an_hour_at_most(core):
    answer = core(lambda caller: caller.ask(), clients=Clients(1e9))

    assert dict(answer.headers)[b"retry-after"] == b"3600"


def test_a_deadline_that_the_queue_is_too_long_for_is_refused_at_once(core, model):
    async def talk(caller):
        model.hold()
        caller.begin()
        await model.entered()
        caller.core.models.pick(None, None, None).batcher.wait_s = lambda: 2.5
        late = await caller.ask(headers={b"x-request-timeout-ms": b"2000"}.items(), body=b"{")
        caller.begin(headers={b"x-request-timeout-ms": b"3000"}.items())
        return late, list(caller.answers)

    late, others = core(talk)

    assert code_of(late) == (503, "overloaded")
    assert dict(late.headers)[b"retry-after"] == b"3"
    assert others == []


def test_an_idle_model_is_asked_whatever_was_estimated(core):
    async def talk(caller):
        caller.core.models.pick(None, None, None).batcher.wait_s = lambda: 1e9
        return await caller.ask()

    assert core(talk).status == 200


def test_a_full_queue_refuses_before_the_body_is_read(core, model):
    async def talk(caller):
        model.hold()
        caller.begin()
        await model.entered()
        caller.begin()
        return await caller.ask(body=b"{")

    assert code_of(core(talk, max_queue_rows=1, max_instances=1)) == (503, "overloaded")


@pytest.mark.parametrize("headers", [{}, {b"x-request-timeout-ms": b"999999999"}], ids=["unasked", "asked for more"])
def test_a_call_that_comes_too_late_never_reaches_the_model(core, model, headers):
    async def talk(caller):
        model.batches.clear()
        return await caller.ask(age_s=61.0, headers=headers.items())

    assert code_of(core(talk)) == (504, "deadline_exceeded")
    assert model.batches == []


def test_while_a_model_is_loading_calls_are_told_to_come_again(core):
    answer = core(lambda caller: caller.ask(), ready=False)

    assert code_of(answer) == (503, "model_not_ready")


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": b"Bearer s3cret"},
        {b"authorization": b"bearer  s3cret "},
        {b"x-api-key": b"s3cret"},
        {b"authorization": b"Basic " + base64.b64encode(b"anyone:s3cret")},
    ],
)
def test_a_key_admits_and_tells_its_client_from_others(core, headers):
    clients = Clients()

    answer = core(lambda caller: caller.ask(headers=headers.items()), clients=clients, api_keys=["s3cret", "other"])

    assert answer.status == 200
    assert clients.keys[0].startswith("key ")
    assert "s3cret" not in clients.keys[0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"authorization": b"Bearer nope"},
        {b"authorization": b"s3cret"},
        {b"authorization": b"Basic a"},
        {b"authorization": b"Digest s3cret"},
        {b"x-api-key": b""},
    ],
)
def test_without_a_key_all_but_health_is_401(core, headers):
    async def talk(caller):
        paths = (("POST", "/predict"), ("GET", "/metrics"), ("GET", "/"), ("GET", "/v2/models/m"))
        refused = [await caller.ask(*path, headers=headers.items()) for path in paths]
        return refused, await caller.ask("GET", "/v2/health/ready", headers=headers.items())

    refused, ready = core(talk, api_keys=["s3cret"])

    assert [code_of(answer) for answer in refused] == [(401, "unauthorized")] * 4
    assert (b"www-authenticate", b"Bearer") in refused[0].headers
    assert ready.status == 200


@pytest.mark.parametrize("keys", ["text", [""], [1]])
def test_what_is_no_list_of_keys_is_an_error_that_does_not_show_them(model, keys):
    with pytest.raises(ConfigurationError, match="api_keys holds what is no key"):
        create_app({"m": model}, api_keys=keys)


def test_a_model_may_be_named_with_its_version(core):
    async def talk(caller):
        paths = ("/v2/models/m", "/v2/models/m/versions/7", "/v2/models/m/versions/8", "/v2/models/m/versions/7/nope")
        return [(await caller.ask("GET", path)).status for path in paths]

    assert core(talk) == [200, 200, 404, 404]


def test_predict_may_name_a_version(core):
    async def talk(caller):
        return [(await caller.ask(path=f"/predict?model=m&version={version}")).status for version in (7, 8)]

    assert core(talk) == [200, 404]


def test_a_further_route_is_answered_counted_and_admitted_like_the_rest(core):
    def echo(exchange):
        return Response(exchange.call.body)

    async def talk(caller):
        caller.core.routes["/echo"] = Route("/echo", {"POST": at_once(echo)})
        return await caller.ask(path="/echo", body=b"hallo"), caller.metrics()

    answer, metrics = core(talk)

    assert answer.body == b"hallo"
    assert 'route="/echo",status="200"} 1.0' in metrics


@pytest.mark.parametrize(
    ("method", "path", "headers", "verdict"),
    [
        ("POST", "/predict", {}, 10.0),
        ("POST", "/predict", {b"x-request-timeout-ms": b"250"}, 0.25),
        ("POST", "/nope", {}, 404),
        ("PUT", "/predict", {}, 405),
        ("HEAD", "/metrics", {b"authorization": b"Bearer k"}, 10.0),
        ("GET", "/metrics", {}, 401),
        ("POST", "/predict", {b"x-request-timeout-ms": b"x"}, 400),
    ],
)
def test_a_head_alone_tells_what_is_refused_or_how_long_a_body_may_take(core, method, path, headers, verdict):
    keyed = {} if 401 != verdict and b"authorization" not in headers else {"api_keys": ["k"]}

    async def talk(caller):
        told = caller.core.preview(caller.call(method, path, headers=headers.items()))
        return told.status if isinstance(told, Response) else told

    assert core(talk, **keyed) == verdict


@pytest.mark.parametrize("status", [400, 408, 413, 417, 431, 503, 505])
def test_a_request_that_broke_off_has_a_problem_document_and_is_counted(core, status):
    async def talk(caller):
        whole = caller.core.fault(None, status), caller.core.fault(caller.call(), status)
        return whole, caller.metrics()

    answers, metrics = core(talk)

    assert [answer.status for answer in answers] == [status, status]
    assert f'route="other",status="{status}"}} 1.0' in metrics
    assert f'route="/predict",status="{status}"}} 1.0' in metrics


BLOCKS = [Block(2, None), Block(3, None)]


def test_the_answers_of_pieces_are_one():
    assert whole_answer([[1, 2], [3, 4, 5]], BLOCKS) == [1, 2, 3, 4, 5]


def test_mistakes_in_pieces_are_all_named_by_their_rows_in_the_whole():
    def mistaken(*rows):
        mistakes = [{"row": row, "column": None, "message": "bad"} for row in rows]
        return InvalidDataError("bad", context={"mistakes": mistakes})

    with pytest.raises(InvalidDataError) as raised:
        whole_answer([mistaken(1), mistaken(0, None)], BLOCKS)

    assert [mistake["row"] for mistake in raised.value.context["mistakes"]] == [1, 2, None]


def test_a_failure_in_a_later_piece_is_named_by_its_row_in_the_whole():
    cause = ZeroDivisionError()
    failed = PredictionError("the model failed on instances[1]", context={"row": 1})
    failed.__cause__ = cause

    with pytest.raises(PredictionError, match=r"instances\[3\]") as raised:
        whole_answer([[1, 2], failed], BLOCKS)

    assert raised.value.__cause__ is cause


@pytest.mark.parametrize("error", [SystemExit(), PredictionError("x", context={"row": 0}), ValueError("x")])
def test_another_failure_is_raised_as_it_is(error):
    with pytest.raises(type(error)) as raised:
        whole_answer([error, [1, 2, 3]], BLOCKS)

    assert raised.value is error


def test_neither_an_answered_call_nor_one_taken_back_leaves_a_circle_for_the_garbage_collector(core, model):
    async def talk(caller):
        model.hold()
        caller.begin()
        await model.entered()
        gc.collect()
        gc.disable()
        try:
            taken_back = [caller.begin() for _ in range(200)]
            for exchange in taken_back:
                exchange.cancel()
            kept = [caller.begin() for _ in range(200)]
            model.let_go()
            while len(caller.answers) < 201:
                await asyncio.sleep(0)
            del taken_back, kept, exchange
            await caller.ask()
            await asyncio.sleep(0)
            return sum(isinstance(each, Exchange | Call) for each in gc.get_objects())
        finally:
            gc.enable()

    assert core(talk) == 0
