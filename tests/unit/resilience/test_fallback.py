import inspect
import logging
import pickle

import pytest

from groundwork.errors import ConfigurationError, InvalidDataError, RetryExhausted, TransientError, WorldError
from groundwork.resilience import Backoff, FallbackServed, fallback, retry

pytestmark = pytest.mark.virtual_time


def down(key="x"):
    raise TransientError(f"{key} is down")


async def down_async(key="x"):
    raise TransientError(f"{key} is down")


def test_a_value_serves_when_the_call_fails():
    assert fallback(0.5)(down)() == 0.5


def test_a_call_that_succeeds_gives_its_own_answer():
    served = []

    assert fallback("other", hook=served.append)(str.upper)("a") == "A"
    assert served == []


@pytest.mark.parametrize(
    ("instead", "expected"),
    [
        (lambda error: str(error), "y is down"),
        (lambda: "stale", "stale"),
        (lambda path="cache": path, "cache"),
        (lambda *args: args, ()),
        (list, []),
        (dict, {}),
    ],
    ids=["takes the error", "takes nothing", "takes a default", "takes anything", "list", "dict"],
)
def test_a_function_serves_and_may_take_the_error(instead, expected):
    assert fallback(instead)(down)("y") == expected


def test_a_mistake_or_a_bug_goes_through():
    def wrong(error):
        raise error

    for error in (InvalidDataError("row 3"), KeyError("x"), OSError("unnamed")):
        with pytest.raises(type(error)):
            fallback(0)(wrong)(error)


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_is_never_answered(end):
    def ends():
        raise end

    with pytest.raises(end):
        fallback(0, Exception)(ends)()


def test_it_serves_for_the_errors_that_it_names():
    assert fallback(0, (OSError, KeyError))({}.__getitem__)("x") == 0
    assert fallback(0, lambda error: "down" in str(error))(down)() == 0
    with pytest.raises(TransientError):
        fallback(0, lambda error: "up" in str(error))(down)()


@pytest.mark.parametrize("wrong", [BaseException, (ValueError, KeyboardInterrupt), "OSError", 3])
def test_what_it_cannot_answer_for_is_refused(wrong):
    with pytest.raises(ConfigurationError, match="fallback on="):
        fallback(0, wrong)


def test_a_hook_is_told_of_each_answer():
    served = []

    fallback(0, hook=served.append)(down)("y")

    assert [(each.name, str(each.error)) for each in served] == [(f"{__name__}.down", "y is down")]


def test_a_hook_that_fails_is_logged_and_the_answer_stands(caplog):
    def broken(served: FallbackServed):
        raise RuntimeError("no disk")

    with caplog.at_level(logging.ERROR, "groundwork.resilience"):
        assert fallback(0, hook=broken)(down)() == 0

    assert "no disk" in caplog.text


def test_a_fallback_that_fails_too_tells_of_both():
    def also_down():
        raise WorldError("the cache is gone")

    served = []
    with pytest.raises(WorldError, match="cache") as raised:
        fallback(also_down, hook=served.append)(down)()

    assert repr(pickle.loads(pickle.dumps(raised.value)).__cause__) == "TransientError('x is down')"
    assert served == []


def test_a_cause_that_the_fallback_gave_stays():
    def also_down(error):
        raise WorldError("the cache is gone") from OSError("disk")

    with pytest.raises(WorldError) as raised:
        fallback(also_down)(down)()

    assert repr(raised.value.__cause__) == "OSError('disk')"
    assert repr(raised.value.__context__) != "None"


def test_a_fallback_may_raise_the_error_again():
    def judge(error):
        raise error

    with pytest.raises(TransientError, match="x is down") as raised:
        fallback(judge)(down)()

    assert raised.value.__cause__ is None


def test_it_stands_around_a_retry(clock):
    errors = []
    guarded = fallback("stale", hook=lambda served: errors.append(served.error))(
        retry(backoff=Backoff(0), clock=clock)(down)
    )

    assert guarded() == "stale"
    assert isinstance(errors[0], RetryExhausted)


def test_a_call_takes_the_same_way():
    assert fallback(0).call(down, key="y") == 0


async def test_an_async_function_has_a_value_a_function_or_a_coroutine_function():
    async def stale(error):
        return f"stale, since {error}"

    wrapped = fallback(stale)(down_async)

    assert inspect.iscoroutinefunction(wrapped)
    assert await wrapped("y") == "stale, since y is down"
    assert await fallback(lambda error: stale(error))(down_async)("z") == "stale, since z is down"
    assert await fallback(3)(down_async)() == 3
    assert await fallback(list).call(down_async) == []


async def test_an_async_fallback_that_fails_too_tells_of_both():
    async def also_down():
        raise WorldError("the cache is gone")

    with pytest.raises(WorldError, match="cache") as raised:
        await fallback(also_down)(down_async)()

    assert repr(raised.value.__cause__) == "TransientError('x is down')"
    with pytest.raises(TransientError):
        await fallback(0, OSError)(down_async)()
    with pytest.raises(TransientError):
        await fallback(0, lambda error: False)(down_async)()


def test_a_sync_function_cannot_await_its_fallback():
    async def stale():
        return 0

    with pytest.raises(ConfigurationError, match=r"synchronous .*down cannot await"):
        fallback(stale)(down)
