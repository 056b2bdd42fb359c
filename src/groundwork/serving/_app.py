"""The ASGI app: routes, and what happens around each request.

Rule: every request ends in exactly one answer, counted under its route and status; whatever goes wrong is a problem
document. No framework: a dict of paths, one task per request, one future per request.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from groundwork._failpoints import failpoint
from groundwork.errors import ConfigurationError, MLException
from groundwork.serving._handlers import Handlers
from groundwork.serving._hosted import HostedModel
from groundwork.serving._metrics import Metrics
from groundwork.serving._options import AppOptions
from groundwork.serving._problem import Problem, problem_of
from groundwork.serving._wire import ClientGone, Receive, Request, Response, Scope, Send

logger = logging.getLogger("groundwork.serving")

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]

_MODELS = "/v2/models/"
_MODEL_ROUTE = "/v2/models/{name}"
_CLIENT_LEFT = 499


class App:
    """An ASGI application; make one with ``create_app``.

    Args:
        models: Name to model.
        options: Its bounds.

    Attributes:
        failure: Why a model could not be loaded, or None.
        failure_is_raised: Whoever runs the app raises ``failure`` itself, so that the log need not have it too.
        loaded: Set once every model is ready, or one failed.
    """

    def __init__(self, models: Mapping[str, Any], options: AppOptions) -> None:
        if not models:
            raise ConfigurationError("there is no model to serve", hint='Pass at least one, as {"name": model}.')
        self.metrics = Metrics()
        self.models = {
            name: HostedModel(
                name,
                model,
                trust=options.trust,
                max_batch_rows=options.max_batch_rows,
                max_wait_s=options.max_wait_s,
                max_queue_rows=options.max_queue_rows,
            )
            for name, model in models.items()
        }
        for name, hosted in self.models.items():
            hosted.observe_batch = self.metrics.watch_model(name, hosted.queued)
        self.failure: Exception | None = None
        self.failure_is_raised = False
        self.loaded = asyncio.Event()
        self._handlers = Handlers(self.models, self.metrics, options)
        self._routes: dict[str, dict[str, Handler]] = {
            "/predict": {"POST": self._handlers.predict},
            "/v2/health/live": {"GET": self._handlers.live},
            "/v2/health/ready": {"GET": self._handlers.ready},
            "/metrics": {"GET": self._handlers.exposition},
            "/openapi.json": {"GET": self._handlers.openapi},
            "/": {"GET": self._handlers.page},
            _MODEL_ROUTE: {"GET": self._handlers.model},
        }

    def drain(self) -> None:
        """Say from now on that the server is not ready; requests that still come are answered."""
        self._handlers.draining = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's scope, as ASGI asks."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = asyncio.get_running_loop().time()
        # The loop's own clock may tick in whole milliseconds; a deadline can live with that, a latency cannot.
        started = perf_counter()
        method, path = scope["method"], scope["path"]
        metrics = self.metrics
        metrics.in_flight += 1
        route, name = path, None
        if path not in self._routes:
            route, name = _named(path)
        try:
            response = await self._answer(route, method, scope, receive, arrived, name)
            failpoint("serving.answer.before_send")
            await response.send(send, with_body=method != "HEAD")
            metrics.answered(route or "other", response.status, perf_counter() - started)
        except ClientGone:
            metrics.answered(route or "other", _CLIENT_LEFT, perf_counter() - started)
        finally:
            metrics.in_flight -= 1

    async def _answer(
        self, route: str, method: str, scope: Scope, receive: Receive, arrived: float, name: str | None
    ) -> Response:
        try:
            handler = self._handler(route, method, scope["path"])
            raw_query = scope.get("query_string", b"")
            query = dict(parse_qsl(raw_query.decode("latin-1"))) if raw_query else {}
            return await handler(Request(dict(scope["headers"]), query, receive, arrived, name))
        except Problem as problem:
            return problem.response()
        except MLException as error:
            answer = problem_of(error)
            if answer.status == 500:
                logger.error("%s %s failed", method, scope["path"], exc_info=error)
            return answer.response()
        except ClientGone:
            raise
        except Exception:  # the last line of defence: a bug of ours or of the model must not cost the connection
            logger.exception("%s %s failed", method, scope["path"])
            return Problem(500, "internal", "the server failed; its log says why").response()

    def _handler(self, route: str, method: str, path: str) -> Handler:
        methods = self._routes.get(route)
        if methods is None:
            raise Problem(404, "not_found", f"there is no {path}; see /openapi.json for what there is")
        handler = methods.get("GET" if method == "HEAD" else method)
        if handler is None:
            allowed = ", ".join([*methods, "HEAD"] if "GET" in methods else methods)
            headers = [(b"allow", allowed.encode())]
            raise Problem(405, "method_not_allowed", f"{path} takes {allowed}, not {method}", headers=headers)
        return handler

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        loading = asyncio.create_task(self._load())
        try:
            await send({"type": "lifespan.startup.complete"})
            await receive()
        finally:
            self.drain()
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
            for hosted in self.models.values():
                await hosted.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _load(self) -> None:
        try:
            for hosted in self.models.values():
                await hosted.start()
        except Exception as error:
            self.failure = error
            if not self.failure_is_raised:
                logger.exception("a model could not be loaded")
        finally:
            self.loaded.set()


def create_app(models: Mapping[str, Any], **options: Any) -> App:
    """Make an ASGI app that serves models; it runs under any ASGI server with lifespan support.

    Args:
        models: Name to model. A model is a checkpoint folder, a fitted scikit-learn estimator, or an object with
            ``predict(batch)`` and, where it has them, ``parse(instances)``, ``input_schema()`` and ``version``. The
            first is the one that ``/predict`` asks when no ``?model=`` says otherwise.
        **options: Bounds, by the names of ``AppOptions``.

    Returns:
        The app. Models are loaded and warmed in its lifespan; until then ``/v2/health/ready`` says 503.

    Raises:
        ConfigurationError: No model, an unknown option, or a bound out of range.
    """
    return App(models, AppOptions.of(options))


def _named(path: str) -> tuple[str, str | None]:
    name = path.removeprefix(_MODELS)
    if name != path and name and "/" not in name:
        return _MODEL_ROUTE, name
    return "", None
