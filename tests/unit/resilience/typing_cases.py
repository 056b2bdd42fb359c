"""What a type checker must see; checked by mypy in test_retry_typing.py, never run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar, assert_type, overload

from groundwork.resilience import Attempt, Backoff, Retry, RetryAttempt, RetryBudget, retry

T = TypeVar("T")


@retry
def bare(path: str, rows: int = 3) -> bytes:
    return path.encode() * rows


@retry(attempts=5, backoff=Backoff(cap_s=1), budget=RetryBudget())
def decorated(path: str, *, rows: int = 3) -> bytes:
    return path.encode() * rows


@retry(on=lambda error: "busy" in str(error), deadline_s=3)
async def asynchronous(path: str) -> int:
    return len(path)


@retry(OSError)
def items(count: int) -> Iterator[int]:
    yield from range(count)


@retry((OSError, ValueError), attempts=2)
async def async_items(count: int) -> AsyncIterator[int]:
    yield count


@retry(attempts=2)
def generic(values: list[T]) -> T:
    return values[0]


@overload
def overloaded(value: int) -> int: ...
@overload
def overloaded(value: str) -> str: ...
@retry(attempts=2)
def overloaded(value: int | str) -> int | str:
    return value


class Source:
    @retry(attempts=2)
    def method(self, key: str) -> float:
        return float(key)

    @classmethod
    @retry(attempts=2)
    def class_method(cls, key: str) -> "Source":
        return cls()

    @retry
    @classmethod
    def outer_class_method(cls, key: str) -> "Source":
        return cls()

    @staticmethod
    @retry
    def static_method(key: str) -> int:
        return len(key)

    @property
    @retry
    def value(self) -> str:
        return ""

    @retry
    async def fetch(self, key: str) -> bytes:
        return key.encode()


def hook(attempt: RetryAttempt) -> None:
    assert_type(attempt.error, Exception)
    assert_type(attempt.wait_s, float | None)


async def uses() -> None:
    assert_type(bare("a", 3), bytes)
    assert_type(bare(path="a", rows=3), bytes)
    assert_type(decorated("a", rows=3), bytes)
    assert_type(await asynchronous("a"), int)
    assert_type(list(items(3)), list[int])
    assert_type([item async for item in async_items(3)], list[int])
    assert_type(generic(["a"]), str)
    assert_type(overloaded(1), int)
    assert_type(overloaded("a"), str)
    source = Source()
    assert_type(source.method("a"), float)
    assert_type(Source.class_method("a"), Source)
    assert_type(Source.outer_class_method("a"), Source)
    assert_type(Source.static_method("a"), int)
    assert_type(source.value, str)
    assert_type(await source.fetch("a"), bytes)

    policy = retry(attempts=None, deadline_s=2, hook=hook)
    assert_type(policy, Retry)
    assert_type(policy.call(len, "a"), int)
    assert_type(await policy.call(source.fetch, key="a"), bytes)
    for attempt in policy:
        with attempt as entered:
            assert_type(entered, Attempt)
            assert_type(attempt.number, int)
    async for attempt in policy:
        async with attempt:
            assert_type(attempt, Attempt)
    kept: Callable[[str], Awaitable[int]] = asynchronous
    assert_type(await kept("a"), int)


def returns_from_a_block(policy: Retry) -> int:
    for attempt in policy:
        with attempt:
            return 3
    raise AssertionError


def mistakes(policy: Retry) -> None:
    bare(3)  # type: ignore[arg-type]
    decorated("a", 3)  # type: ignore[call-arg]
    overloaded(b"a")  # type: ignore[call-overload]
    policy.call(len, 3)  # type: ignore[arg-type]
    policy.call(bare, "a", lines=3)  # type: ignore[call-arg]
    retry(on="OSError")  # type: ignore[call-overload]
    retry(attempts="3")  # type: ignore[call-overload]
    retry(hook=lambda: None)  # type: ignore[call-overload]
    held: Any = Source().method(3)  # type: ignore[arg-type]
    assert held
