"""What a failing check says that it fed in: here checks of each shape, held against implementations that break."""

from functools import partial
from types import ModuleType, SimpleNamespace

import pytest

from groundwork.course import find_exercise
from groundwork.errors import ContractBroken
from groundwork.testing import Contract, Level, _smallest, load_subject, run_check

CHECKS = Contract("small")
LIMIT = 3


def add(function):
    CHECKS.check(Level.BASIC, rule="", why="", hint="")(function)
    return function


def expect(found, expected=True):
    if found != expected:
        raise ContractBroken(f"found {found}; expected {expected}")


def helper(subject, count):
    return subject.total([1] * count)


@add
def in_the_statement(subject, lab):
    given = [1, 2]
    expect(subject.total(given.copy()), 3)


@add
def where_a_name_came_from(subject, lab):
    given, other = [1, 2], [5]
    result = subject.total(given)
    subject.total(other)
    expect(result, 3)


@add
def in_a_loop(subject, lab):
    for given, expected in (([], 0), ([1, 2], 3)):
        expect(subject.total(given), expected)


@add
def by_words_alone(subject, lab):
    for what, call in (("a text", lambda: subject.total("text")),):
        expect(call() == what)


@add
def in_a_lambda(subject, lab):
    for given in ([4],):
        expect((lambda rows=given: subject.total(rows))(), 9)


@add
def of_an_object(subject, lab):
    """Made, changed, asked."""
    box = subject.Box(2)
    box.put("a", 1)
    box.put("b", LIMIT)
    expect(len(box.items), 9)


@add
def of_a_decorated_function(subject, lab):
    @subject.doubled
    def load(rows):
        return rows

    load(1)
    expect(load(4), 9)


@add
def by_a_partial(subject, lab):
    expect(partial(subject.total, [7], start=1)(), 9)


@add
def by_name(subject, lab):
    for name in ("total",):
        expect(getattr(subject, name)([8]), 9)


@add
def through_a_helper(subject, lab):
    expect(helper(subject, 2), 3)


@add
def through_a_helper_without_data(subject, lab):
    for row in (5,):
        expect(helper(subject, row))


@add
def of_the_smallest(subject, lab):
    def holds(items):
        expect(subject.total(items), 0)

    lab.smallest([0, 3, 0, 4], holds)


@add
def not_written(subject, lab):
    subject.missing([1])


class Box:
    def __init__(self, room):
        self.items = []

    def put(self, key, value):
        self.items.append(key)


def missing(rows):
    raise NotImplementedError


SUBJECT = SimpleNamespace(
    Box=Box, total=lambda rows, start=0: -1 if 3 in rows else 0, doubled=lambda fn: fn, missing=missing, __file__=None
)


@pytest.mark.parametrize(
    ("check", "given"),
    [
        ("in_the_statement", "total([1, 2])"),
        ("where_a_name_came_from", "total([1, 2])"),
        ("in_a_loop", "total([1, 2])"),
        ("by_words_alone", "what='a text'"),
        ("in_a_lambda", "total([4])"),
        ("of_an_object", "Box(2); box.put('a', 1); box.put('b', 3)"),
        ("of_a_decorated_function", "load(1); load(4)"),
        ("by_a_partial", "total([7], start=1)"),
        ("by_name", "total([8])"),
        ("through_a_helper", "helper(2)"),
        ("through_a_helper_without_data", "helper(5)"),
        ("of_the_smallest", "total([3])"),
        ("not_written", ""),
    ],
)
def test_the_input_is_the_call_that_the_failure_is_about(check, given):
    verdict = run_check(SUBJECT, CHECKS[check])

    assert ("failed", given) == (verdict.outcome, verdict.given)
    assert given == verdict.to_dict()["input"]


@pytest.mark.parametrize("wanted", ["passed", "no source"])
def test_without_a_failure_or_the_checks_text_there_is_no_input(monkeypatch, wanted):
    import inspect

    subject = SimpleNamespace(total=sum) if wanted == "passed" else SUBJECT
    verdict = run_check(subject, CHECKS["in_the_statement"])
    monkeypatch.setattr(inspect, "getsourcelines", lambda function: (_ for _ in ()).throw(OSError))

    assert "" == verdict.given


@pytest.mark.parametrize(
    ("exercise", "wrong", "check", "given"),
    [
        ("01", "expands_variables", "a_value_may_hold_anything", r"parse_env('PLAIN=$HOME\n')"),
        ("02", "nan_equals_nothing", "missing_equals_missing", "deduplicate(table of 2 rows (value=[nan, nan], "),
        ("02", "trusts_a_short_hash", "different_rows_stay", "deduplicate(table of 2 rows (flight=[4445, 4463], "),
        ("02", "leaks_groups", "a_group_lies_in_one_part", "split(table of 2 rows (flight=[399, 599], "),
        ("02", "loses_the_last_batch", "every_row_is_in_a_batch", "BatchLoader(flights(3), 4)"),
        ("02", "first_in_first_out", "a_get_refreshes", "filled('a', 'b', 'c'); cache.get('a'); cache.put('d', 4)"),
        ("03", "ranks_equal_scores_as_they_come", "equal_scores_count_half", "evaluate_classification([1, 0], [0.5]"),
        ("04", "forgets_the_line_ends", "writes_text", "atomic_write('notes-2.txt', 'w', encoding='utf-8', newline="),
        ("05", "counts_failures_not_their_share", "opens_at_the_failure_rate", "feed(guard, '+-+-')"),
        ("06", "saves_without_a_cap", "a_crowd_is_served_on_time", "served(7.0, 8.0, [(147.28711051879"),
    ],
)
def test_a_wrong_implementation_is_shown_the_smallest_input_that_it_gets_wrong(
    monkeypatch, exercise, wrong, check, given
):
    monkeypatch.setattr(_smallest, "_LIMIT_S", 1e9)  # a busy machine finds it later, and it is the same
    found = find_exercise(exercise)
    monkeypatch.syspath_prepend(found.path / "starter")
    subject = load_subject(found.path / "wrong" / f"{wrong}.py")
    assert isinstance(subject, ModuleType)

    verdict = run_check(subject, found.contract[check])

    assert given == verdict.given[: len(given)], verdict
