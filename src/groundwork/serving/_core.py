"""The core: from a whole request to its answer, without a task and without a future.

Rule: a call is refused as early and as cheaply as can be: by path, key, share, limit, deadline and room in the queue
before its body is parsed. Then its rows go into the model's queue, and the answer comes by callback. The same code
answers below ASGI and in it.
"""

import asyncio
import math
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from groundwork.errors import ModelNotReadyError, PredictionError
from groundwork.serving._access import Access
from groundwork.serving._block import predictions
from groundwork.serving._body import UNREADABLE, refuse_encoded, unreadable
from groundwork.serving._call import Call, Done, Response
from groundwork.serving._clients import client_key
from groundwork.serving._exchange import REASONS, Clients, Exchange, Route
from groundwork.serving._hosted import HostedModel
from groundwork.serving._metrics import Metrics
from groundwork.serving._models import Models
from groundwork.serving._options import AppOptions
from groundwork.serving._outputs import plain
from groundwork.serving._problem import Problem, Refused, fault, rejection
from groundwork.serving._sight import Sight

TIMEOUT_HEADER = b"x-request-timeout-ms"

_PREFIX = ["", "v2", "models"]


class Predicted(msgspec.Struct):
    """The answer of ``POST /predict``."""

    predictions: Any
    model: str
    version: str


class Core:
    """Routes, admission and prediction of one app; an ``Application``.

    Args:
        models: By name and version.
        metrics: Of the app.
        options: Of the app.
        clients: How often each client may call models; None means as often as it likes.

    Attributes:
        routes: By path. Whoever has a further path adds it here.
        sight: Who looks at its calls.
        model_routes: By what follows ``/v2/models/{name}`` or ``/v2/models/{name}/versions/{version}``: nothing, or one
            word.
    """

    def __init__(
        self,
        models: Models,
        metrics: Metrics,
        options: AppOptions,
        *,
        clients: Clients | None = None,
    ) -> None:
        self.models = models
        self.metrics = metrics
        self.options = options
        self.clients = clients
        self.routes: dict[str, Route] = {"/predict": Route("/predict", {"POST": self.predict}, limited=True)}
        self.model_routes: dict[str, Route] = {}
        self.sight = Sight.of(options)
        self._access = Access(options.api_keys)
        self._encode = msgspec.json.Encoder(enc_hook=plain).encode

    def begin(self, call: Call, done: Done) -> Exchange | None:
        """Answer a call; see ``Application``."""
        exchange = Exchange(self, call, done)
        self.metrics.in_flight += 1
        try:
            route = self.routes.get(call.path) or self._model_route(exchange)
            exchange.route = route.name
            endpoint = route.endpoints.get(call.method) or _endpoint(route, call)
            key = None if route.open else self._access.key(call)
            if route.limited:
                exchange.deadline = call.arrived + self._allowed_s(call)
                if self.clients is not None:
                    self._share(client_key(key, call.peer), self.clients)
            endpoint(exchange)
        except Exception as error:  # noqa: BLE001 - every call is answered: a fault must not cost the connection
            exchange.fail(error)
        return exchange if exchange.open else None

    def preview(self, call: Call) -> Response | float:
        """Look at a call whose body is still to come; see ``Application``."""
        exchange = Exchange(self, call, _nobody)
        try:
            route = self.routes.get(call.path) or self._model_route(exchange)
            exchange.route = route.name
            if call.method not in route.endpoints:
                _endpoint(route, call)
            if not route.open:
                self._access.key(call)
            return min(self.options.body_timeout_s, self._allowed_s(call))
        except Problem as problem:
            if problem.code in REASONS:
                self.metrics.rejected(REASONS[problem.code])
            return self._broke_off(call, exchange.route, problem.response())

    def fault(self, call: Call | None, status: int) -> Response:
        """Answer a request that never became whole; see ``Application``."""
        response = fault(status, self.options.max_body_bytes, begun=call is not None)
        if status == 503:
            self.metrics.rejected("connections")
        if call is None:
            self.metrics.answered("other", status, 0.0)
            return response
        route = self.routes.get(call.path)
        return self._broke_off(call, route.name if route is not None else "other", response)

    def predict(self, exchange: Exchange) -> None:
        """``POST /predict``: one prediction for each instance."""
        call, options = exchange.call, self.options
        if call.query:
            query = dict(parse_qsl(call.query.decode("latin-1")))
            exchange.name, exchange.version = query.get("model"), query.get("version")
        hosted = self.pick(exchange)
        adapter = hosted.adapter
        refuse_encoded(call.headers)
        try:
            block = adapter.decode(call.body, max_instances=options.max_instances)
        except UNREADABLE as error:
            raise unreadable(call.body, error, '{"instances": [...]}') from None
        blocks = [block] if block.rows <= options.max_batch_rows else adapter.split(block, options.max_batch_rows)
        exchange.post(hosted.batcher, blocks, self._predicted)
        if hosted.shadow is not None:
            hosted.shadow.mirror(lambda adapter: adapter.decode(call.body, max_instances=options.max_instances))

    def pick(self, exchange: Exchange) -> HostedModel:
        """Return the model that a call means.

        Args:
            exchange: Its ``name`` and ``version`` are what the call names; its ``hosted`` is set.

        Returns:
            A model that is ready and has room and time for the call.

        Raises:
            ModelNotFoundError: There is none of that name or version.
            ModelNotReadyError: It is loading.
            Refused: Its queue is full, or longer than the call has time, or as many calls as may be are under way.
        """
        hosted = self.models.pick(exchange.name, exchange.version, exchange.call)
        exchange.hosted = hosted
        if not hosted.ready:
            raise ModelNotReadyError(f"model {hosted.name!r} is still loading", hint="Ask again in a moment.")
        batcher = hosted.batcher
        queued = batcher.queued
        # An idle model is always asked: an estimate from one slow batch must not refuse for ever what would be quick.
        if queued or batcher.running:
            wait_s = batcher.wait_s()
            if queued >= self.options.max_queue_rows:
                raise Refused(rejection("overloaded", math.ceil(wait_s)), "queue")
            if wait_s > 0 and asyncio.get_running_loop().time() + wait_s > exchange.deadline:
                raise Refused(rejection("deadline_unmet", math.ceil(wait_s)), "deadline")
        limiter = hosted.limiter
        if limiter is not None:
            if not limiter.acquire():
                raise Refused(rejection("overloaded", math.ceil(batcher.wait_s())), "limit")
            exchange.limiter = limiter
        return hosted

    def encode(self, content: Any, hosted: HostedModel) -> bytes:
        """Return JSON.

        Args:
            content: Plain data, numpy's among it.
            hosted: The model that it comes from.

        Raises:
            PredictionError: JSON cannot hold it.
        """
        try:
            return self._encode(content)
        except (TypeError, ValueError) as error:
            raise PredictionError(f"model {hosted.name!r} gave what JSON cannot hold: {error}") from error

    def _predicted(self, exchange: Exchange, answer: Any) -> Response:
        hosted = exchange.hosted
        content = Predicted(predictions(answer), hosted.name, hosted.adapter.version)
        return Response(self.encode(content, hosted))

    def _broke_off(self, call: Call, route: str, response: Response) -> Response:
        """Count an answer to a call that was not read to its end."""
        seconds = perf_counter() - call.started
        self.metrics.answered(route, response.status, seconds)
        return self.sight.broke_off(call, route, response, seconds)

    def _share(self, client: str, clients: Clients) -> None:
        wait_s = clients.admit(client)
        if wait_s > 0:
            raise Refused(rejection("rate_limited", math.ceil(wait_s)), "rate")

    def _allowed_s(self, call: Call) -> float:
        asked = call.headers.get(TIMEOUT_HEADER)
        if asked is None:
            return self.options.request_timeout_s
        if not asked.isdigit() or not 0 < len(asked) < 10:
            shown = asked.decode("latin-1")[:40]
            raise Problem(400, "invalid_header", f"X-Request-Timeout-Ms is {shown!r}; give whole milliseconds")
        return min(int(asked) / 1000, self.options.request_timeout_s)

    def _model_route(self, exchange: Exchange) -> Route:
        """Return the route of a path below a model, its name and version noted."""
        parts = exchange.call.path.split("/")
        if parts[:3] == _PREFIX and len(parts) > 3 and parts[3]:
            name, version, rest = parts[3], None, parts[4:]
            if len(rest) > 1 and rest[0] == "versions" and rest[1]:
                version, rest = rest[1], rest[2:]
            route = self.model_routes.get(rest[0] if rest else "") if len(rest) < 2 and rest != [""] else None
            if route is not None:
                exchange.name, exchange.version = name, version
                return route
        raise Problem(404, "not_found", f"there is no {exchange.call.path}; see /openapi.json for what there is")


def _endpoint(route: Route, call: Call) -> Any:
    """Return GET's endpoint for HEAD; for any other method that there is none for, raise a 405."""
    endpoints = route.endpoints
    if call.method == "HEAD" and "GET" in endpoints:
        return endpoints["GET"]
    allowed = ", ".join([*endpoints, "HEAD"] if "GET" in endpoints else endpoints)
    detail = f"{call.path} takes {allowed}, not {call.method}"
    raise Problem(405, "method_not_allowed", detail, headers=[(b"allow", allowed.encode())])


def _nobody(response: Response) -> None:
    """Be told of an answer that nobody waits for."""
