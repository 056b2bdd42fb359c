"""The same client for code that does not know of asyncio.

Rule: one thread with a loop runs the asynchronous client, so both behave alike; a call costs two hand-overs to it.
A client may be shared by threads; their calls go on side by side.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import Future
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar

from groundwork.errors import UsageError
from groundwork.resilience import Retry
from groundwork.serving._client import AsyncClient, Predictions
from groundwork.serving._client_arguments import check_stream
from groundwork.serving._client_stream import placed, rows_of
from groundwork.serving._client_tensors import Array

T = TypeVar("T")


class Client:
    """A client of an inference server; use it as ``with Client(url) as client:``.

    Args:
        url: As for ``AsyncClient``, like all others.
        model: Which model to ask; the server's first if None.
        version: Which version of it; the server's choice if None.
        api_key: Sent as a bearer token.
        headers: Further headers of each request.
        timeout_s: Longest time for a call, retries included.
        retry: When to try again; three attempts with a budget if None.
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
        self._client = AsyncClient(
            url,
            model=model,
            version=version,
            api_key=api_key,
            headers=headers,
            timeout_s=timeout_s,
            retry=retry,
            connections=connections,
            binary=binary,
            verify=verify,
        )
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._client.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; what other threads have under way fails."""
        with self._lock:
            self._closed = True
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_end(self._client), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def predict(self, instances: Any) -> Predictions:
        """Return one prediction for each row; see ``AsyncClient.predict``."""
        return self._wait(self._begin(lambda: self._client.predict(instances)))

    def predict_stream(self, instances: Iterable[Any], *, batch_rows: int = 64, concurrency: int = 8) -> Iterator[Any]:
        """Yield one prediction for each row of a stream, in order; see ``AsyncClient.predict_stream``."""
        check_stream(batch_rows, concurrency)
        source = rows_of(instances)
        under_way: deque[tuple[int, Future[Predictions]]] = deque()
        start = 0
        try:
            while rows := list(islice(source, batch_rows)):
                if len(under_way) >= concurrency:
                    yield from self._wait_placed(*under_way.popleft())
                future = self._begin(lambda rows=rows: self._client.predict(rows))  # type: ignore[misc]
                under_way.append((start, future))
                start += len(rows)
            while under_way:
                yield from self._wait_placed(*under_way.popleft())
        finally:
            for _, future in under_way:
                future.cancel()

    def infer(self, inputs: Mapping[str, Any], *, binary: bool | None = None) -> dict[str, Array]:
        """Ask by tensors; see ``AsyncClient.infer``."""
        return self._wait(self._begin(lambda: self._client.infer(inputs, binary=binary)))

    def live(self) -> bool:
        """Say whether the process answers."""
        return self._wait(self._begin(self._client.live))

    def ready(self) -> bool:
        """Say whether every model can be asked; False also where nothing listens."""
        return self._wait(self._begin(self._client.ready))

    def metadata(self) -> dict[str, Any]:
        """Return what the model is and takes; see ``AsyncClient.metadata``."""
        return self._wait(self._begin(self._client.metadata))

    def _begin(self, call: Callable[[], Coroutine[Any, Any, T]]) -> "Future[T]":
        # The caller's context, and a deadline in it, goes along: the loop copies it as it takes the call.
        # The loop first: a closed client refuses, and a coroutine made before that would never be awaited.
        loop = self._running()
        return asyncio.run_coroutine_threadsafe(call(), loop)

    def _wait_placed(self, start: int, future: "Future[Predictions]") -> Predictions:
        with placed(start):
            return self._wait(future)

    @staticmethod
    def _wait(future: "Future[T]") -> T:
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise UsageError("the client is closed", hint="Make another, or ask inside its with block.")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="groundwork-client", daemon=True)
                self._thread.start()
            return self._loop


async def _end(client: AsyncClient) -> None:
    await client.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
