"""Asks an inference server, from asynchronous code.

Rule: what may pass is tried again, within a budget that all calls of one client share and the time that the caller has;
that time travels with the request, so the server drops what nobody waits for any more. Connections are kept and reused.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import msgspec

from groundwork.resilience import Retry, RetryBudget
from groundwork.serving._client_arguments import (
    address_of,
    check_count,
    check_inputs,
    check_kind,
    check_seconds,
    check_stream,
    check_verify,
    headers_of,
    version_of,
)
from groundwork.serving._client_facts import ServerFacts
from groundwork.serving._client_session import ServerSession, stranger
from groundwork.serving._client_stream import batches_of, placed
from groundwork.serving._client_tensors import HEAD_LENGTH, Array, decode_infer, encode_infer
from groundwork.serving._instances import encode_instances, instances_of

_BINARY_FROM_VALUES = 1024  # below, the head costs as much as the numbers as text


class Predictions(list[Any]):
    """One prediction for each instance, in order.

    Attributes:
        model: Who predicted.
        version: Of the model.
    """

    def __init__(self, predictions: Iterable[Any], model: str = "", version: str = "") -> None:
        super().__init__(predictions)
        self.model = model
        self.version = version


class _Predicted(msgspec.Struct):
    predictions: list[Any]
    model: str = ""
    version: str = ""


class AsyncClient:
    """A client of an inference server; use it as ``async with AsyncClient(url) as client:``.

    Every call ends after ``timeout_s``, or earlier with a ``deadline`` around it. Its time left goes with the request
    as ``X-Request-Timeout-Ms``. A server that is overloaded, not ready or out of reach is asked again after the time
    it names, as far as the budget and the time allow.

    Args:
        url: Where the server is, as ``http://127.0.0.1:8000``.
        model: Which model to ask; the server's first if None.
        version: Which version of it; the server's choice if None.
        api_key: Sent as a bearer token.
        headers: Further headers of each request.
        timeout_s: Longest time for a call, retries included.
        retry: When to try again; three attempts with a budget if None. ``Retry(attempts=1)`` never does.
        connections: How many requests may be under way at once; more wait.
        binary: Send arrays by the binary tensor extension; None where the server has it and it is faster.
        verify: Whether a TLS certificate must be one that this machine trusts.

    Raises:
        ConfigurationError: No address, or an argument that cannot work.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        *,
        model: str | None = None,
        version: str | int | None = None,
        api_key: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30.0,
        retry: Retry | None = None,
        connections: int = 64,
        binary: bool | None = None,
        verify: bool = True,
    ) -> None:
        address = address_of(url)
        check_kind("model", model, str)
        check_seconds("timeout_s", timeout_s)
        check_kind("retry", retry, Retry)
        check_count("connections", connections)
        check_kind("binary", binary, bool)
        check_verify(verify)
        self._model, self._version = model, version_of(version)
        self._binary = binary
        self._session = ServerSession(
            address,
            headers_of(headers, api_key),
            timeout_s=timeout_s,
            retry=retry or Retry(budget=RetryBudget()),
            connections=connections,
            verify=verify,
        )
        self._facts = ServerFacts(self._session)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._session.url

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; what is under way fails."""
        await self._session.close()

    async def predict(self, instances: Any) -> Predictions:
        """Return one prediction for each row.

        Args:
            instances: A list of rows; a polars, pandas or pyarrow table; or a numpy array with rows first, which goes
                as binary where that is faster.

        Returns:
            The predictions, in order.

        Raises:
            InvalidDataError: The rows break the model's schema; ``context["errors"]`` says where.
            ModelNotFoundError: The server has no such model.
            Overloaded: The server has more to do than it can, and so it stayed.
            RateLimited: This client asked too often.
            DeadlineExceeded: The time was over.
            PredictionError: The model failed.
            TransientError: The server is out of reach.
        """
        named = await self._input_of(instances)
        if named is not None:
            outputs = await self.infer({named: instances}, binary=True)
            first = next(iter(outputs.values()), None)
            return Predictions([] if first is None else first.tolist(), self._model or "", self._version or "")
        rows = instances_of(instances)
        if not rows:
            return Predictions([], self._model or "", self._version or "")
        return await self._predict_rows(rows)

    async def predict_stream(
        self, instances: Iterable[Any] | AsyncIterable[Any], *, batch_rows: int = 64, concurrency: int = 8
    ) -> AsyncIterator[Any]:
        """Yield one prediction for each row of a stream of any length, in order.

        The stream is read only as fast as predictions are taken.

        Args:
            instances: Rows, one at a time; or a table or an array, as in ``predict``.
            batch_rows: How many rows go in one request.
            concurrency: How many requests are under way at once.

        Raises:
            MLException: As ``predict``, rows counted from the beginning of the stream; whatever else is under way is
                then cancelled.
        """
        check_stream(batch_rows, concurrency)
        under_way: deque[tuple[int, asyncio.Task[Predictions]]] = deque()
        start = 0
        try:
            async for rows in batches_of(instances, batch_rows):
                if len(under_way) >= concurrency:
                    for prediction in await _first(under_way):
                        yield prediction
                under_way.append((start, asyncio.create_task(self._predict_rows(rows))))
                start += len(rows)
            while under_way:
                for prediction in await _first(under_way):
                    yield prediction
        finally:
            for _, task in under_way:
                task.cancel()
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)

    async def infer(self, inputs: Mapping[str, Any], *, binary: bool | None = None) -> dict[str, Array]:
        """Ask by tensors, in the Open Inference Protocol.

        Args:
            inputs: Arrays by the name of the input.
            binary: By the binary tensor extension; None lets the client's setting and the server decide.

        Returns:
            Arrays by the name of the output.

        Raises:
            MLException: As ``predict``.
        """
        check_inputs(inputs)
        if binary is None:
            binary = self._binary
        if binary is None:
            values = sum(int(getattr(array, "size", 0)) for array in inputs.values())
            binary = values >= _BINARY_FROM_VALUES and await self._facts.has_binary()
        body, headers = encode_infer(inputs, binary=binary)
        version = f"/versions/{quote(self._version, safe='')}" if self._version is not None else ""
        path = f"{await self._path()}{version}/infer"
        reply = await self._session.call("POST", path, body, headers)
        return decode_infer(reply.body, reply.headers.get(HEAD_LENGTH))

    async def live(self) -> bool:
        """Say whether the process answers."""
        return await self._session.healthy("/v2/health/live")

    async def ready(self) -> bool:
        """Say whether every model can be asked; False also where nothing listens."""
        return await self._session.healthy("/v2/health/ready")

    async def metadata(self) -> dict[str, Any]:
        """Return what the model is and takes: ``inputs``, ``outputs``, its ``schema`` and an ``example`` of a row.

        Raises:
            MLException: As ``predict``.
        """
        return await self._session.document(await self._path())

    async def _predict_rows(self, rows: list[Any]) -> Predictions:
        asked = {"model": self._model, "version": self._version}
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in asked.items() if value is not None)
        path = f"/predict?{query}" if query else "/predict"
        reply = await self._session.call("POST", path, encode_instances(rows), {"Content-Type": "application/json"})
        try:
            found = msgspec.json.decode(reply.body, type=_Predicted)
        except msgspec.MsgspecError as error:
            raise stranger(self.url, reply.body) from error
        return Predictions(found.predictions, found.model, found.version)

    async def _input_of(self, instances: Any) -> str | None:
        """Return the input that an array can go to as it is, or None where rows are the better or the only way."""
        kind = getattr(getattr(instances, "dtype", None), "kind", "")
        if self._binary is False or kind != "f" or getattr(instances, "ndim", 0) < 2 or not hasattr(instances, "size"):
            return None
        if not self._binary and (instances.size < _BINARY_FROM_VALUES or not await self._facts.has_binary()):
            return None
        inputs = (await self._facts.document(await self._path())).get("inputs", [])
        return str(inputs[0]["name"]) if len(inputs) == 1 and inputs[0]["datatype"].startswith("FP") else None

    async def _path(self) -> str:
        """Return where the model's own answers are; a model that nobody named is asked for."""
        model = self._model if self._model is not None else await self._facts.first_model()
        return f"/v2/models/{quote(model, safe='')}"


async def _first(under_way: "deque[tuple[int, asyncio.Task[Predictions]]]") -> Predictions:
    start, task = under_way.popleft()
    with placed(start):
        return await task
