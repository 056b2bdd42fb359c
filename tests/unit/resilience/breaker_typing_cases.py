"""What a type checker must see of the breaker; checked by mypy in test_breaker_typing.py, never run."""

from collections.abc import AsyncIterator, Iterator
from typing import assert_type

from groundwork.errors import CircuitOpen
from groundwork.resilience import (
    BreakerChange,
    BreakerRegistry,
    BreakerSnapshot,
    BreakerState,
    CircuitBreaker,
    CountWindow,
    TimeWindow,
)


def hook(change: BreakerChange) -> None:
    assert_type(change.after, BreakerState)


breaker = CircuitBreaker("a", window=TimeWindow(60), on=(OSError, ValueError), slow_call_s=2, hook=hook)
breakers = BreakerRegistry(limit=10, window=CountWindow(20), on=lambda error: "503" in str(error), cooldown_s=5)


@breaker
def decorated(path: str, *, rows: int = 3) -> bytes:
    return path.encode() * rows


@CircuitBreaker("b", window=20)
async def asynchronous(path: str) -> int:
    return len(path)


@breaker
def items(count: int) -> Iterator[int]:
    yield from range(count)


@breaker
async def async_items(count: int) -> AsyncIterator[int]:
    yield count


class Source:
    @breaker
    def method(self, key: str) -> float:
        return float(key)

    @breaker
    @classmethod
    def above(cls, key: str) -> "Source":
        return cls()

    @staticmethod
    @breaker
    def static(key: str) -> int:
        return len(key)


async def uses() -> None:
    assert_type(decorated("a", rows=3), bytes)
    assert_type(await asynchronous("a"), int)
    assert_type(list(items(3)), list[int])
    assert_type([item async for item in async_items(3)], list[int])
    assert_type(Source().method("a"), float)
    assert_type(Source.above("a"), Source)
    assert_type(Source.static("a"), int)
    assert_type(breakers.get("host").call(len, "a"), int)
    assert_type(await breaker.call(asynchronous, path="a"), int)
    assert_type(breaker.snapshot(), BreakerSnapshot)
    async with breaker as entered:
        assert_type(entered, CircuitBreaker)


def returns_from_a_block() -> int:
    with breaker:
        return 3


def refused(error: CircuitOpen) -> None:
    assert_type(error.retry_after_s, float | None)


def mistakes() -> None:
    decorated("a", 3)  # type: ignore[call-arg]
    breaker.call(len, 3)  # type: ignore[arg-type]
    CircuitBreaker("a", window="60")  # type: ignore[arg-type]
    CircuitBreaker("a", hook=lambda: None)  # type: ignore[arg-type]
    BreakerRegistry(cooldown="5")  # type: ignore[call-arg]
