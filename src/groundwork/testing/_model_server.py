"""A real groundwork server around any model, in a thread of the test's process.

Rule: it is ready when the block begins and gone when it ends; what the model or its options forbid is raised at once.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

_End = tuple[str, asyncio.AbstractEventLoop, "asyncio.Task[Any]"]


@contextmanager
def model_server(model: Any, name: str = "model", **options: Any) -> Iterator[str]:
    """Serve a model on a free port of this machine while the block lasts.

    Args:
        model: As ``serving.serve`` takes them: an estimator, a checkpoint folder, an object with ``predict(batch)``.
        name: Under which it is served.
        **options: As for ``serving.serve``.

    Yields:
        The address, for a ``Client`` or any other.

    Raises:
        MLException: What ``serve`` raised: the model cannot be loaded, an option is wrong.
    """
    from groundwork.serving import serve

    ready: Future[_End] = Future()

    def tell(url: str) -> None:
        task = asyncio.current_task()
        assert task is not None, "the server calls from the task that it runs in"
        ready.set_result((url, asyncio.get_running_loop(), task))

    def run() -> None:
        try:
            # Cancelled below: outside the main thread there is no signal to end it with.
            with suppress(asyncio.CancelledError):
                serve({name: model}, port=0, on_ready=tell, **options)
        except BaseException as error:  # noqa: BLE001 - it goes to the thread that waits
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="model_server")
    thread.start()
    try:
        url, loop, task = ready.result()
    except BaseException:
        thread.join()
        raise
    try:
        yield url
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
