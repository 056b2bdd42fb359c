"""The contracts of ``validated``, which asks the annotations, and of ``deprecated``.

The subject offers ``validated`` and ``validated(result=True)``, and ``deprecated(since=..., removed_in=...,
alternative=...)``. Whether ``"3"`` is taken for an int is left open.
"""

import sys
import warnings
from collections.abc import Callable
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._data_scenes import expect_error
from groundwork.testing.contracts._failures import caught, expect
from groundwork.testing.contracts._mod_scenes import plain

CHECKS = Contract("modeling/validated")
DEPRECATED = Contract("modeling/deprecated")


class Table:
    """A class of one's own, as an annotation."""


@CHECKS.check(
    Level.BASIC,
    rule="An argument that its annotation does not allow is refused by name, before anything runs.",
    why="epochs='ten' is noticed after the four hours in which the data were prepared.",
    hint="typing.get_type_hints(fn) has the types; signature.bind(*args, **kwargs).arguments the values, by name.",
)
def a_wrong_argument_is_refused(subject: Any, lab: Lab) -> None:
    """Wrong ones by place, by name and inside a list; and all that is right."""
    calls: list[Any] = []

    @plain(subject.validated)
    def train(table: Table, epochs: int, names: list[str], *, rate: float = 0.1, depth: int | None = None) -> int:
        calls.append((epochs, names, rate, depth))
        return epochs

    table = Table()
    wrong: list[tuple[str, Callable[[], Any]]] = [
        ("epochs", lambda: train(table, "ten", ["a"])),
        ("epochs", lambda: train(table, epochs=None, names=["a"])),
        ("names", lambda: train(table, 3, ["a", 7])),
        ("names", lambda: train(table, 3, 7)),
        ("table", lambda: train("flights", 3, ["a"])),
        ("rate", lambda: train(table, 3, ["a"], rate="fast")),
        ("depth", lambda: train(table, 3, ["a"], depth="deep")),
    ]
    for name, call in wrong:
        _expect_refused(call, f"a wrong value for {name}", name)
    expect(calls, [], "calls that got through to the function")
    expect([train(table, 3, ["a"]), train(table, 4, [], rate=1, depth=2)], [3, 4], "results of right calls")
    expect(calls, [(3, ["a"], 0.1, None), (4, [], 1, 2)], "what the function got")


def _expect_refused(call: Callable[[], Any], what: str, naming: str) -> None:
    # A TypeError is what Python itself raises for a wrong argument: it is a refusal if it names the parameter.
    error = caught(call, what)
    if naming not in str(error):
        raise ContractBroken(f"{what} raised {type(error).__name__}: {str(error)[:80]}; expected it to name {naming}")


@CHECKS.check(
    Level.EDGE,
    rule="Annotations that are texts count, those that are missing do not, and a default is taken as it is.",
    why="With `from __future__ import annotations` all of them are texts, and a check that reads these asks nothing.",
    hint="fn.__annotations__ has the texts; typing.get_type_hints(fn) evaluates them.",
    after=["a_wrong_argument_is_refused"],
)
def annotations_of_every_kind_count(subject: Any, lab: Lab) -> None:
    """A text, none at all, ``*args``, ``**kwargs``, and a default that its annotation does not allow."""

    @plain(subject.validated)
    def train(rows: "int", name=None, *sizes: int, seed: int = None, **options: float) -> int:  # type: ignore  # noqa: RUF013
        return rows

    expect([train(1), train(1, object(), 2, 3), train(1, seed=4, rate=0.5)], [1, 1, 1], "results of right calls")
    wrong: list[tuple[str, Callable[[], Any]]] = [
        ("rows", lambda: train("many")),
        ("sizes", lambda: train(1, "a", 2, "b")),
        ("seed", lambda: train(1, seed="x")),
        ("rate", lambda: train(1, rate="fast")),
    ]
    for name, call in wrong:
        error = caught(call, f"a wrong value for {name}")
        if name not in str(error) and not (name == "rate" and "options" in str(error)):
            raise ContractBroken(f"a wrong value for {name} raised {str(error)[:80]!r}; expected it to name {name}")


@CHECKS.check(
    Level.EDGE,
    rule="With result=True what the function returns is checked as well.",
    why="A function that promises a float and gives None moves the error to a place where nobody can explain it.",
    hint="The type hints have it under 'return'.",
    after=["a_wrong_argument_is_refused"],
)
def a_wrong_result_is_refused(subject: Any, lab: Lab) -> None:
    """A function that now and then returns None."""

    def score(rows: int) -> float:
        return 0.5 if rows else None  # type: ignore[return-value]

    checked = subject.validated(result=True)(score)
    expect(checked(1), 0.5, "a result that is right")
    caught(lambda: checked(0), "a function that promises a float and returned None")
    expect(subject.validated(score)(0), None, "a wrong result that is not to be checked")


@DEPRECATED.check(
    Level.EDGE,
    rule="Whoever calls it is warned, at the line of the call, with what to use instead; the call works as before.",
    why="A warning that points into the decorator says the same for every caller, and Python shows it once or never.",
    hint="warnings.warn(text, DeprecationWarning, stacklevel=2): one frame up is the caller.",
)
def a_deprecated_call_warns_its_caller(subject: Any, lab: Lab) -> None:
    """One call; then one that the filters make an error."""

    @plain(subject.deprecated(since="0.2", removed_in="0.4", alternative="load_table"))
    def load_csv(path: str) -> str:
        return path

    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        line = sys._getframe().f_lineno + 1
        expect(load_csv("a.csv"), "a.csv", "what a deprecated function returned")
    if [each.category for each in seen] != [DeprecationWarning]:
        names = [each.category.__name__ for each in seen]
        raise ContractBroken(f"the warnings were {names}; expected one DeprecationWarning")
    text = str(seen[0].message)
    if missing := [word for word in ("load_csv", "load_table", "0.2", "0.4") if word not in text]:
        raise ContractBroken(f"the warning says {text!r}; expected {missing[0]} in it")
    expect((seen[0].filename, seen[0].lineno), (__file__, line), "where the warning points to")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expect_error(lambda: load_csv("a.csv"), "a deprecated call where warnings are errors", naming="load_table")
