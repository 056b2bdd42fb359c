"""A suite for intake made of laws: Hypothesis looks for values that break them."""
# ruff: noqa: PT011 - the specification fixes no words

import math
import random
from statistics import fmean, median, pstdev

import intake
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

law = settings(max_examples=15, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
numbers = st.integers(-50, 50)
readings = st.lists(st.one_of(st.none(), st.just(math.nan), st.just(math.inf), numbers), min_size=1)


def known(values, low, high):
    return [float(min(max(x, low), high)) for x in values if x is not None and x == x]


class Plan:
    """A source that fails as planned, and what happened meanwhile."""

    def __init__(self, *failures, answer="row"):
        self.failures, self.answer, self.log = list(failures), answer, []

    def source(self):
        self.log.append("call")
        if self.failures:
            raise self.failures.pop(0)
        return self.answer

    def fetch(self, **options):
        return intake.fetch(self.source, sleep=self.log.append, **options)


class TestClean:
    @law
    @given(readings.filter(lambda values: known(values, 0, 10)))
    def test_each_value_has_its_place(self, values):
        before = list(values)

        found = intake.clean(values, low=0, high=10)

        fill = median(known(values, 0, 10))
        assert [fill if x is None or x != x else min(max(x, 0), 10) for x in before] == found
        assert [*map(repr, before)] == [*map(repr, values)]

    def test_gaps_by_hand(self):
        assert intake.clean([None, 0, 0, 30, 1, math.nan], low=0, high=10) == [0.5, 0, 0, 10, 1, 0.5]
        assert intake.clean([None, 8, 20], low=0, high=10) == [9, 8, 10]
        assert intake.clean([-5, -math.inf, math.inf], low=0, high=10) == [0, 0, 10]

    def test_one_bound(self):
        assert intake.clean([1, 2, 3], low=2, high=2) == [2, 2, 2]

    def test_no_values(self):
        assert intake.clean([], low=0, high=10) == []


class TestScaler:
    @law
    @given(st.lists(numbers, min_size=2), st.lists(numbers))
    def test_it_standardises_and_back(self, learnt, values):
        scaler = intake.Scaler().fit([9, 9, 1])
        assert scaler.fit(learnt) is scaler
        width = pstdev(learnt) or 1

        found = [scaler.transform([x])[0] for x in values]

        assert found == pytest.approx([(x - fmean(learnt)) / width for x in values])
        assert scaler.inverse(found) == pytest.approx(values, abs=1e-9)

    def test_by_hand(self):
        scaler = intake.Scaler().fit([0, 0, 3])

        assert scaler.transform([0, 1, 4]) == pytest.approx([-(0.5**0.5), 0, 3 * 0.5**0.5])
        assert scaler.inverse([0, 2]) == pytest.approx([1, 1 + 2 * 2**0.5])

    def test_constants(self):
        assert intake.Scaler().fit([3, 3]).transform([3, 5]) == [0, 2]


class TestFetch:
    @law
    @given(st.integers(1, 8), st.integers(0, 9))
    def test_the_log_is_as_planned(self, attempts, failures):
        kinds = [ConnectionError, TimeoutError, BrokenPipeError]
        errors = [kinds[number % 3](number) for number in range(failures)]
        plan = Plan(*errors)

        try:
            found = plan.fetch(attempts=attempts, first_s=0.25, cap_s=1.5)
        except OSError as error:
            found = error

        calls = min(attempts, failures + 1)
        waits = [min(0.25 * 2**number, 1.5) for number in range(calls - 1)]
        assert plan.log == ["call", *(event for wait in waits for event in (wait, "call"))]
        assert found == ("row" if failures < attempts else errors[attempts - 1])

    def test_six_calls(self):
        plan = Plan(*[TimeoutError(number) for number in range(7)])

        with pytest.raises(TimeoutError, match="5"):
            plan.fetch(attempts=6)

        assert plan.log == ["call", 1, "call", 2, "call", 4, "call", 8, "call", 8, "call"]

    @pytest.mark.parametrize("answer", [None, "", 0, "row"])
    def test_any_answer_is_one(self, answer):
        plan = Plan(ConnectionError(), answer=answer)

        assert (plan.fetch(), plan.log) == (answer, ["call", 1, "call"])

    @pytest.mark.parametrize("error", [ValueError(), OSError(), StopIteration()])
    def test_any_other_error_is_final(self, error):
        plan = Plan(error)

        with pytest.raises(type(error)):
            plan.fetch()

        assert plan.log == ["call"]

    def test_chance(self):
        logs = []
        for _ in range(2):
            plan = Plan(*[TimeoutError()] * 11)
            plan.fetch(attempts=12, first_s=4, cap_s=4, chance=random.Random(5))
            logs.append(plan.log[1::2])

        assert all(2 <= wait <= 4 for wait in logs[0])
        assert len(set(logs[0])) == 11
        assert logs[0] == logs[1]


class TestBatcher:
    @law
    @given(st.integers(1, 5), st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=20))
    def test_it_is_the_model(self, size, story):
        now, waiting = [50], []
        batcher = intake.Batcher(size, 5, clock=lambda: now[0])

        for row, (seconds, flushes) in enumerate(story):
            now[0] += seconds
            waiting.append((now[0], row))
            due = len(waiting) == size or now[0] - waiting[0][0] >= 5
            expected = [row for _, row in waiting] if due else None
            waiting = [] if due else waiting
            batch = batcher.add(row)
            assert batch == expected
            if batch is not None:
                batch.clear()
            if flushes:
                assert batcher.flush() == [row for _, row in waiting]
                waiting = []
            assert len(batcher) == len(waiting)

    def test_who_has_a_batch_keeps_it(self):
        batcher = intake.Batcher(2, 5, clock=lambda: 0)
        batcher.add(1)
        batch = batcher.add(2)

        batcher.add(3)

        assert (batch, len(batcher)) == ([1, 2], 1)

    def test_ages(self):
        now = [0]
        batcher = intake.Batcher(9, 5, clock=lambda: now[0])
        found = []

        for now[0] in (0, 3, 5, 9, 13, 14, 15):
            found.append(batcher.add(now[0]))

        assert found == [None, None, [0, 3, 5], None, None, [9, 13, 14], None]


class TestRefusals:
    @pytest.mark.parametrize(
        "act",
        [
            lambda: intake.clean([None, math.nan], low=0, high=1),
            lambda: intake.clean([1], low=2, high=1),
            lambda: intake.clean([], low=2, high=1),
            lambda: intake.Scaler().fit([]),
            lambda: intake.fetch(int, attempts=0),
            lambda: intake.Batcher(0, 1),
        ],
    )
    def test_values(self, act):
        with pytest.raises(ValueError):
            act()

    def test_order(self):
        with pytest.raises(RuntimeError):
            intake.Scaler().transform([1])
        with pytest.raises(RuntimeError):
            intake.Scaler().inverse([1])

    def test_what_is_not_refused(self):
        assert intake.fetch(int, attempts=1) == 0
        assert intake.Batcher(1, 1).add(3) == [3]

    def test_what_was_learnt_stays(self):
        scaler = intake.Scaler().fit([5])

        with pytest.raises(ValueError):
            scaler.fit([])

        assert scaler.transform([6]) == [1]
