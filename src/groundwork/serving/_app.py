"""The ASGI app: the core under any ASGI server.

Rule: what answers below ASGI answers here too; this only reads a request within its bounds, and notices when its client
leaves. Cost: one task and one future a request, which is why the server of our own does without.
"""

import asyncio
import logging
from collections.abc import Mapping
from time import perf_counter
from typing import Any

from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError
from groundwork.serving._call import Call, Response
from groundwork.serving._clients import ClientLimits
from groundwork.serving._core import Core
from groundwork.serving._exchange import CLIENT_LEFT
from groundwork.serving._handlers import Handlers
from groundwork.serving._infer import Infer
from groundwork.serving._metrics import Metrics
from groundwork.serving._models import Models
from groundwork.serving._options import AppOptions
from groundwork.serving._repository import Repository
from groundwork.serving._watch import ClientWatch
from groundwork.serving._wire import (
    BodyTooLarge,
    ClientGone,
    Receive,
    Scope,
    Send,
    declared_bytes,
    read_body,
    send_response,
)

logger = logging.getLogger("groundwork.serving")


class App:
    """An ASGI application; make one with ``create_app``.

    Args:
        models: Name to model.
        options: Its bounds.

    Attributes:
        core: Answers calls; a server of our own asks it without ASGI.
        metrics: What is counted.
        models: By name.
        failure: Why a model could not be loaded, or None.
        failure_is_raised: Whoever runs the app raises ``failure`` itself, so that the log need not have it too.
        loaded: Set once every model is ready, or one failed.
    """

    def __init__(self, models: Mapping[str, Any], options: AppOptions) -> None:
        if not models:
            raise ConfigurationError("there is no model to serve", hint='Pass at least one, as {"name": model}.')
        self.metrics = Metrics()
        self.models = Models(models, options, self.metrics)
        self.failure: Exception | None = None
        self.failure_is_raised = False
        self.loaded = asyncio.Event()
        self._options = options
        self._handlers = Handlers(self.models, self.metrics, options)
        self.core = Core(self.models, self.metrics, options, clients=_clients(options))
        self.metrics.watch_app(self.models.all)
        repository = Repository(self.models)
        self.core.routes |= self._handlers.routes() | repository.routes()
        self.core.model_routes |= self._handlers.model_routes() | repository.model_routes()
        self.core.model_routes |= Infer(self.core).model_routes()
        self._loading: asyncio.Task[None] | None = None

    def drain(self) -> None:
        """Say from now on that the server is not ready; requests that still come are answered."""
        self._handlers.draining = True

    def wait_for(self, what: str) -> None:
        """Say that the server is not ready before something else is; "" says that it is."""
        self._handlers.waits_for = what

    def start(self) -> None:
        """Begin to load the models, unless that has begun; ``loaded`` is set when that has ended."""
        if self._loading is not None:
            return
        self._loading = asyncio.get_running_loop().create_task(self._load())

    async def stop(self) -> None:
        """Answer what was accepted, then end."""
        self.drain()
        assert self._loading is not None
        self._loading.cancel()
        await asyncio.gather(self._loading, return_exceptions=True)
        await self.models.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope, as ASGI asks."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        peer = scope.get("client") or ("", 0)
        call = Call(
            scope["method"],
            scope["path"],
            scope.get("query_string", b""),
            dict(scope["headers"]),
            b"",
            peer[0],
            loop.time(),
            perf_counter(),
        )
        try:
            refusal = await self._read(call, receive)
            response = refusal or await self._answer(call, receive)
        except ClientGone:
            return
        failpoint("serving.answer.before_send")
        await send_response(send, response, with_body=call.method != "HEAD", close=refusal is not None)

    async def _read(self, call: Call, receive: Receive) -> Response | None:
        """Read the body; return what the request is refused with before its end."""
        core, max_bytes = self.core, self._options.max_body_bytes
        timeout_s = core.preview(call)
        if isinstance(timeout_s, Response):
            return timeout_s
        if declared_bytes(call.headers) > max_bytes:
            return core.fault(call, 413)
        try:
            call.body = await read_body(receive, max_bytes, timeout_s)
        except BodyTooLarge:
            return core.fault(call, 413)
        except TimeoutError:
            return core.fault(call, 408)
        except ClientGone:
            self.metrics.answered("other", CLIENT_LEFT, perf_counter() - call.started)
            raise
        return None

    async def _answer(self, call: Call, receive: Receive) -> Response:
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        exchange = self.core.begin(call, answered.set_result)
        if exchange is None:
            return answered.result()
        try:
            with ClientWatch(receive, self._options.watch_after_s):
                return await answered
        finally:
            exchange.cancel()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.start()
        try:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        finally:
            await self.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _load(self) -> None:
        try:
            await self.models.start()
        except Exception as error:
            self.failure = error
            if not self.failure_is_raised:
                logger.exception("a model could not be loaded")
        finally:
            self.loaded.set()


def _clients(options: AppOptions) -> ClientLimits | None:
    rate_per_s, burst = options.client_rate_per_s, options.client_burst
    if not rate_per_s:
        return None
    return ClientLimits(rate_per_s, max(1.0, rate_per_s) if burst is None else burst)


def create_app(models: Mapping[str, Any], **options: Any) -> App:
    """Make an ASGI app that serves models; it runs under any ASGI server with lifespan support.

    Args:
        models: Name to model. A model is a checkpoint folder or the folder of a store, an ``.onnx``, ``.pt`` or
            ``.pt2`` file, a fitted scikit-learn estimator, a torch module, a function of a batch, or an object with
            ``predict(batch)`` and, where it has them, ``parse(instances)``, ``input_schema()`` and ``version``;
            ``Versions`` of these, or ``Served`` where one runs otherwise than the rest. The first is the one that
            ``/predict`` asks when no ``?model=`` says otherwise.
        **options: Bounds, by the names of ``AppOptions``.

    Returns:
        The app. Models are loaded and warmed in its lifespan; until then ``/v2/health/ready`` says 503.

    Raises:
        ConfigurationError: No model, what is none, a name that no address can hold, an unknown option, or a bound out
            of range.
    """
    return App(models, AppOptions.of(options))
