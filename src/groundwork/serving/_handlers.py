"""What each route answers.

Rule: a handler reads within bounds, says all mistakes of a request at once, and returns a whole response.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from groundwork.errors import InvalidDataError, ModelNotFoundError, PredictionError
from groundwork.serving._describe import metadata, openapi
from groundwork.serving._hosted import HostedModel, logger
from groundwork.serving._metrics import Metrics
from groundwork.serving._mistakes import Mistake, mistakes_of
from groundwork.serving._options import AppOptions
from groundwork.serving._page import page
from groundwork.serving._problem import Problem, invalid_instances
from groundwork.serving._watch import ClientWatch
from groundwork.serving._wire import BodyTooLarge, Request, Response, read_body

TIMEOUT_HEADER = b"x-request-timeout-ms"


class PredictRequest(msgspec.Struct, forbid_unknown_fields=True):
    """The body of ``POST /predict``."""

    instances: list[Any]


class Handlers:
    """The routes of one app.

    Args:
        models: By name; the first is the default.
        metrics: Of the app.
        options: Of the app.
    """

    def __init__(self, models: Mapping[str, HostedModel], metrics: Metrics, options: AppOptions) -> None:
        self.draining = False
        self._models = models
        self._default = next(iter(models.values()))
        self._metrics = metrics
        self._options = options
        self._decode = msgspec.json.Decoder(PredictRequest).decode
        self._encode = msgspec.json.Encoder(enc_hook=_plain).encode

    async def predict(self, request: Request) -> Response:
        """``POST /predict``: one prediction for each instance."""
        deadline = request.arrived + self._time_allowed_s(request)
        body = await self._body(request, deadline)
        hosted = self._hosted(request.query.get("model")) if request.query else self._default
        instances = self._instances(body)
        loop = asyncio.get_running_loop()
        with ClientWatch(request.receive, self._options.watch_after_s):
            answers = await hosted.predict(instances, deadline - loop.time())
        _raise_failures(answers)
        content = {"predictions": answers, "model": hosted.name, "version": hosted.adapter.version}
        try:
            return Response(self._encode(content))
        except (TypeError, ValueError) as error:
            raise PredictionError(f"model {hosted.name!r} gave what JSON cannot hold: {error}") from error

    async def live(self, request: Request) -> Response:
        """``GET /v2/health/live``: the process answers."""
        return Response(b'{"live":true}')

    async def ready(self, request: Request) -> Response:
        """``GET /v2/health/ready``: every model is loaded and warm, and the server is not about to stop."""
        waiting = [name for name, hosted in self._models.items() if not hosted.ready]
        if not self.draining and not waiting:
            return Response(b'{"ready":true}')
        detail = "the server is stopping" if self.draining else f"still loading: {', '.join(waiting)}"
        raise Problem(503, "not_ready", detail, headers=[(b"retry-after", b"1")])

    async def model(self, request: Request) -> Response:
        """``GET /v2/models/{name}``: what a model is and takes."""
        hosted = self._hosted(request.name)
        return Response(self._encode(metadata(hosted.name, hosted.adapter)))

    async def exposition(self, request: Request) -> Response:
        """``GET /metrics``: for Prometheus."""
        return Response(self._metrics.exposition(), content_type=self._metrics.content_type)

    async def openapi(self, request: Request) -> Response:
        """``GET /openapi.json``: the API's description."""
        return Response(self._encode(openapi(self._options.title, self._schemas())))

    async def page(self, request: Request) -> Response:
        """``GET /``: a page to try the model."""
        html = page(self._options.title, self._schemas()).encode()
        policy = (
            b"content-security-policy",
            b"default-src 'self' 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
        )
        return Response(html, content_type=b"text/html; charset=utf-8", headers=(policy,))

    def _schemas(self) -> dict[str, dict[str, Any]]:
        return {name: hosted.adapter.input_schema() for name, hosted in self._models.items()}

    def _hosted(self, name: str | None) -> HostedModel:
        if name is None:
            return self._default
        try:
            return self._models[name]
        except KeyError:
            raise ModelNotFoundError(f"there is no model {name!r}; there are: {', '.join(self._models)}") from None

    def _time_allowed_s(self, request: Request) -> float:
        asked = request.headers.get(TIMEOUT_HEADER)
        if asked is None:
            return self._options.request_timeout_s
        if not asked.isdigit() or not 0 < len(asked) < 10:
            shown = asked.decode("latin-1")[:40]
            raise Problem(400, "invalid_header", f"X-Request-Timeout-Ms is {shown!r}; give whole milliseconds")
        return min(int(asked) / 1000, self._options.request_timeout_s)

    async def _body(self, request: Request, deadline: float) -> bytes:
        options = self._options
        timeout_s = min(options.body_timeout_s, deadline - asyncio.get_running_loop().time())
        try:
            return await read_body(request, options.max_body_bytes, timeout_s)
        except BodyTooLarge:
            detail = f"the body may have {options.max_body_bytes} bytes; send fewer instances at a time"
            raise Problem(413, "body_too_large", detail, headers=[(b"connection", b"close")]) from None
        except TimeoutError:
            detail = f"the body did not arrive within {timeout_s:.3g} s"
            raise Problem(408, "body_timeout", detail, headers=[(b"connection", b"close")]) from None

    def _instances(self, body: bytes) -> list[Any]:
        try:
            instances = self._decode(body).instances
        except msgspec.ValidationError as error:
            raise Problem(422, "invalid_request", f'{error}; send {{"instances": [...]}}') from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(400, "invalid_json", f"the body is not JSON: {_fault(body, error)}") from None
        if not instances:
            raise invalid_instances([{"row": None, "column": None, "message": "is empty; send at least one instance"}])
        if len(instances) > self._options.max_instances:
            message = f"has {len(instances)}; send at most {self._options.max_instances} at a time"
            raise invalid_instances([{"row": None, "column": None, "message": message}])
        return instances


def _raise_failures(answers: list[Any]) -> None:
    """Raise what stands for the failed rows: the client's mistakes where there are any, else the model's failure."""
    failures = [(row, answer) for row, answer in enumerate(answers) if isinstance(answer, BaseException)]
    if not failures:
        return
    mistakes: list[Mistake] = []
    for row, error in failures:
        if isinstance(error, InvalidDataError):
            mistakes += mistakes_of(error, row)
        elif not isinstance(error, Exception):
            raise error
    if mistakes:
        raise invalid_instances(mistakes)
    row, error = failures[0]
    logger.error("the model failed on instances[%d]", row, exc_info=error)
    raise Problem(500, PredictionError.default_code, f"the model failed on instances[{row}]; the server's log says why")


def _fault(body: bytes, error: Exception) -> str:
    """Say what is wrong with a body, with its position."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, UnicodeDecodeError):
        # Its own position counts from the start of one string.
        try:
            body.decode()
        except UnicodeDecodeError as whole:
            return f"{whole.reason} in UTF-8 (byte {whole.start})"
    text = str(error).removeprefix("JSON is malformed: ")
    return text if "(byte " in text else f"{text} (byte {len(body)})"


def _plain(value: Any) -> Any:
    """Turn what numpy returns into what JSON has."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a {type(value).__name__}")
