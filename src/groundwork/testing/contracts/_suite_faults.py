"""The contract of a test suite: it depends on nothing, does nothing else, and finds what is wrong."""

from typing import Any

from groundwork.errors import ContractBroken
from groundwork.testing._contract import Level
from groundwork.testing._lab import Lab
from groundwork.testing.contracts._suite_checks import CHECKS as CHECKS
from groundwork.testing.contracts._suite_judge import ORDERS, counted, passing
from groundwork.testing.contracts._suite_modules import wrong


def _refuse(subject: Any, kind: str, expected: str) -> None:
    for _, test, sentence in (found for found in passing(subject).first.found if found[0] == kind):
        raise ContractBroken(f"{test or 'the suite'}: {sentence}; expected {expected}")


@CHECKS.check(
    Level.FAULT,
    rule="The tests pass in any order, and each of them alone.",
    why="One day they are run in parallel, or one of them is run again: what another left is not there.",
    hint="What does a test need that another one made? Make it in a fixture, anew for each test.",
    after=["it_is_quick"],
)
def its_order_does_not_matter(subject: Any, lab: Lab) -> None:
    """Twenty random orders, each with the generators at another seed; then each test in a process of its own."""
    judgement = passing(subject)
    for nth, run in enumerate(judgement.orders(lab.seed), start=1):
        if trouble := run.trouble():
            raise ContractBroken(f"in random order {nth} of {ORDERS} {trouble}")
    for test, run in judgement.alone().items():
        if trouble := run.trouble():
            raise ContractBroken(f"run alone {trouble or test}")


@CHECKS.check(
    Level.FAULT,
    rule="The suite draws only from generators of its own, with a seed.",
    why="A test that fails once in a thousand runs costs a day each time, and then it is run again until it is green.",
    hint="random.Random(7) is a generator of your own; nobody else draws from it, and it draws the same each time.",
    after=["it_is_quick"],
)
def its_chance_has_a_seed(subject: Any, lab: Lab) -> None:
    """Seen in the state of the global generators and in how others are made: no luck is needed."""
    _refuse(subject, "draws", "a generator of its own with a seed")


@CHECKS.check(
    Level.FAULT,
    rule="The suite sleeps nowhere.",
    why="Ten tests that wait for a second each are run once a day, and a busy machine needs two.",
    hint="fetch takes a sleep, Batcher a clock: pass a list's append, and a clock that stands until you move it.",
    after=["it_is_quick"],
)
def it_sleeps_nowhere(subject: Any, lab: Lab) -> None:
    """Neither itself nor by the module's default."""
    _refuse(subject, "sleeps", "no waiting on the real clock")


@CHECKS.check(
    Level.FAULT,
    rule="The suite opens no connection and no port.",
    why="It fails on the train, and in the build whenever somebody else's server does.",
    hint="A source is a function: return a value or raise ConnectionError in it.",
    after=["it_is_quick"],
)
def it_opens_no_connection(subject: Any, lab: Lab) -> None:
    """Seen where Python asks the system for it."""
    _refuse(subject, "connects", "no network at all")


@CHECKS.check(
    Level.EDGE,
    rule="Afterwards everything is as it was: files, variables, working folder, and whatever was replaced.",
    why="What one test leaves, another finds: three months later they fail only when run together.",
    hint="tmp_path and monkeypatch clean up after themselves; a fixture with yield does what comes after it, always.",
    after=["it_is_quick"],
)
def it_leaves_nothing_behind(subject: Any, lab: Lab) -> None:
    """In the working, temporary and own folder, in the environment, and in the module."""
    _refuse(subject, "leaves", "everything as it was before")


@CHECKS.check(
    Level.EDGE,
    rule="The suite does not look into the text of the module.",
    why="A comparison of texts finds every change and no mistake.",
    hint="Only what a function returns, raises, or does with what you passed to it tells whether it is right.",
    after=["it_is_quick"],
)
def it_reads_no_source(subject: Any, lab: Lab) -> None:
    """Seen where the file is opened."""
    _refuse(subject, "reads", "to ask the module by calling it")


def _expect_found(subject: Any, topic: str) -> None:
    if survivors := passing(subject).survivors(topic):
        raise ContractBroken(
            f"{len(survivors)} of {len(wrong()[topic])} wrong modules pass all your tests; they break "
            f"{counted([each.breaks for each in survivors])} of the specification"
        )


@CHECKS.check(
    Level.MUTATION,
    rule="Every module that cleans wrongly fails at least one test.",
    why="A missing value that becomes a zero is a price of nothing: the model learns it, and nobody sees it.",
    hint="For each of C1 to C4: which value would come out another if the sentence were not kept? Also of even counts?",
    after=["it_passes_whatever_is_right"],
)
def it_finds_wrong_cleaning(subject: Any, lab: Lab) -> None:
    """C1 to C4."""
    _expect_found(subject, "cleaning")


@CHECKS.check(
    Level.MUTATION,
    rule="Every module that scales wrongly fails at least one test.",
    why="A scaler that learns from the test data makes the model look better than it will ever be.",
    hint="Work an example out by hand whose mean is not its median; transform others than it was fitted on.",
    after=["it_passes_whatever_is_right"],
)
def it_finds_wrong_scaling(subject: Any, lab: Lab) -> None:
    """S1 to S5."""
    _expect_found(subject, "scaling")


@CHECKS.check(
    Level.MUTATION,
    rule="Every module that asks the source wrongly fails at least one test.",
    why="One call too many, at all clients at once, keeps a server down that was about to come back.",
    hint="A fake source counts its calls and plays a list of answers and errors; a fake sleep is a list's append.",
    after=["it_passes_whatever_is_right"],
)
def it_finds_wrong_fetching(subject: Any, lab: Lab) -> None:
    """F1 to F6."""
    _expect_found(subject, "fetching")


@CHECKS.check(
    Level.MUTATION,
    rule="Every module that batches wrongly fails at least one test.",
    why="Rows that come twice or never are the mistakes that no log shows.",
    hint="Move a fake clock to the limit, just before it and just beyond; look at what waits after each batch.",
    after=["it_passes_whatever_is_right"],
)
def it_finds_wrong_batching(subject: Any, lab: Lab) -> None:
    """B1 to B5."""
    _expect_found(subject, "batching")


@CHECKS.check(
    Level.MUTATION,
    rule="Every module that accepts what is to be refused fails at least one test.",
    why="What is not refused at the door is found in the predictions, weeks later.",
    hint="pytest.mark.parametrize over the calls that are to be refused; and look at what is the same afterwards.",
    after=["it_passes_whatever_is_right"],
)
def it_finds_wrong_refusals(subject: Any, lab: Lab) -> None:
    """R1 to R6."""
    _expect_found(subject, "refusing")
