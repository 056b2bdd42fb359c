import functools
import gc
import inspect
import pickle
import sys
import weakref

import pytest

from groundwork.errors import ConfigurationError, DeadlineExceeded, RateLimited, RetryExhausted, TransientError
from groundwork.resilience import Backoff, Pipeline, Retry, Step, check_deadline, deadline, remaining_s, retry
from groundwork.testing import run_virtual


def steady(clock, **options):
    return retry(backoff=Backoff(1, 2, 4, "none"), clock=clock, **options)


class TestCalls:
    def test_a_call_that_succeeds_waits_for_nothing(self, clock, flaky):
        assert steady(clock)(flaky(0))("x") == "x"
        assert clock.sleeps == []

    def test_before_the_first_failure_nothing_is_built(self, clock, flaky, monkeypatch):
        monkeypatch.setattr("groundwork.resilience._retried.Attempts", None)

        @steady(clock)
        async def load():
            return "done"

        assert steady(clock)(flaky(0))() == "done"
        assert run_virtual(load()) == "done"

    def test_a_passing_failure_is_tried_again_after_growing_waits(self, clock, flaky):
        work = flaky(3)

        assert steady(clock, attempts=4)(work)() == "done"
        assert (work.calls, clock.sleeps) == (4, [1, 2, 4])

    def test_a_policy_calls_a_function_with_its_arguments(self, clock, flaky):
        assert steady(clock).call(flaky(2), value="x") == "x"
        assert clock.sleeps == [1, 2]

    def test_a_plain_retry_decorates_with_the_default_policy(self):
        calls = []

        @retry
        def load(value):
            calls.append(value)
            return value

        assert (load(3), calls) == (3, [3])

    def test_one_attempt_is_one_call(self, clock, flaky):
        work = flaky(9)

        with pytest.raises(RetryExhausted, match="1 of 1 attempts failed"):
            steady(clock, attempts=1)(work)()

        assert (work.calls, clock.sleeps) == (1, [])

    def test_five_thousand_attempts_are_no_more_than_that(self, clock, flaky):
        work = flaky(10_000)

        with pytest.raises(RetryExhausted) as raised:
            steady(clock, attempts=5000)(work)()

        assert (work.calls, len(clock.sleeps), raised.value.attempts) == (5000, 4999, 5000)

    def test_without_a_bound_on_attempts_the_deadline_ends_them(self, clock, flaky):
        work = flaky(99)

        with pytest.raises(RetryExhausted, match=r"^5 attempts failed in 11\.0 s; deadline_s=12 leaves 1\.00 s"):
            steady(clock, attempts=None, deadline_s=12)(work)()

        assert clock.sleeps == [1, 2, 4, 4]

    def test_a_seed_repeats_the_waits_of_a_policy_and_its_calls_differ(self, clock, flaky):
        def waits(seed):
            clock.sleeps = []
            policy = retry(clock=clock, seed=seed)
            policy.call(flaky(1))
            policy.call(flaky(1))
            return clock.sleeps

        assert waits(7) == waits(7)
        assert len(set(waits(7))) == 2

    def test_a_policy_can_be_pickled(self, flaky):
        policy = pickle.loads(pickle.dumps(retry(attempts=5, seed=3)))

        assert (policy.attempts, policy.call(flaky(0))) == (5, "done")


class TestWhatIsRetried:
    def test_other_errors_pass_at_once_and_unchanged(self, clock, flaky):
        work = flaky(1, ValueError)

        with pytest.raises(ValueError, match="failure 1") as raised:
            steady(clock)(work)()

        assert (work.calls, raised.value.__cause__) == (1, None)

    def test_several_types_may_be_named(self, clock, flaky):
        for error in (OSError, TransientError):
            assert steady(clock, on=(OSError, TransientError))(flaky(1, error))() == "done"

    def test_types_may_stand_first(self, clock, flaky):
        assert retry(OSError, clock=clock)(flaky(1, OSError))() == "done"

    def test_a_function_may_say_what_is_worth_another_attempt(self, clock, flaky):
        policy = steady(clock, attempts=9, on=lambda error: str(error) != "failure 3")
        work = flaky(9, ValueError)

        with pytest.raises(ValueError, match="failure 3"):
            policy(work)()

        assert work.calls == 3

    def test_a_function_may_refuse_the_first_failure(self, clock, flaky):
        with pytest.raises(ValueError, match="failure 1"):
            steady(clock, on=lambda _: False)(flaky(9, ValueError))()

    @pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
    @pytest.mark.parametrize("limit", [{}, {"deadline_s": 60.0}])
    def test_what_is_no_exception_is_never_retried(self, clock, flaky, error, limit):
        work = flaky(1, error)

        with pytest.raises(error):
            steady(clock, on=lambda _: True, **limit)(work)()

        assert work.calls == 1

    @pytest.mark.parametrize(
        "on", [BaseException, KeyboardInterrupt, (OSError, SystemExit), ("OSError",), int, "OSError"]
    )
    def test_what_is_no_exception_cannot_be_named(self, on):
        with pytest.raises(ConfigurationError, match="retry on="):
            retry(on=on)


class TestWaits:
    def test_an_error_may_ask_for_a_longer_wait(self, clock, flaky):
        steady(clock)(flaky(1, lambda message: RateLimited(message, retry_after_s=30.0)))()

        assert clock.sleeps == [30.0]

    @pytest.mark.parametrize("asked", [0.5, -3, float("nan"), "soon", None, print])
    def test_a_shorter_wish_or_one_that_means_nothing_is_no_wait(self, clock, flaky, asked):
        class Busy(OSError):
            """Another library's error, which may hold anything."""

            retry_after_s = asked

        with pytest.raises(RetryExhausted) as raised:
            steady(clock, attempts=2, on=Busy)(flaky(9, Busy))()

        assert (clock.sleeps, raised.value.retry_after_s) == ([1], 0.5 if asked == 0.5 else None)

    @pytest.mark.parametrize("asked", [1e300, float("inf")])
    def test_nobody_waits_for_years(self, clock, flaky, asked):
        with pytest.raises(RetryExhausted, match=r"1 of 3 attempts failed in 0.0 s; the wait would be"):
            steady(clock)(flaky(1, lambda message: RateLimited(message, retry_after_s=asked)))()

        assert clock.sleeps == []

    def test_no_attempt_begins_after_the_deadline_and_nobody_waits_for_it(self, clock, flaky):
        with pytest.raises(RetryExhausted, match="2 of 10 attempts failed"):
            steady(clock, attempts=10, deadline_s=2)(flaky(9))()

        assert clock.sleeps == [1]

    def test_the_deadline_counts_the_attempts_themselves(self, clock, flaky):
        start_s = clock.monotonic()

        with pytest.raises(RetryExhausted, match=r"deadline_s=0.5 leaves 0.20 s and the wait would be 1.00 s"):
            steady(clock, attempts=10, deadline_s=0.5)(flaky(9, clock=clock, takes_s=0.3))()

        assert clock.monotonic() - start_s == pytest.approx(0.3)

    def test_a_wish_beyond_the_deadline_ends_it_at_once(self, clock, flaky):
        with pytest.raises(
            RetryExhausted, match=r"deadline_s=10 leaves 10.00 s and the wait would be 30.00 s"
        ) as raised:
            steady(clock, deadline_s=10)(flaky(1, lambda message: RateLimited(message, retry_after_s=30.0)))()

        assert (clock.sleeps, raised.value.retry_after_s) == ([], 30.0)

    def test_the_deadline_around_a_call_holds_too(self, clock, flaky):
        with (
            deadline(2, clock=clock),
            pytest.raises(RetryExhausted, match=r"the deadline around the call leaves 1.00 s"),
        ):
            steady(clock, attempts=10)(flaky(9))()

        assert clock.sleeps == [1]


class TestAttemptTimeout:
    def test_a_synchronous_attempt_finds_the_shorter_limit_as_its_deadline(self, clock):
        left = []

        @steady(clock, attempt_timeout_s=5, deadline_s=8)
        def work():
            left.append(remaining_s())
            clock.advance(4)
            if len(left) == 1:
                raise TransientError("busy")

        work()

        assert (left, remaining_s()) == ([5, 3], None)

    def test_an_attempt_that_gave_up_at_its_limit_is_tried_again(self, clock):
        takes_s = iter([9, 1])

        @steady(clock, attempt_timeout_s=5)
        def work():
            clock.advance(next(takes_s))
            check_deadline()
            return "done"

        assert work() == "done"

    def test_a_deadline_of_somewhere_else_is_an_error_like_others(self, clock, flaky):
        work = flaky(1, DeadlineExceeded)

        with pytest.raises(DeadlineExceeded, match="failure 1"):
            steady(clock, attempt_timeout_s=5)(work)()


class TestGivingUp:
    def test_the_last_failure_is_the_cause_and_earlier_ones_are_notes(self, clock, flaky):
        with pytest.raises(RetryExhausted, match=r"3 of 3 attempts failed in 3\.0 s; the last: failure 3") as raised:
            steady(clock)(flaky(9))()

        assert str(raised.value.__cause__) == "failure 3"
        assert raised.value.__cause__.__context__ is None
        assert raised.value.__notes__ == ["attempt 1: failure 1", "attempt 2: failure 2"]

    def test_of_many_failures_the_latest_are_noted(self, clock, flaky):
        with pytest.raises(RetryExhausted) as raised:
            steady(clock, attempts=100)(flaky(999))()

        notes = raised.value.__notes__
        assert (len(notes), notes[0], notes[-1]) == (
            10,
            "attempts 1 to 90: left out here",
            "attempt 99: failure 99",
        )

    @pytest.mark.parametrize(("error", "words"), [(KeyError("k"), "KeyError: 'k'"), (OSError(), "OSError")])
    def test_the_words_of_a_foreign_failure_come_with_its_type(self, clock, flaky, error, words):
        with pytest.raises(RetryExhausted, match=f"the last: {words}") as raised:
            steady(clock, on=LookupError if "k" in words else OSError)(flaky(9, lambda _: error))()

        assert raised.value.__notes__ == [f"attempt 1: {words}", f"attempt 2: {words}"]

    def test_it_says_how_often_how_long_and_what_was_asked(self, clock, flaky):
        with pytest.raises(RetryExhausted) as raised:
            steady(clock)(flaky(9, lambda message: RateLimited(message, retry_after_s=2.5, hint="slow down")))()

        error = raised.value
        assert (error.attempts, error.seconds, error.retry_after_s, error.hint) == (3, 5.0, 2.5, "slow down")
        assert error.context == {"attempts": 3, "seconds": 5.0}

    def test_it_survives_pickle(self, clock, flaky):
        with pytest.raises(RetryExhausted) as raised:
            steady(clock)(flaky(9))()

        back = pickle.loads(pickle.dumps(raised.value))

        assert (back.attempts, back.seconds, back.retry_after_s, str(back)) == (3, 3.0, None, str(raised.value))
        assert (str(back.__cause__), back.__notes__) == ("failure 3", raised.value.__notes__)

    def test_nothing_of_a_failed_call_is_kept(self, clock):
        class Big:
            pass

        def work(big):
            raise TransientError("no")

        big = Big()
        gone = weakref.ref(big)
        gc.disable()
        try:
            with pytest.raises(RetryExhausted) as raised:
                steady(clock)(work)(big)
            del raised, big

            assert gone() is None
        finally:
            gc.enable()

    def test_attempts_do_not_run_while_an_exception_is_handled(self, clock):
        handled = []

        @steady(clock)
        def work():
            handled.append(sys.exception())
            if len(handled) < 3:
                raise TransientError("no")

        work()

        assert handled == [None, None, None]


class TestKinds:
    def test_the_decorated_function_keeps_its_name_and_signature(self):
        @retry(attempts=2)
        def load(path: str, rows: int = 3) -> str:
            """Load."""
            return path * rows

        assert (load.__name__, load.__doc__) == ("load", "Load.")
        assert str(inspect.signature(load)) == "(path: str, rows: int = 3) -> str"

    def test_methods_of_every_kind_are_retried(self, clock):
        class Source:
            tries = 0

            def _fail_once(self):
                self.tries += 1
                if self.tries % 2:
                    raise TransientError("no")
                return self

            @retry(clock=clock)
            def plain(self):
                return Source._fail_once(self)

            @classmethod
            @retry(clock=clock)
            def inner(cls):
                return cls._fail_once(cls)

            @retry(clock=clock)
            @classmethod
            def outer(cls):
                return cls._fail_once(cls)

            @retry(clock=clock)
            @staticmethod
            def static():
                return Source._fail_once(Source)

            @property
            @retry(clock=clock)
            def value(self):
                return Source._fail_once(self)

        source = Source()

        assert [source.plain(), source.value] == [source, source]
        assert [Source.inner(), Source.outer(), Source.static()] == [Source, Source, Source]
        assert len(clock.sleeps) == 5

    def test_a_partial_and_an_object_that_can_be_called_are_retried(self, clock, flaky):
        work = flaky(1)

        assert retry(clock=clock)(functools.partial(work, "x"))() == "x"
        assert retry(clock=clock)(flaky(1))("y") == "y"


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"attempts": 2.5},
        {"attempts": None},
        {"deadline_s": 0},
        {"deadline_s": float("nan")},
        {"deadline_s": float("inf")},
        {"attempt_timeout_s": -1},
    ],
)
def test_a_policy_that_cannot_work_is_refused(wrong):
    (name,) = wrong

    with pytest.raises(ConfigurationError, match=f"retry {name}="):
        Retry(**wrong)


class Asked:
    """An object that can be called, which is no function."""

    def __init__(self, work):
        self.work = work

    def __call__(self):
        return self.work()


def test_an_object_that_can_be_called_has_the_time_of_the_policy(clock, flaky):
    with pytest.raises(RetryExhausted, match="deadline_s=2 leaves"):
        steady(clock, attempts=9, deadline_s=2).call(Asked(flaky(9)))

    assert clock.sleeps == [1]


@pytest.mark.parametrize("form", [Asked, lambda work: lambda: work()])
def test_nothing_is_called_when_it_is_too_late(form, clock, flaky):
    work = flaky(0)

    with deadline(1, clock=clock):
        clock.advance(2)
        with pytest.raises(DeadlineExceeded):
            steady(clock).call(form(work))

    assert work.calls == 0


def test_the_listener_of_a_generator_is_told_its_name(clock):
    told, left = [], [TransientError("once"), TransientError("once")]
    policy = steady(clock, hook=told.append)

    @policy
    def rows():
        if len(left) > 1:
            raise left.pop()
        yield 1

    @policy
    async def rows_async():
        if left:
            raise left.pop()
        yield 1

    async def main():
        return [each async for each in rows_async()]

    assert list(rows()) + clock.run(main()) == [1, 1]
    assert [each.name.rpartition(".")[2] for each in told] == ["rows", "rows_async"]


def test_the_listener_of_a_step_is_told_the_name_of_its_function(clock, flaky):
    told = []
    work = flaky(1)

    def load(add):
        return work() + add

    Pipeline(
        [Step("first", functools.partial(load, add="!"), retry=steady(clock, hook=told.append))], clock=clock
    ).run()

    assert [each.name.rpartition(".")[2] for each in told] == ["load"]


def test_a_listener_that_fails_is_logged_with_what_it_was_told(clock, flaky, caplog):
    def listen(attempt):
        raise ValueError("the listener is broken")

    steady(clock, hook=listen).call(flaky(1))

    [record] = caplog.records
    assert "listen" in record.getMessage()
    assert "RetryAttempt(" in record.getMessage()
