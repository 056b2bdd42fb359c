"""Many small files, with a few threads.

Rule: the event loop never waits for the disk; at most ``limit`` files are open; a file is written whole or not at all.
A cancelled call waits for the files that are being read or written at that moment, and begins no other.
Cost: threads take files from a common list, so the loop is asked once for each thread and not once for each file.
"""

import asyncio
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Literal, TypeVar, overload

from groundwork.concurrency._map import Errors, map_async, stream_outcomes
from groundwork.concurrency._workers import Source, check, grouped
from groundwork.errors import InvalidDataError, UsageError
from groundwork.storage import atomic_write, told_as_storage_error

StrPath = str | os.PathLike[str]
Content = bytes | bytearray | memoryview
Job = TypeVar("Job")
Result = TypeVar("Result")
_LIMIT = 8
_PATIENCE_S = 0.003
# On Windows files are text unless told otherwise.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
_PIECE = 1 << 16


@overload
async def read_files(
    paths: Source[StrPath],
    limit: int = ...,
    *,
    errors: Literal["raise", "group"] = ...,
    max_bytes: int | None = ...,
) -> list[bytes]: ...
@overload
async def read_files(
    paths: Source[StrPath], limit: int = ..., *, errors: Errors, max_bytes: int | None = ...
) -> list[bytes | Exception]: ...
async def read_files(
    paths: Source[StrPath], limit: int = _LIMIT, *, errors: Errors = "raise", max_bytes: int | None = None
) -> list[Any]:
    """Read files into memory.

    Args:
        paths: Which; asynchronous iterables too.
        limit: Threads, and so open files, at most.
        errors: ``"raise"`` the first failure at once, ``"collect"`` each in its file's place, or read all and raise
            the failures as one ``"group"``.
        max_bytes: Refuse a file that is larger; no more of it is read.

    Returns:
        The contents, in the order of ``paths``. To hold a few at a time, use ``stream_files``.

    Raises:
        UsageError: The limit is below 1.
        StorageError: A file could not be read; the context names it.
        InvalidDataError: A file is larger than ``max_bytes``.
        ExceptionGroup: With ``errors="group"``, all failures.
    """
    check(limit, errors)
    jobs = [path async for path in paths] if isinstance(paths, AsyncIterable) else list(paths)
    return await _worked_off(partial(_read, max_bytes), jobs, limit, errors)


@overload
def stream_files(
    paths: Source[StrPath],
    limit: int = ...,
    *,
    ordered: bool = ...,
    errors: Literal["raise", "group"] = ...,
    max_bytes: int | None = ...,
) -> AsyncGenerator[tuple[StrPath, bytes], None]: ...
@overload
def stream_files(
    paths: Source[StrPath],
    limit: int = ...,
    *,
    ordered: bool = ...,
    errors: Errors,
    max_bytes: int | None = ...,
) -> AsyncGenerator[tuple[StrPath, bytes | Exception], None]: ...
def stream_files(
    paths: Source[StrPath],
    limit: int = _LIMIT,
    *,
    ordered: bool = True,
    errors: Errors = "raise",
    max_bytes: int | None = None,
) -> AsyncGenerator[tuple[StrPath, Any], None]:
    """Read files one after another into memory, some ahead, for ``async for path, content``.

    At most twice ``limit`` contents are held, so that any number of files can go through.

    Args:
        paths: Which; read lazily, asynchronous iterables too.
        limit: Threads, and so open files, at most.
        ordered: In the order of ``paths``; False for as completed.
        errors: As in ``read_files``.
        max_bytes: As in ``read_files``.

    Returns:
        An asynchronous generator of ``(path, content)``; leave it early as ``map_stream`` says.

    Raises:
        UsageError: The limit is below 1.
        StorageError: From the stream, as ``read_files`` does.
    """
    check(limit, errors)
    return _streamed(paths, limit, ordered, errors, max_bytes)


@overload
async def write_files(
    contents: Mapping[Any, Content] | Source[tuple[StrPath, Content]],
    limit: int = ...,
    *,
    errors: Literal["raise", "group"] = ...,
    durable: bool = ...,
) -> list[Path]: ...
@overload
async def write_files(
    contents: Mapping[Any, Content] | Source[tuple[StrPath, Content]],
    limit: int = ...,
    *,
    errors: Errors,
    durable: bool = ...,
) -> list[Path | Exception]: ...
async def write_files(
    contents: Mapping[Any, Content] | Source[tuple[StrPath, Content]],
    limit: int = _LIMIT,
    *,
    errors: Errors = "raise",
    durable: bool = True,
) -> list[Any]:
    """Write or replace files, each whole or not at all; missing folders are made.

    Args:
        contents: ``{path: bytes}``, or pairs. Pairs of a generator, also an asynchronous one, are drawn as they are
            written, so at most ``limit`` contents need to exist.
        limit: Threads at most.
        errors: As in ``read_files``.
        durable: False skips the syncs, as in ``storage.atomic_write``: never torn, but a power cut may lose them.

    Returns:
        The paths written, in the order given.

    Raises:
        UsageError: The limit is below 1, or a path comes twice.
        StorageError: A file could not be written; it is as it was. Files written before are as they should be.
        ExceptionGroup: With ``errors="group"``, all failures.
    """
    check(limit, errors)
    write = partial(_write, durable)
    pairs: Any = contents.items() if isinstance(contents, Mapping) else contents
    if isinstance(contents, Mapping | list | tuple):
        jobs = list(pairs)
        for _ in _once(jobs):
            pass
        return await _worked_off(write, jobs, limit, errors)
    lazily = _once_async(pairs) if isinstance(pairs, AsyncIterable) else _once(pairs)
    try:
        with _threads(limit) as threads:
            return await map_async(partial(_in, threads, write), lazily, limit, errors=errors)
    finally:
        if isinstance(pairs, AsyncGenerator):
            await pairs.aclose()


async def _streamed(
    paths: Source[StrPath], limit: int, ordered: bool, errors: Errors, max_bytes: int | None
) -> AsyncGenerator[tuple[StrPath, Any], None]:
    with _threads(limit) as threads:
        read = partial(_in, threads, partial(_read, max_bytes))
        stream = stream_outcomes(read, paths, limit, ordered=ordered, errors=errors, window=2 * limit)
        try:
            async for outcome in stream:
                yield outcome
        finally:
            await stream.aclose()


def _threads(limit: int) -> ThreadPoolExecutor:
    # Of its own: the loop's has as many threads as it thinks fit, and others wait for them.
    return ThreadPoolExecutor(limit, thread_name_prefix="groundwork-files")


async def _worked_off(work: Callable[[Job], Result], jobs: list[Job], limit: int, errors: Errors) -> list[Any]:
    results: list[Any] = [None] * len(jobs)
    failures: list[tuple[int, Exception]] = []
    numbers, over = count(), threading.Event()

    def take_some(_: int) -> None:
        # ``next`` of a count is one step for all threads.
        while not over.is_set() and (index := next(numbers)) < len(jobs):
            try:
                results[index] = work(jobs[index])
            except Exception as error:
                if errors == "raise":
                    over.set()
                    raise
                failures.append((index, error))
                results[index] = error

    crew = min(limit, len(jobs))
    ended = asyncio.Event()

    async def crew_in_time() -> AsyncGenerator[int, None]:
        # 1 thread, then 2, 4, 8: where no file makes anybody wait, more threads would only contend for the interpreter.
        for number in range(crew):
            if number.bit_count() == 1:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_PATIENCE_S):
                        await ended.wait()
            if ended.is_set():
                return
            yield number

    async def work_along(number: int) -> None:
        try:
            await _in(threads, take_some, number)
        finally:
            ended.set()

    if jobs:
        with _threads(crew) as threads:
            try:
                await map_async(work_along, crew_in_time(), crew)
            finally:
                over.set()
    if failures and errors == "group":
        raise grouped(failures, len(jobs))
    return results


async def _in(threads: ThreadPoolExecutor, work: Callable[[Job], Result], job: Job) -> Result:
    """Call in a thread, and wait for the end whatever happens: a thread cannot be stopped, only forgotten."""
    future = asyncio.get_running_loop().run_in_executor(threads, work, job)
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
            future.cancel()  # what no thread has begun, none shall
    if cancelled is not None:
        _ = future.cancelled() or future.exception()
        raise cancelled
    return future.result()


def _read(max_bytes: int | None, path: StrPath) -> bytes:
    try:
        # Half the cost of a file object, which is most of the cost of a small file.
        descriptor = os.open(path, _READ)
        try:
            pieces = _pieces(descriptor, max_bytes)
        finally:
            os.close(descriptor)
    except OSError as error:
        with told_as_storage_error(path, "cannot read"):
            raise error
    if max_bytes is not None and sum(map(len, pieces)) > max_bytes:
        raise InvalidDataError(
            f"{os.fspath(path)} is larger than {max_bytes} bytes",
            hint="Raise max_bytes, or leave the file out.",
            context={"file": os.fspath(path)},
        )
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _pieces(descriptor: int, max_bytes: int | None) -> list[bytes]:
    """Read to the end, or to one byte more than allowed."""
    wanted = os.fstat(descriptor).st_size + 1
    left = None if max_bytes is None else max_bytes + 1
    pieces: list[bytes] = []
    while left is None or left > 0:
        piece = os.read(descriptor, wanted if left is None else min(wanted, left))
        if not piece:
            break
        pieces.append(piece)
        wanted = _PIECE
        left = None if left is None else left - len(piece)
    return pieces


def _write(durable: bool, pair: tuple[StrPath, Content]) -> Path:
    path, content = pair
    with atomic_write(path, durable=durable) as file:
        file.write(content)
    return Path(path)


def _once(pairs: Iterable[tuple[StrPath, Content]]) -> Iterator[tuple[StrPath, Content]]:
    seen: set[str] = set()
    for pair in pairs:
        _note(seen, pair[0])
        yield pair


async def _once_async(pairs: AsyncIterable[tuple[StrPath, Content]]) -> AsyncGenerator[tuple[StrPath, Content], None]:
    seen: set[str] = set()
    async for pair in pairs:
        _note(seen, pair[0])
        yield pair


def _note(seen: set[str], path: StrPath) -> None:
    whole = os.path.abspath(path)
    if whole in seen:
        raise UsageError(
            f"{os.fspath(path)} comes twice, so it is not said which content it should have",
            hint="Give each path once.",
        )
    seen.add(whole)
