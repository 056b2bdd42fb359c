"""A contract of three checks, for graders to be tried with: ``total(numbers)`` adds them."""

from groundwork.errors import ContractBroken
from groundwork.testing import Contract, Level

CONTRACT = Contract("small")


@CONTRACT.check(Level.BASIC, rule="The sum of numbers.", why="It is what was asked for.", hint="sum")
def adds(subject, lab):
    found = subject.total([1, 2, 3])
    if not isinstance(found, int):
        raise ContractBroken(f"a {type(found).__name__}; expected a number")
    if found != 6:
        raise ContractBroken(f"{found}; expected 6")


@CONTRACT.check(Level.EDGE, rule="Of no numbers it is 0.", why="Nothing is a number too.", hint="0", after=["adds"])
def nothing_is_zero(subject, lab):
    if subject.total([]) != 0:
        raise ContractBroken("expected 0")


@CONTRACT.check(Level.EDGE, rule="Negative numbers count.", why="There are such.", hint="-")
def negatives_count(subject, lab):
    if subject.total([-1, -2]) != -3:
        raise ContractBroken("expected -3")
