import sys
from types import ModuleType

import pytest

from groundwork.errors import ContractBroken
from groundwork.testing import Contract, Level, Outcome, load_subject, run_contract

WORDS = {"rule": "A rule.", "why": "A reason.", "hint": "A hint."}
NOTHING = ModuleType("nothing")


def contract_of(*functions, posix=None):
    contract = Contract("part/topic")
    for function in functions:
        earlier = [check.id for check in contract]
        contract.check(Level.BASIC, after=earlier, posix=posix, **WORDS)(function)
    return contract


def passes(subject, lab): ...


def breaks(subject, lab):
    raise ContractBroken("found 1; expected 2")


def comes_later(subject, lab): ...


def comes_last(subject, lab): ...


def test_what_depends_on_a_broken_check_waits_and_so_does_what_depends_on_that():
    verdicts = run_contract(NOTHING, contract_of(passes, breaks, comes_later, comes_last))

    assert [(verdict.outcome, verdict.message) for verdict in verdicts] == [
        ("passed", ""),
        ("failed", "found 1; expected 2"),
        ("waiting", "waits for breaks"),
        ("waiting", "waits for breaks, comes_later"),
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def act():\n    return {}['missing']\n", "raised KeyError (line 2): 'missing'"),
        ("def act():\n    raise NotImplementedError('act')\n", "not written yet (line 2): act"),
        ("x = 1\n", "not written yet: there is no act"),
    ],
    ids=["error", "stub", "missing name"],
)
def test_what_an_implementation_raises_or_lacks_is_a_failure_said_with_its_line(tmp_path, source, message):
    file = tmp_path / "mine.py"
    file.write_text(source)

    def acts(subject, lab):
        subject.act()

    [verdict] = run_contract(load_subject(file), contract_of(acts))

    assert (verdict.outcome, verdict.message) == (Outcome.FAILED, message)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_stops_a_program_stops_the_run(error):
    def stops(subject, lab):
        raise error

    with pytest.raises(error):
        run_contract(NOTHING, contract_of(stops))


def test_a_posix_check_is_skipped_on_windows_with_its_reason_and_nothing_waits_for_it(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    contract = contract_of(breaks, posix="no fork there")
    contract.check(Level.BASIC, after=["breaks"], **WORDS)(passes)

    verdicts = run_contract(NOTHING, contract)

    assert [(v.outcome, v.message) for v in verdicts] == [("skipped", "not on Windows: no fork there"), ("passed", "")]


def test_a_selection_of_checks_runs_without_its_prerequisites():
    contract = contract_of(breaks, passes)

    assert [verdict.outcome for verdict in run_contract(NOTHING, [contract["passes"]])] == ["passed"]


def test_each_verdict_is_told_as_it_is_known_and_becomes_plain_data():
    told = []

    verdicts = run_contract(NOTHING, contract_of(passes), on_verdict=told.append)

    assert verdicts == told
    assert {"id": "passes", "level": "basic", "outcome": "passed", "message": ""}.items() <= told[0].to_dict().items()


def test_every_check_gets_a_fresh_lab_with_the_same_seed():
    seen = []

    def one(subject, lab):
        seen.append((lab.folder, lab.random.random()))

    def two(subject, lab):
        one(subject, lab)

    run_contract(NOTHING, contract_of(one, two), seed=7)

    assert seen[0][0] != seen[1][0]
    assert seen[0][1] == seen[1][1]
