"""What a type checker must see; checked by mypy in test_policy_typing.py, never run."""

from typing import TypeVar, assert_type

from groundwork.resilience import (
    Bulkhead,
    CircuitBreaker,
    FallbackServed,
    HedgeAttempt,
    Policy,
    Restart,
    carry_deadline,
    deadline,
    fallback,
    hedge,
    retry,
    supervise,
)

T = TypeVar("T")
policy = Policy(retry=retry(), breaker=CircuitBreaker("x"), bulkhead=Bulkhead(3), deadline=3, fallback=fallback(b""))


@policy
def load(rows: int, *, name: str = "") -> bytes:
    return name.encode() * rows


@policy
async def fetch(rows: int) -> bytes:
    return b"x" * rows


@deadline(3)
@fallback(lambda: b"", OSError)
@Bulkhead(3)
def generic(values: list[T]) -> T:
    return values[0]


@hedge(1)
async def hedged(rows: int) -> bytes:
    return b"x" * rows


class Source:
    @policy
    def method(self, key: str) -> float:
        return float(key)

    @policy
    @classmethod
    def above(cls, key: str) -> "Source":
        return cls()

    @staticmethod
    @policy
    def static(key: str) -> int:
        return len(key)


def hooks(served: FallbackServed, attempt: HedgeAttempt, restart: Restart) -> None:
    assert_type(served.error, Exception)
    assert_type(attempt.number, int)
    assert_type(restart.wait_s, float | None)


async def uses() -> None:
    assert_type(load(1, name="a"), bytes)
    assert_type(await fetch(1), bytes)
    assert_type(await hedged(rows=1), bytes)
    assert_type(generic(["a"]), str)
    assert_type(Source().method("1"), float)
    assert_type(Source.above("1"), Source)
    assert_type(Source.static("1"), int)
    assert_type(policy.call(len, "a"), int)
    assert_type(await policy.call(fetch, 1), bytes)
    assert_type(fallback(0).call(len, "a"), int)
    assert_type(await hedge(1).call(fetch, rows=1), bytes)
    assert_type(carry_deadline(len)("a"), int)
    async with supervise(uses), deadline(3), Bulkhead(1) as bulkhead:
        assert_type(bulkhead, Bulkhead)


def mistakes() -> None:
    load("a")  # type: ignore[arg-type]
    policy.call(len, 3)  # type: ignore[arg-type]
    Policy(retry=3)  # type: ignore[arg-type]
    supervise(len)  # type: ignore[arg-type]
    fallback(0, "OSError")  # type: ignore[arg-type]
