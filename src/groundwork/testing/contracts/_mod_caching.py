"""The contract of ``cached``: what counts as the same call, and what is kept for how long.

The subject offers ``cached(max_entries=128, ttl_s=None, clock=...)`` and ``cached`` without arguments. Time is
``clock.monotonic()``.
"""

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect

CHECKS = Contract("modeling/cached")


def counting(calls: list[Any], result: Callable[[Any], Any] = repr) -> Callable[..., Any]:
    """Make a function that notes with what it was called."""

    def compute(value: Any, scale: Any = 1) -> Any:
        calls.append((value, scale))
        return result(value)

    return compute


def _instead(result: Any, value: Any) -> Any:
    return result


@CHECKS.check(
    Level.BASIC,
    rule="The second call with equal arguments computes nothing, whether they come by place or by name.",
    why="An embedding that takes a second is asked for a thousand times a minute with the same text.",
    hint="inspect.signature(fn).bind(*args, **kwargs), then apply_defaults(): one call is then written one way only.",
)
def a_result_is_computed_once(subject: Any, lab: Lab) -> None:
    """The same call four ways, another one, and lists and dicts as arguments."""
    calls: list[Any] = []
    made = subject.cached(counting(calls))
    expect([made("a"), made("a"), made(value="a"), made("a", 1)], ["'a'"] * 4, "one call in four ways")
    expect(len(calls), 1, "computations of one call in four ways")
    expect(made("b"), "'b'", "another argument")
    values: list[Any] = [[1, 2], {"x": [1]}, (1, (2, 3)), {"s"}]
    for value in values:
        before = len(calls)
        made(value)
        made(copy.deepcopy(value))
        expect(len(calls) - before, 1, f"computations for two equal arguments {value!r}")


@CHECKS.check(
    Level.EDGE,
    rule="1, True, 1.0 and '1' are four arguments; so are (1, 2) and [1, 2], and two results are never exchanged.",
    why="f(1) gives what f(True) computed: features of another type, found by nobody.",
    hint="1 == True == 1.0, and their hashes are equal: put type(value) beside the value into the key.",
    after=["a_result_is_computed_once"],
)
def different_arguments_are_different(subject: Any, lab: Lab) -> None:
    """What equals another and is not the same; and texts that look like other arguments."""
    calls: list[Any] = []
    made = subject.cached(max_entries=100)(counting(calls))
    for values in ((1, True, 1.0, "1"), ((1, 2), [1, 2], (1, 2.0), "(1, 2)"), ([True], [1]), ({"a": 1}, {"a": True})):
        for value in values:
            expect(made(value), repr(value), f"the result for {value!r} after that for {values[0]!r}")
    made("x", scale=2)
    before = len(calls)
    made("x", scale=3)
    made("x, 2")
    made("x", "2")
    expect(len(calls) - before, 3, "computations for ('x', 3), ('x, 2') and ('x', '2') after ('x', 2)")


@CHECKS.check(
    Level.EDGE,
    rule="Of an array all numbers count, with their type and shape, as they are at the time of the call.",
    why="str() of a large array has dots in the middle: the second batch gets the predictions of the first.",
    hint="array.tobytes() with array.dtype.str and array.shape says all of it; id(array) and str(array) do not.",
    after=["a_result_is_computed_once"],
)
def an_array_counts_by_its_content(subject: Any, lab: Lab) -> None:
    """Arrays that differ in one number in the middle, in type, in shape; one that is changed; and one that is equal."""
    import numpy as np

    calls: list[Any] = []
    made = subject.cached(max_entries=100)(counting(calls, lambda value: 1.0 + float(np.asarray(value).sum())))
    first = np.zeros(5000)
    second = first.copy()
    second[2500] = 1.0
    expect([made(first), made(second)], [1.0, 2.0], "results of two arrays that differ in the middle")
    made(first.copy())
    expect(len(calls), 2, "computations for two arrays and a copy of the first")
    first[7] = 4.0
    expect(made(first), 5.0, "the result of an array after a change in it")
    ones = np.ones((2, 3))
    made(ones)
    before = len(calls)
    for other in (ones.reshape(3, 2), ones.astype(np.float32), np.ones((2, 3), dtype=np.int64), ones.tolist()):
        made(other)
    expect(len(calls) - before, 4, "computations for the same ones in another shape, in two other types, as a list")


@CHECKS.check(
    Level.EDGE,
    rule="None, 0 and an empty list are results like others.",
    why="A search that finds nothing takes longest, and is the one that is done again each time.",
    hint="Ask `key in self.entries`, not whether what you got is true.",
    after=["a_result_is_computed_once"],
)
def an_empty_result_is_kept(subject: Any, lab: Lab) -> None:
    """Three results that are false."""
    results: list[Any] = [None, 0, []]
    for result in results:
        calls: list[Any] = []
        made = subject.cached(counting(calls, partial(_instead, result)))
        expect([made("a"), made("a"), len(calls)], [result, result, 1], "two results, and the number of computations")


@CHECKS.check(
    Level.EDGE,
    rule="At most max_entries results are kept; the one that was used longest ago goes first.",
    why="A cache without a bound is a memory leak: after a week the server is killed, at night.",
    hint="OrderedDict: move_to_end(key) at each use, popitem(last=False) when there are too many.",
    after=["a_result_is_computed_once"],
)
def a_cache_is_bounded(subject: Any, lab: Lab) -> None:
    """Room for three; the oldest is used again before a fourth comes."""
    calls: list[Any] = []
    made = subject.cached(max_entries=3)(counting(calls))
    for value in "abcabca":
        made(value)
    expect([value for value, _ in calls], list("abc"), "computations of a, b, c, a, b, c, a with room for three")
    made("d")
    calls.clear()
    for value in "acdb":
        made(value)
    expect([value for value, _ in calls], ["b"], "computations of a, c, d, b after a, b, c, a, d with room for three")


@CHECKS.check(
    Level.EDGE,
    rule="With ttl_s a result is good for so many seconds of the clock that was given.",
    why="Yesterday's weather is served for ever; and a test of it that has to wait an hour is never written.",
    hint="Keep clock.monotonic() + ttl_s beside the result; ask the clock that was passed in, not the time module.",
    after=["a_result_is_computed_once"],
)
def a_result_ends_by_the_given_clock(subject: Any, lab: Lab) -> None:
    """A minute, of which 59 seconds pass and then two more."""
    calls: list[Any] = []
    made = subject.cached(ttl_s=60.0, clock=lab.clock)(counting(calls))
    made("a")
    lab.clock.advance(59.0)
    made("a")
    expect(len(calls), 1, "computations within 59 of 60 s")
    lab.clock.advance(2.0)
    expect((made("a"), len(calls)), ("'a'", 2), "the result after 61 s, and computations by then")
