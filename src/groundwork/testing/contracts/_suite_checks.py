"""The contract of a test suite: it is run, it asks, it can fail, and it accepts whatever is right.

The subject is the learner's file: test functions for ``intake``, which pytest collects.
"""

from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Contract, Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._suite_judge import QUICK_S, passing, sketch

CHECKS = Contract("testing/suite")


@CHECKS.check(
    Level.BASIC,
    rule="The suite has tests, and all of them pass on the module that you have.",
    why="A suite that is red on Monday is ignored on Friday, when it is right.",
    hint="python -m pytest test_suite.py in the folder of the exercise; read the specification again where it fails.",
)
def it_passes_the_reference(subject: Any, lab: Lab) -> None:
    """As it is written."""
    passing(subject)


@CHECKS.check(
    Level.LOAD,
    rule="One run takes at most half a second of the processor.",
    why="A suite of seconds is run after the change; one of milliseconds while it is made.",
    hint="Which test takes longest? Its data need not be large to be at a limit.",
    after=["it_passes_the_reference"],
)
def it_is_quick(subject: Any, lab: Lab) -> None:
    """The tests alone, without pytest's start; on the processor, so that other programs do not count."""
    first = passing(subject).first
    if first.processor_s > QUICK_S:
        raise ContractBroken(
            f"its tests took {first.processor_s:.1f} s of the processor, most of it {first.slowest}; "
            f"expected at most {QUICK_S:g} s"
        )


@CHECKS.check(
    Level.EDGE,
    rule="No test is skipped, and none is expected to fail.",
    why="A skipped test is green for ever: nobody remembers next year that it was to be mended.",
    hint="A test that cannot pass yet is deleted or mended; a reason in skip or xfail does not change that.",
    after=["it_is_quick"],
)
def every_test_is_run(subject: Any, lab: Lab) -> None:
    """Neither skip nor xfail, by mark or by call."""
    first = passing(subject).first
    if left_out := [*first.having("skipped"), *first.having("xfail")]:
        raise ContractBroken(f"{sketch(left_out)}: skipped or expected to fail; expected every test to be run")


@CHECKS.check(
    Level.BASIC,
    rule="Every test, run alone, calls the module that it is to test.",
    why="A test of a mock proves that the mock works.",
    hint="Replace what the module talks to (source, sleep, clock, chance), never the module; call it in the test.",
    after=["it_is_quick"],
)
def every_test_asks_the_module(subject: Any, lab: Lab) -> None:
    """In the test itself or in its fixtures; a function of the module must have been executed."""
    if silent := [test for test, run in passing(subject).alone().items() if not (run.asked or run.trouble())]:
        raise ContractBroken(f"{sketch(silent)} never ran a line of intake; expected every test to call it")


@CHECKS.check(
    Level.EDGE,
    rule="Every test executes an assertion that could be false.",
    why="A test without an assertion says that the code runs, not that it is right; assert True not even that.",
    hint="assert found == expected, or with pytest.raises(...); not inside a branch that is never taken.",
    after=["it_is_quick"],
)
def every_test_asserts(subject: Any, lab: Lab) -> None:
    """Those of constants count for nothing."""
    if idle := [test for test, run in passing(subject).alone().items() if not (run.asserted or run.trouble())]:
        raise ContractBroken(f"{sketch(idle)} asserted nothing that could be false; expected every test to")


@CHECKS.check(
    Level.BASIC,
    rule="The suite passes every module that keeps the specification, however it is built.",
    why="Tests of private names, of exact words and of the last bit of a float break with each refactoring.",
    hint="Which sentence of the specification does the test that fails rest on? If there is none, it tests too much.",
    after=["it_is_quick"],
)
def it_passes_whatever_is_right(subject: Any, lab: Lab) -> None:
    """Two others, with other private names, other messages, sums in another order."""
    for run in passing(subject).on_others:
        if trouble := run.trouble():
            raise ContractBroken(f"on another module that keeps the specification {trouble}")
