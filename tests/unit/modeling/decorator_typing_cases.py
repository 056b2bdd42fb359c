"""What a type checker must see; checked by mypy and pyright in test_decorator_typing.py, never run."""

from collections.abc import AsyncIterator, Generator
from typing import TypeVar, assert_type

from groundwork.modeling import CacheInfo, Timing, cache_of, cached, deprecated, logged, timed, validated

T = TypeVar("T")


@timed
@logged
@cached
@validated
@deprecated
def bare(rows: int, *, name: str = "") -> bytes:
    return name.encode() * rows


@timed("load", hook=lambda timing: print(timing.wall_s))
@logged(level=10)
@cached(max_entries=3, ttl_s=1.0)
@validated(strict=True)
@deprecated("slow", since="0.2")
def optioned(rows: int, *, name: str = "") -> bytes:
    return name.encode() * rows


@timed
@logged
@cached
@validated
@deprecated
async def awaited(rows: int) -> bytes:
    return b"x" * rows


@timed
@logged()
@cached()
@validated()
@deprecated()
def items(rows: int) -> Generator[int, str, bytes]:
    yield rows
    return b""


@timed()
@logged
@cached
@validated
@deprecated
async def items_awaited(rows: int) -> AsyncIterator[int]:
    yield rows


@timed
@logged
@cached
@validated
@deprecated
def generic(values: list[T]) -> T:
    return values[0]


@deprecated(alternative="New")
class Old:
    def __init__(self, rows: int) -> None:
        self.rows = rows


class Source:
    @timed
    @logged
    @cached
    @validated
    @deprecated
    def method(self, key: str) -> float:
        return float(key)

    @timed
    @logged
    @cached
    @validated
    @deprecated
    @classmethod
    def above(cls, key: str) -> "Source":
        return cls()

    @classmethod
    @timed
    @cached(ignore=("key",))
    def below(cls, key: str) -> "Source":
        return cls()

    @staticmethod
    @timed
    @logged
    @cached
    @validated
    @deprecated
    def static(key: str) -> int:
        return len(key)


async def uses() -> None:
    assert_type(bare(1, name="a"), bytes)
    assert_type(optioned(rows=1), bytes)
    assert_type(await awaited(1), bytes)
    assert_type(items(1), Generator[int, str, bytes])
    async for each in items_awaited(1):
        assert_type(each, int)
    assert_type(generic(["a"]), str)
    assert_type(Source().method("1"), float)
    assert_type(Source.above("1"), Source)
    assert_type(Source.below("1"), Source)
    assert_type(Source.static("1"), int)
    assert_type(Old(3), Old)
    assert_type(cache_of(bare).info(), CacheInfo)
    assert_type(cache_of(Source.method).invalidate(Source(), "1"), bool)
    with timed("block") as block:
        assert_type(block(len)("a"), int)


def told(timing: Timing) -> None:
    assert_type(timing.error, BaseException | None)


def mistakes() -> None:
    bare("a")  # type: ignore[arg-type]
    optioned(1, nam="")  # type: ignore[call-arg]
    Source().method(1)  # type: ignore[arg-type]
    Source.static(1)  # type: ignore[arg-type]
    Old("a")  # type: ignore[arg-type]
    cached(ttl=3)  # type: ignore[call-overload]
    timed(hook=3)  # type: ignore[call-overload]
