"""The contract of all the decorators: what they decorate stays what it is, and importing them does nothing."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._failures import expect, run
from groundwork.testing.contracts._mod_processes import effects_of_import

CHECKS = Contract("modeling/decorators")


def _decorators(subject: Any) -> dict[str, Callable[[Any], Any]]:
    """All of them, so that nothing is said aloud."""
    return {
        "timed": subject.timed(hook=lambda record: None),
        "logged": subject.logged,
        "cached": subject.cached(max_entries=8),
        "validated": subject.validated,
    }


@CHECKS.check(
    Level.BASIC,
    rule="A decorated function has the name, the docstring and the signature of the one below.",
    why="help(), editors, pickle, pytest and every library that looks at parameters see `wrapper(*args, **kwargs)`.",
    hint="functools.wraps(fn) above the inner function does all of it.",
)
def a_decorated_function_stays_itself(subject: Any, lab: Lab) -> None:
    """Each decorator, with a function that has every kind of parameter."""

    def below(rows: int, /, name: str = "a", *more: int, depth: int = 3, **options: int) -> str:
        """Say what it got."""
        return f"{rows} {name} {depth}"

    for name, decorate in _decorators(subject).items():
        made = decorate(below)
        expect((made.__name__, made.__doc__), ("below", "Say what it got."), f"__name__ and __doc__ under {name}")
        expect((made.__module__, made.__qualname__), (below.__module__, below.__qualname__), f"its home under {name}")
        expect(str(inspect.signature(made)), str(inspect.signature(below)), f"the signature under {name}")
        expect(made(1, "b", 2, depth=5, width=7), "1 b 5", f"the result under {name}")


@CHECKS.check(
    Level.EDGE,
    rule="A decorated coroutine function is one, and each call of it can be awaited.",
    why="A server that asks iscoroutinefunction runs it in a thread, where it makes coroutines that nobody awaits.",
    hint="A wrapper that awaits has to be async def; what a cache keeps is the result, not the coroutine.",
    after=["a_decorated_function_stays_itself"],
)
def a_coroutine_function_stays_one(subject: Any, lab: Lab) -> None:
    """Each decorator; awaited twice with the same argument."""

    async def fetch(row: int) -> int:
        await lab.clock.sleep_async(1.0)
        return row + 1

    for name, decorate in _decorators(subject).items():
        made = decorate(fetch)
        expect(inspect.iscoroutinefunction(made), True, f"iscoroutinefunction under {name}")

        async def main(made: Any = made) -> list[Any]:
            return [await made(1), await made(1), await made(2)]

        expect(run(lab, main()), [2, 2, 3], f"three awaits under {name}")


@CHECKS.check(
    Level.EDGE,
    rule="Methods and classmethods can be decorated, and two instances are two.",
    why="A wrapper that is an object of a class is no method: it is called without self.",
    hint="A function becomes a method by itself. An object of a class with __call__ does not, without __get__.",
    after=["a_decorated_function_stays_itself"],
)
def methods_are_decorated_too(subject: Any, lab: Lab) -> None:
    """Two models with prices of their own, each decorator."""
    for name, decorate in _decorators(subject).items():

        class Model:
            def __init__(self, price: int) -> None:
                self.price = price

            @decorate
            def cost(self, rows: int) -> int:
                return self.price * rows

            @classmethod
            @decorate
            def of(cls, price: int) -> Any:
                return cls(price)

        cheap, dear = Model(1), Model.of(10)
        expect([cheap.cost(2), dear.cost(2), cheap.cost(2)], [2, 20, 2], f"two instances under {name}")
        expect(Model.cost(dear, 3), 30, f"called on the class under {name}")


@CHECKS.check(
    Level.EDGE,
    rule="Several of them on one function each do their work.",
    why="They are made to be combined: checked, then cached, then timed, then logged.",
    hint="A decorator takes a function and returns a function, and knows nothing of the others.",
    after=["a_decorated_function_stays_itself"],
)
def decorators_can_be_stacked(subject: Any, lab: Lab) -> None:
    """Timed over cached over validated."""
    seen: list[Any] = []
    calls: list[int] = []

    def square(number: int) -> int:
        calls.append(number)
        return number * number

    made = functools.reduce(
        lambda below, decorate: decorate(below),
        [subject.validated, subject.cached(max_entries=8), subject.timed(hook=seen.append, clock=lab.clock)],
        square,
    )
    expect([made(4), made(4), made(5)], [16, 16, 25], "three calls of a function with three decorators")
    expect((calls, len(seen)), ([4, 5], 3), "computations, and records of time")
    expect(made.__name__, "square", "the name under three decorators")


@CHECKS.check(
    Level.FAULT,
    rule="Importing the module prints nothing, starts nothing, configures nothing and seeds nothing.",
    why="Whoever imports one function of it gets another log format, other random numbers and a thread as well.",
    hint="At module level stand definitions only; what runs belongs into main(), below if __name__ == '__main__'.",
)
def importing_does_nothing(subject: Any, lab: Lab) -> None:
    """Imported in a new process, which looks around before and after; then one decorator is used there."""
    effects = effects_of_import(subject, lab)
    if effects:
        raise ContractBroken(f"importing it {effects[0]}; expected definitions only")
