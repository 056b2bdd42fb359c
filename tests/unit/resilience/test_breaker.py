import contextvars
import functools
import gc
import inspect
import pickle
import weakref

import pytest

from groundwork.errors import CircuitOpen, ConfigurationError
from groundwork.resilience import BreakerState, CircuitBreaker, CountWindow, TimeWindow, retry


def small(clock, **options):
    """Opens at two failures in four calls."""
    return CircuitBreaker("prices", **{"window": 4, "minimum_calls": 2, "cooldown_s": 5.0, "clock": clock} | options)


def fail(breaker, error=OSError):
    with pytest.raises(error), breaker:
        raise error("down")


def opened(clock, **options):
    breaker = small(clock, **options)
    for _ in range(2):
        fail(breaker)
    assert breaker.state == "open"
    return breaker


def half_open(clock, **options):
    breaker = opened(clock, **options)
    clock.advance(5)
    return breaker


def answer(value="done"):
    return value


class TestClosed:
    def test_it_lets_calls_through_unchanged(self, clock):
        breaker = small(clock)

        with breaker as entered:
            pass

        assert (breaker.call(answer, value=3), breaker(answer)(4), entered) == (3, 4, breaker)
        assert (breaker.state, breaker.snapshot().calls) == ("closed", 3)

    def test_it_opens_when_the_rate_is_reached(self, clock):
        breaker = small(clock, minimum_calls=4)
        states = []

        for failing in (False, True, False, True):
            if failing:
                fail(breaker)
            else:
                breaker.call(answer)
            states.append(breaker.state.value)

        assert states == ["closed", "closed", "closed", "open"]

    def test_too_few_calls_do_not_open_it(self, clock):
        breaker = small(clock, minimum_calls=3)

        fail(breaker)
        fail(breaker)

        assert breaker.state == "closed"

    def test_failures_that_left_the_window_are_forgotten(self, clock):
        breaker = small(clock)

        fail(breaker)
        for _ in range(4):
            breaker.call(answer)
        fail(breaker)

        assert breaker.state == "closed"

    def test_failures_that_are_too_long_ago_are_forgotten(self, clock):
        breaker = small(clock, window=TimeWindow(10, 5))

        fail(breaker)
        clock.advance(11)
        fail(breaker)
        assert breaker.state == "closed"
        fail(breaker)

        assert breaker.state == "open"

    def test_only_chosen_exceptions_count_and_others_are_answers(self, clock):
        breaker = small(clock, on=(OSError, TimeoutError))

        for _ in range(3):
            fail(breaker, KeyError)

        snapshot = breaker.snapshot()
        assert (snapshot.state, snapshot.calls, snapshot.failed) == ("closed", 3, 0)

    def test_a_function_may_say_what_is_a_failure(self, clock):
        breaker = small(clock, on=lambda error: "5" in str(error))

        for words in ("404", "404", "503"):
            with pytest.raises(OSError, match=words), breaker:
                raise OSError(words)
        assert breaker.state == "closed"
        with pytest.raises(OSError, match="503"), breaker:
            raise OSError("503")

        assert breaker.state == "open"

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_what_ends_the_program_is_not_counted(self, clock, kind):
        breaker = small(clock)

        def end():
            raise kind

        for _ in range(3):
            with pytest.raises(kind), breaker:
                end()
            with pytest.raises(kind):
                breaker.call(end)

        assert (breaker.state, breaker.snapshot().calls) == ("closed", 0)

    def test_a_result_is_not_held(self, clock):
        class Result:
            pass

        breaker = small(clock)
        result = breaker.call(Result)
        gone = weakref.ref(result)

        del result
        gc.collect()

        assert gone() is None


class TestSlowCalls:
    def take(self, breaker, clock, seconds):
        with breaker:
            clock.advance(seconds)

    def test_a_slow_call_is_a_failure(self, clock):
        breaker = small(clock, slow_call_s=1.0)

        self.take(breaker, clock, 0.9)
        self.take(breaker, clock, 1.0)
        assert breaker.state == "open"

        assert "1 of the last 2 calls failed or were slow" in breaker.snapshot().reason

    def test_a_decorated_slow_call_is_a_failure(self, clock):
        breaker = small(clock, slow_call_s=1.0)
        slow = breaker(functools.partial(self.take_s, clock, 1.0))

        slow()
        slow()

        assert breaker.state == "open"

    def take_s(self, clock, seconds):
        clock.advance(seconds)

    def test_a_slow_answer_by_exception_is_slow(self, clock):
        breaker = small(clock, slow_call_s=1.0, on=OSError)

        for _ in range(2):
            with pytest.raises(KeyError), breaker:
                clock.advance(2)
                raise KeyError("no such row")

        assert breaker.state == "open"

    def test_slow_calls_may_have_a_rate_of_their_own(self, clock):
        breaker = small(clock, slow_call_s=1.0, slow_rate=1.0, minimum_calls=3, window=3)

        self.take(breaker, clock, 2)
        fail(breaker)
        self.take(breaker, clock, 2)
        assert (breaker.state, breaker.snapshot().slow, breaker.snapshot().failed) == ("closed", 2, 1)
        self.take(breaker, clock, 2)
        self.take(breaker, clock, 2)

        assert (breaker.state, breaker.snapshot().reason) == ("open", "3 of the last 3 calls took 1 s or more")

    def test_a_slow_probe_opens_it_again(self, clock):
        breaker = half_open(clock, slow_call_s=1.0)

        self.take(breaker, clock, 1)

        assert (breaker.state, breaker.snapshot().reason) == ("open", "a probe was slow")


class TestOpen:
    def test_it_refuses_without_trying(self, clock):
        breaker = opened(clock)
        clock.advance(1.5)

        with pytest.raises(CircuitOpen) as raised:
            breaker.call(pytest.fail, "was called")

        error = raised.value
        assert (error.name, error.state, error.retry_after_s) == ("prices", "open", 3.5)
        assert error.context == {"name": "prices", "state": "open", "retry_after_s": 3.5}
        assert str(error) == (
            "circuit 'prices' is open: 2 of the last 2 calls failed, the last with OSError: down; "
            "it lets a call through in 3.5 s"
        )

    def test_the_refusal_survives_pickle(self, clock):
        with pytest.raises(CircuitOpen) as raised, opened(clock):
            pass

        again = pickle.loads(pickle.dumps(raised.value))

        assert (again.args, again.context, again.retry_after_s, again.name, again.state) == (
            raised.value.args,
            raised.value.context,
            5.0,
            "prices",
            "open",
        )

    def test_every_form_is_refused_and_counted(self, clock):
        breaker = opened(clock)

        with pytest.raises(CircuitOpen), breaker:
            pytest.fail("was entered")
        with pytest.raises(CircuitOpen):
            breaker(answer)()

        assert breaker.snapshot().refused == 2

    def test_the_reason_is_told_in_the_words_of_a_window_of_time(self, clock):
        breaker = opened(clock, window=TimeWindow(60))

        assert breaker.snapshot().reason == "2 of 2 calls within 60 s failed, the last with OSError: down"

    def test_a_retry_waits_for_it_as_long_as_it_says(self, clock):
        breaker = opened(clock)

        assert retry(on=CircuitOpen, clock=clock)(breaker(answer))("back") == "back"
        assert (clock.sleeps, breaker.state) == ([5.0], "closed")

    def test_results_of_calls_that_began_before_do_not_count(self, clock):
        breaker = small(clock)

        with breaker:
            fail(breaker)
            fail(breaker)

        assert breaker.state == "open"


class TestHalfOpen:
    def test_one_probe_goes_through_and_closes_it(self, clock):
        breaker = half_open(clock)

        with breaker:
            assert breaker.state == "half_open"
            with pytest.raises(CircuitOpen, match="half open: the cooldown is over; it waits for what") as raised:
                breaker.call(answer)

        assert raised.value.retry_after_s is None
        assert (breaker.state, breaker.snapshot().calls) == ("closed", 0)

    def test_a_moment_before_nobody_goes_through(self, clock):
        breaker = opened(clock)
        clock.advance(4.999)

        with pytest.raises(CircuitOpen):
            breaker.call(answer)

    def test_a_failed_probe_begins_the_cooldown_anew(self, clock):
        breaker = half_open(clock)

        fail(breaker)

        assert (breaker.state, breaker.snapshot().retry_after_s) == ("open", 5.0)
        clock.advance(5)
        assert (breaker.call(answer), breaker.state) == ("done", "closed")

    def test_as_many_probes_as_asked_for_must_succeed(self, clock):
        breaker = half_open(clock, probes=2)

        breaker.call(answer)
        assert breaker.state == "half_open"
        with breaker, pytest.raises(CircuitOpen), breaker:
            pytest.fail("a third probe went through")

        assert breaker.state == "closed"

    def test_one_failed_probe_of_several_is_enough(self, clock):
        breaker = half_open(clock, probes=3)

        breaker.call(answer)
        fail(breaker)

        assert breaker.state == "open"

    def test_an_answer_by_exception_is_a_success(self, clock):
        breaker = half_open(clock, on=OSError)

        fail(breaker, KeyError)

        assert breaker.state == "closed"

    @pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
    def test_a_probe_that_was_ended_frees_its_slot(self, clock, kind):
        breaker = half_open(clock)

        fail(breaker, kind)

        assert (breaker.state, breaker.snapshot().probes) == ("half_open", 0)
        assert (breaker.call(answer), breaker.state) == ("done", "closed")

    def test_a_probe_frees_its_slot_when_the_judge_of_its_error_fails(self, clock):
        def judge(error):
            if str(error) == "down":
                return True
            raise RuntimeError("cannot judge")

        breaker = half_open(clock, on=judge)

        with pytest.raises(RuntimeError, match="cannot judge"), breaker:
            raise OSError("odd")

        assert breaker.snapshot().probes == 0

    def test_a_probe_that_never_ends_gives_up_its_slot(self, clock):
        breaker = half_open(clock, probe_timeout_s=60)

        with breaker:
            clock.advance(59.9)
            with pytest.raises(CircuitOpen):
                breaker.call(answer)
            clock.advance(0.1)
            assert breaker.call(answer) == "done"
            assert breaker.state == "closed"

    def test_a_late_probe_still_says_that_calls_succeed(self, clock):
        breaker = half_open(clock)

        with breaker:
            clock.advance(60)

        assert breaker.state == "closed"

    def test_a_probe_of_an_earlier_half_open_period_says_nothing(self, clock):
        breaker = half_open(clock)

        with pytest.raises(OSError, match="late"), breaker:
            clock.advance(5)
            fail(breaker)
            clock.advance(5)
            breaker.call(answer)
            assert breaker.state == "closed"
            raise OSError("late")

        assert (breaker.state, breaker.snapshot().failed) == ("closed", 0)

    def test_a_call_from_before_it_opened_is_no_probe(self, clock):
        breaker = small(clock)

        with breaker:
            fail(breaker)
            fail(breaker)
            clock.advance(5)
            with breaker:
                pass
            assert breaker.state == "closed"
            before = breaker.snapshot().calls

        assert (before, breaker.snapshot().calls) == (0, 0)


class TestOperators:
    def test_forced_open_refuses_until_reset(self, clock):
        breaker = small(clock)
        breaker.force_open()
        clock.advance(1e6)

        with pytest.raises(CircuitOpen, match=r"is forced open: forced open; it stays so until reset\(\)") as raised:
            breaker.call(answer)

        assert (raised.value.state, raised.value.retry_after_s) == ("forced_open", None)
        breaker.reset()
        assert (breaker.call(answer), breaker.state) == ("done", "closed")

    def test_forced_closed_lets_through_whatever_fails(self, clock):
        breaker = opened(clock)
        breaker.force_closed()

        for _ in range(9):
            fail(breaker)

        assert (breaker.state, breaker.snapshot().failed) == ("forced_closed", 4)

    def test_a_reset_forgets_failures(self, clock):
        breaker = small(clock)
        fail(breaker)

        breaker.reset()
        fail(breaker)

        assert (breaker.state, breaker.snapshot().failed) == ("closed", 1)

    def test_a_probe_does_not_overrule_an_operator(self, clock):
        breaker = half_open(clock)

        with breaker:
            breaker.force_open()

        assert breaker.state == "forced_open"


class TestForms:
    def test_what_is_decorated_keeps_its_name_and_signature(self, clock):
        @small(clock)
        def price(key: str, *, day: int = 1) -> float:
            """The price."""
            return day * 2.0

        assert (price.__name__, price.__doc__) == ("price", "The price.")
        assert str(inspect.signature(price)) == "(key: str, *, day: int = 1) -> float"
        assert price("a", day=3) == 6.0

    def test_methods_of_all_kinds(self, clock):
        breaker = small(clock)

        class Source:
            @breaker
            def method(self, value):
                return type(self), value

            @breaker
            @classmethod
            def above(cls, value):
                return cls, value

            @classmethod
            @breaker
            def below(cls, value):
                return cls, value

            @breaker
            @staticmethod
            def static(value):
                return value

        assert (Source().method(1), Source.above(2), Source.below(3)) == ((Source, 1), (Source, 2), (Source, 3))
        assert (Source.static(4), breaker.snapshot().calls) == (4, 4)

    def test_a_generator_is_judged_by_its_first_item(self, clock):
        breaker = small(clock)

        @breaker
        def items(first_fails):
            if first_fails:
                raise OSError("no first")
            yield 1
            raise OSError("after the first")

        with pytest.raises(OSError, match="after the first"):
            list(items(False))
        assert breaker.snapshot().failed == 0
        with pytest.raises(OSError, match="no first"):
            list(items(True))

        with pytest.raises(CircuitOpen):
            next(items(False))

    def test_a_generator_that_nobody_begins_takes_no_slot(self, clock):
        breaker = half_open(clock)

        @breaker
        def items():
            yield 1

        items().close()

        assert breaker.call(answer) == "done"

    def test_blocks_of_two_breakers_may_end_in_any_order(self, clock):
        first, second = small(clock), small(clock)

        def block(breaker):
            with breaker:
                yield

        running = [block(first), block(second)]
        for generator in running:
            next(generator)
        for generator in running:
            next(generator, None)

        assert [first.snapshot().calls, second.snapshot().calls] == [1, 1]

    def test_a_block_left_in_another_context_counts_for_the_present_period(self, clock):
        breaker = small(clock)

        for _ in range(2):
            contextvars.Context().run(breaker.__enter__)
            breaker.__exit__(OSError, OSError("down"), None)
        assert breaker.state == "open"
        breaker.__exit__(None, None, None)
        clock.advance(5)
        contextvars.Context().run(breaker.__enter__)
        breaker.__exit__(None, None, None)

        assert breaker.state == "closed"

    def test_a_block_leaves_nothing_behind(self, clock):
        breaker = small(clock)
        gone = weakref.ref(breaker)

        with breaker:
            pass
        fail(breaker)
        del breaker
        gc.collect()

        assert gone() is None

    def test_it_says_what_it_is(self, clock):
        assert repr(opened(clock)) == "CircuitBreaker('prices', open)"
        assert opened(clock).state is BreakerState.OPEN

    def test_it_looks_back_on_calls_or_on_seconds(self, clock):
        last = small(clock, window=CountWindow(2))
        recent = small(clock, window=TimeWindow(10))

        for breaker in (last, recent):
            for _ in range(4):
                breaker.call(answer)
        assert [last.snapshot().calls, recent.snapshot().calls] == [2, 4]
        clock.advance(11)

        assert [last.snapshot().calls, recent.snapshot().calls] == [2, 0]

    def test_without_a_clock_it_takes_the_system_s(self):
        with CircuitBreaker("system", slow_call_s=3600) as breaker:
            pass

        assert breaker.snapshot().calls == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"failure_rate": 0}, "failure_rate=0 cannot work; give a finite number above 0, at most 1"),
        ({"failure_rate": 1.1}, "failure_rate=1.1 cannot work"),
        ({"failure_rate": float("nan")}, "failure_rate=nan cannot work"),
        ({"slow_call_s": 1, "slow_rate": 2}, "slow_rate=2 cannot work"),
        ({"slow_rate": 0.5}, "slow_rate=0.5 needs slow_call_s"),
        ({"minimum_calls": 0}, "minimum_calls=0 cannot work; give a whole number of 1 or more"),
        ({"minimum_calls": 5}, "minimum_calls=5 never fit into a window of 4 calls"),
        ({"probes": 0}, "probes=0 cannot work"),
        ({"probes": True}, "probes=True cannot work"),
        ({"cooldown_s": 0}, "cooldown_s=0 cannot work"),
        ({"cooldown_s": float("inf")}, "cooldown_s=inf cannot work"),
        ({"slow_call_s": -1}, "slow_call_s=-1 cannot work"),
        ({"probe_timeout_s": 0}, "probe_timeout_s=0 cannot work"),
        ({"window": 0}, "size=0 cannot work"),
        ({"window": 60.0}, "window=60.0 is no number of calls; write TimeWindow.60. for seconds"),
        ({"window": "10"}, "size='10' cannot work"),
        ({"on": KeyboardInterrupt}, "is no subclass of Exception"),
        ({"on": (OSError, BaseException)}, "is no subclass of Exception"),
        ({"on": "OSError"}, "is no subclass of Exception"),
    ],
)
def test_values_that_cannot_work_are_refused(clock, options, words):
    with pytest.raises(ConfigurationError, match=words):
        small(clock, **options)


def test_unless_told_it_judges_ten_calls_and_waits_half_a_minute(clock):
    for window in (100, TimeWindow(60)):
        breaker = CircuitBreaker("prices", window=window, clock=clock)
        for _ in range(9):
            fail(breaker)
        assert breaker.state == "closed"

        fail(breaker)
        assert (breaker.state, breaker.snapshot().retry_after_s) == ("open", 30.0)


@pytest.mark.parametrize("name", [None, 3])
def test_a_breaker_has_a_name(name):
    with pytest.raises(ConfigurationError, match="breaker name"):
        CircuitBreaker(name)


def test_a_new_breaker_says_that_it_is_new(clock):
    assert small(clock).snapshot().reason == "it is new"


def test_a_failure_without_words_is_told_by_its_type_alone(clock):
    breaker = small(clock, window=1, minimum_calls=1)

    with pytest.raises(OSError, match=r"^$"), breaker:
        raise OSError

    assert breaker.snapshot().reason.endswith("the last with OSError")


def test_a_probe_that_gave_an_awaitable_frees_its_slot(clock):
    breaker = half_open(clock)

    async def work():
        raise AssertionError("nobody awaits it")

    def forgetful():
        return work()

    with pytest.raises(ConfigurationError, match="forgetful"):
        breaker.call(forgetful)

    assert breaker.snapshot().probes == 0
    assert breaker.call(answer) == "done"


def test_a_late_failure_of_an_earlier_probe_does_not_end_the_present_probation(clock):
    breaker = half_open(clock, probes=2)
    late, early = contextvars.copy_context(), contextvars.copy_context()
    late.run(breaker.__enter__)
    early.run(breaker.__enter__)
    early.run(breaker.__exit__, OSError, OSError("down"), None)
    clock.advance(5)

    with breaker:
        late.run(breaker.__exit__, OSError, OSError("down"), None)

    assert breaker.state == "half_open"


def test_a_late_success_of_an_earlier_probe_does_not_end_the_present_probation(clock):
    breaker = half_open(clock, probes=2)
    contexts = [contextvars.copy_context() for _ in range(2)]
    for context in contexts:
        context.run(breaker.__enter__)
    breaker.force_open()
    breaker.reset()
    for _ in range(2):
        fail(breaker)
    clock.advance(5)

    with breaker:
        for context in contexts:
            context.run(breaker.__exit__, None, None, None)
        assert breaker.state == "half_open"


def test_a_block_left_elsewhere_while_nobody_probes_counts_for_nothing(clock):
    breaker = small(clock)
    contextvars.copy_context().run(breaker.__enter__)
    for _ in range(2):
        fail(breaker)
    clock.advance(5)
    with pytest.raises(KeyboardInterrupt), breaker:
        raise KeyboardInterrupt

    breaker.__exit__(OSError, OSError("down"), None)

    assert breaker.state == "half_open"
