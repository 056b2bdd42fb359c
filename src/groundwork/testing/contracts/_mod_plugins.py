"""The contract of ``register`` and ``find_plugin``: names that a configuration can say.

The subject offers ``register(kind, name, value)``, or as a decorator ``@register(kind, name)``, and
``find_plugin(kind, name)``. Kinds are "metric" (a function of outcome and prediction), "step", "estimator", "format".
"""

import itertools
from collections.abc import Callable
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import expect_error
from groundwork.testing.contracts._failures import caught, expect

CHECKS = Contract("modeling/plugins")

_NUMBERS = itertools.count(1)
# A registry is there for the whole process, and so are the names that earlier checks have put into it.


def _names(*words: str) -> list[str]:
    number = next(_NUMBERS)
    return [f"{word}_{number}" for word in words]


def _worst(outcome: Any, prediction: Any) -> float:
    return float(max(abs(outcome - prediction)))


def _middle(outcome: Any, prediction: Any) -> float:
    return float(sorted(abs(outcome - prediction))[len(outcome) // 2])


@CHECKS.check(
    Level.BASIC,
    rule="What was registered is found by kind and name; the decorator gives the function back as it was.",
    why="`metric: worst_error` in a file has to become a function, and not by eval.",
    hint="A dict from (kind, name) to value. register without a value returns a function that registers and returns.",
)
def what_was_registered_is_found(subject: Any, lab: Lab) -> None:
    """A function and a decorator; one name of two kinds."""
    worst, middle = _names("worst", "middle")
    subject.register("metric", worst, _worst)
    expect(subject.find_plugin("metric", worst), _worst, "a metric that was registered")

    def own(outcome: Any, prediction: Any) -> float:
        return 1.0

    def step(job: Any, **outputs: Any) -> None:
        """Do nothing."""

    expect(subject.register("metric", middle)(own), own, "what the decorator gave back")
    subject.register("step", middle, step)
    found = [subject.find_plugin(kind, middle) for kind in ("metric", "step")]
    expect(found, [own, step], "a metric and a step of one name")


@CHECKS.check(
    Level.FAULT,
    rule="A name that is taken is refused, by its name, and stays what it was.",
    why="Two packages bring a metric called f1; which of them the gate asks depends on who was imported first.",
    hint="Look before you write into the dict.",
    after=["what_was_registered_is_found"],
)
def a_taken_name_is_refused(subject: Any, lab: Lab) -> None:
    """Another function under a name, both ways."""
    (worst,) = _names("worst")
    subject.register("metric", worst, _worst)
    ways: list[Callable[[], Any]] = [
        lambda: subject.register("metric", worst, _middle),
        lambda: subject.register("metric", worst)(_middle),
    ]
    for way in ways:
        expect_error(way, f"registering another function as {worst}", naming=worst)
        expect(subject.find_plugin("metric", worst), _worst, f"{worst} afterwards")


@CHECKS.check(
    Level.EDGE,
    rule="An unknown name is an error that says it and lists those of its kind that there are.",
    why="KeyError: 'wrost_error', three calls deep, says neither that the file is wrong nor what would be right.",
    hint="sorted(name for kind_, name in entries if kind_ == kind) belongs into the message.",
    after=["what_was_registered_is_found"],
)
def an_unknown_name_lists_what_there_is(subject: Any, lab: Lab) -> None:
    """A misspelt metric; and a metric asked for as a step."""
    first, second, third = _names("first", "second", "third")
    subject.register("metric", first, _worst)
    subject.register("metric", second, _middle)
    subject.register("step", third, _middle)
    _expect_listed(subject, "metric", "frist_error", [first, second], third)
    _expect_listed(subject, "step", first, [third], second)


def _expect_listed(subject: Any, kind: str, name: str, known: list[str], of_another_kind: str) -> None:
    error = caught(lambda: subject.find_plugin(kind, name), f"find_plugin({kind!r}, {name!r})")
    text = f"{error} {getattr(error, 'hint', '')}"
    if missing := [each for each in (name, *known) if each not in text]:
        raise ContractBroken(f"the error says {text[:120]!r}; expected {missing[0]} in it")
    if of_another_kind in text:
        raise ContractBroken(f"the error for a {kind} lists {of_another_kind}; expected no names of another kind")
