"""gRPC beside HTTP: ``inference.GRPCInferenceService``.

Rule: each call becomes the call of HTTP that means the same and is answered from its answer, so that keys, limits,
deadlines, metrics and messages are those of HTTP. A call that its client cancels, or whose deadline passes, leaves the
queue. Cost: that of grpcio's event loop, several times that of our HTTP. Importing this needs the extra ``grpc``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, NoReturn
from urllib.parse import unquote

import grpc
import msgspec

from groundwork.errors import WorldError
from groundwork.serving._call import Application, Call, Response
from groundwork.serving._grpc_infer import http_body, infer_response
from groundwork.serving._grpc_messages import MESSAGES, SERVICE
from groundwork.serving._infer_wire import HEAD_LENGTH_HEADER
from groundwork.serving._problem import Problem

_HEAD_BYTES = 64 * 2**10
_TIMEOUT_HEADER = b"x-request-timeout-ms"
_MAX_TIMEOUT_S = 99_999.0
_OURS = frozenset({HEAD_LENGTH_HEADER, b"content-encoding", b"content-type"})

_STATUS: Mapping[int, grpc.StatusCode] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class GrpcServer:
    """The gRPC side of a server.

    Args:
        application: What answers.
        max_body_bytes: Largest message.
        max_calls: Most calls under way; one more is refused as RESOURCE_EXHAUSTED.
        shared: Other processes listen on the port as well.
    """

    def __init__(self, application: Application, *, max_body_bytes: int, max_calls: int, shared: bool = False) -> None:
        self._application = application
        self._server = grpc.aio.server(
            maximum_concurrent_rpcs=max_calls,
            options=[
                ("grpc.max_receive_message_length", max_body_bytes + _HEAD_BYTES),
                ("grpc.max_metadata_size", _HEAD_BYTES),
                # Half-open connections are found and closed.
                ("grpc.keepalive_time_ms", 30_000),
                ("grpc.keepalive_timeout_ms", 10_000),
                # Two servers on one port would share its calls without a word.
                ("grpc.so_reuseport", int(shared)),
            ],
        )
        self._server.add_generic_rpc_handlers((self._handlers(),))

    async def start(self, host: str, port: int, credentials: Any = None) -> str:
        """Listen.

        Args:
            host: Address to listen on.
            port: 0 picks a free one.
            credentials: Of ``tls_credentials``; None means in the clear.

        Returns:
            The address, as ``127.0.0.1:8001``.

        Raises:
            WorldError: The address cannot be listened on.
        """
        shown = f"[{host}]" if ":" in host else host
        try:
            if credentials is None:
                bound = self._server.add_insecure_port(f"{shown}:{port}")
            else:
                bound = self._server.add_secure_port(f"{shown}:{port}", credentials)
        except RuntimeError as error:
            raise WorldError(
                f"gRPC cannot listen on {shown}:{port}: {str(error).splitlines()[0]}",
                code="port_unavailable",
                hint="Stop what holds the port, or pass another by --grpc-port (0 picks a free one).",
                context={"host": host, "port": port},
            ) from error
        await self._server.start()
        return f"{shown}:{bound}"

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, and wait so long for those that are under way."""
        await self._server.stop(grace_s)

    async def _server_live(self, request: Any, context: Any) -> Any:
        return MESSAGES["ServerLiveResponse"](live=(await self._ask(context, "/v2/health/live")).status == 200)

    async def _server_ready(self, request: Any, context: Any) -> Any:
        return MESSAGES["ServerReadyResponse"](ready=(await self._ask(context, "/v2/health/ready")).status == 200)

    async def _model_ready(self, request: Any, context: Any) -> Any:
        response = await self._ask(context, _path(request.name, request.version) + "/ready")
        if response.status not in (200, 404, 503):
            await _abort(context, response)
        return MESSAGES["ModelReadyResponse"](ready=response.status == 200)

    async def _server_metadata(self, request: Any, context: Any) -> Any:
        return MESSAGES["ServerMetadataResponse"](**await self._document(context, "/v2"))

    async def _model_metadata(self, request: Any, context: Any) -> Any:
        document = await self._document(context, _path(request.name, request.version))
        wanted = ("name", "versions", "platform", "inputs", "outputs")
        return MESSAGES["ModelMetadataResponse"](**{name: document[name] for name in wanted})

    async def _repository_index(self, request: Any, context: Any) -> Any:
        models = await self._document(context, "/v2/repository/index", "POST")
        if request.ready:
            models = [model for model in models if model["state"] == "READY"]
        return MESSAGES["RepositoryIndexResponse"](models=models)

    async def _model_infer(self, request: Any, context: Any) -> Any:
        path = _path(request.model_name, request.model_version) + "/infer"
        # A call without a valid key is not worth the making of its body.
        refusal = self._application.preview(_call(context, path, "POST"))
        if isinstance(refusal, Response):
            await _abort(context, refusal)
        try:
            body, head_length = http_body(request)
        except Problem as problem:
            await _abort(context, problem.response())
        response = await self._ask(context, path, "POST", body, {HEAD_LENGTH_HEADER: b"%d" % head_length})
        if response.status != 200:
            await _abort(context, response)
        return infer_response(response.body, int(dict(response.headers)[HEAD_LENGTH_HEADER]))

    async def _document(self, context: Any, path: str, method: str = "GET") -> Any:
        response = await self._ask(context, path, method)
        if response.status != 200:
            await _abort(context, response)
        return msgspec.json.decode(response.body)

    async def _ask(
        self,
        context: Any,
        path: str,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[bytes, bytes] | None = None,
    ) -> Response:
        """Return the answer of HTTP; a cancelled call is taken back."""
        call = _call(context, path, method, body, headers)
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

        def done(response: Response) -> None:
            if not answered.done():
                answered.set_result(response)

        handle = self._application.begin(call, done)
        if handle is None:
            return answered.result()
        try:
            return await answered
        finally:
            handle.cancel()

    def _handlers(self) -> Any:
        methods: Mapping[str, Callable[[Any, Any], Awaitable[Any]]] = {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ModelReady": self._model_ready,
            "ServerMetadata": self._server_metadata,
            "ModelMetadata": self._model_metadata,
            "RepositoryIndex": self._repository_index,
            "ModelInfer": self._model_infer,
        }
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                name: grpc.unary_unary_rpc_method_handler(
                    method,
                    request_deserializer=MESSAGES[f"{name}Request"].FromString,
                    response_serializer=MESSAGES[f"{name}Response"].SerializeToString,
                )
                for name, method in methods.items()
            },
        )


def tls_credentials(cert: str | Path, key: str | Path | None) -> Any:
    """Return what gRPC needs to speak TLS.

    Args:
        cert: File of the certificate, with those that lead to its root.
        key: File of its key, if that is not in the same one.
    """
    return grpc.ssl_server_credentials([(Path(key or cert).read_bytes(), Path(cert).read_bytes())])


def _call(
    context: Any, path: str, method: str, body: bytes = b"", headers: Mapping[bytes, bytes] | None = None
) -> Call:
    sent = {**_headers(context), **(headers or {})}
    now = asyncio.get_running_loop().time()
    return Call(method, path, b"", sent, body, _peer(context.peer()), now, perf_counter())


def _path(name: str, version: str) -> str:
    # A slash would name another path than the model's.
    name, version = name.replace("/", "%2F"), version.replace("/", "%2F")
    return f"/v2/models/{name}/versions/{version}" if version else f"/v2/models/{name}"


def _headers(context: Any) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for key, value in context.invocation_metadata() or ():
        name = key.encode()
        if name not in _OURS:
            headers[name] = value if isinstance(value, bytes) else value.encode()
    remaining_s = context.time_remaining()
    if remaining_s is not None and remaining_s < _MAX_TIMEOUT_S:
        headers[_TIMEOUT_HEADER] = b"%d" % max(0, int(remaining_s * 1000))
    return headers


def _peer(told: str) -> str:
    """Return the address of ``ipv4:127.0.0.1:5000`` or ``ipv6:[::1]:5000``."""
    return unquote(told).partition(":")[2].rpartition(":")[0].strip("[]")


async def _abort(context: Any, response: Response) -> NoReturn:
    """End a call with the problem that HTTP would tell; this always raises."""
    problem = msgspec.json.decode(response.body)
    # It goes as a header, for which clients have little room.
    detail = problem["detail"][:1000]
    code = _STATUS.get(response.status, grpc.StatusCode.INTERNAL)
    trailers: list[tuple[str, Any]] = [("problem-code", problem["code"])]
    wait = dict(response.headers).get(b"retry-after")
    if wait is not None:
        seconds = int(wait)
        trailers += [
            ("retry-after", str(seconds)),
            ("grpc-retry-pushback-ms", str(seconds * 1000)),
            ("grpc-status-details-bin", _details(code, detail, seconds)),
        ]
    await context.abort(code, detail, tuple(trailers))
    raise AssertionError  # abort has raised


def _details(code: grpc.StatusCode, message: str, retry_after_s: int) -> bytes:
    """Return the status with a ``google.rpc.RetryInfo``, which retrying clients look for."""
    retry = MESSAGES["RetryInfo"](retry_delay=MESSAGES["Duration"](seconds=retry_after_s))
    detail = MESSAGES["Detail"](type_url="type.googleapis.com/google.rpc.RetryInfo", value=retry.SerializeToString())
    status = MESSAGES["Status"](code=code.value[0], message=message, details=[detail])
    written: bytes = status.SerializeToString()
    return written
