import pytest

from groundwork.errors import UsageError
from groundwork.testing import Contract, Level

WORDS = {"rule": "A rule.", "why": "A reason.", "hint": "A hint."}


def contract_of_two():
    contract = Contract("part/topic")

    @contract.check(Level.BASIC, **WORDS)
    def first(subject, lab): ...

    @contract.check(Level.EDGE, after=["first"], posix="no links there", **WORDS)
    def second(subject, lab): ...

    return contract


def test_checks_keep_their_order_and_can_be_found_by_id_or_position():
    contract = contract_of_two()

    assert [check.id for check in contract] == ["first", "second"]
    assert (contract[0], contract[1]) == (contract["first"], contract["second"])
    assert (len(contract), contract["second"].after, contract["second"].posix) == (2, ("first",), "no links there")


@pytest.mark.parametrize(("name", "hint"), [("fist", "did you mean first?"), ("another", None)])
def test_an_unknown_check_is_answered_with_those_that_are_like_it(name, hint):
    with pytest.raises(UsageError, match=f"part/topic has no check '{name}'") as caught:
        contract_of_two()[name]

    assert hint == caught.value.hint


def test_an_id_is_taken_once():
    contract = contract_of_two()

    def first(subject, lab): ...

    with pytest.raises(UsageError, match="two checks named first"):
        contract.check(Level.BASIC, **WORDS)(first)


def test_a_prerequisite_must_stand_above_so_that_there_are_no_circles():
    def third(subject, lab): ...

    with pytest.raises(UsageError, match="third comes after fourth"):
        contract_of_two().check(Level.BASIC, after=["fourth"], **WORDS)(third)


def test_checks_of_another_contract_are_included_in_order_and_their_names_stay_unique():
    whole, topic = Contract("part"), Contract("part/topic")
    words = {"rule": "A rule.", "why": "A reason.", "hint": "A hint."}

    @topic.check(Level.BASIC, **words)
    def one(subject, lab): ...

    @topic.check(Level.EDGE, after=["one"], **words)
    def two(subject, lab): ...

    whole.include(topic)

    assert list(whole) == list(topic)
    with pytest.raises(UsageError, match="two checks named one"):
        whole.include(topic)
    with pytest.raises(UsageError, match="two comes after one"):
        Contract("other").include([topic["two"]])
