"""What is known about a learner's suite: how it went against each module.

Rule: the suite runs in children of another process, never here, and what they tell are outcomes of tests; what these
mean is decided here. A suite is judged once a process, as long as its text is the same.
Cost: 0.3 s for the process, 50 ms for each module, 10 ms for each further run.
"""

import hashlib
import os
import secrets
import tempfile
from collections import Counter
from functools import cached_property, lru_cache
from pathlib import Path
from types import ModuleType

from groundwork.errors import ContractBroken
from groundwork.testing.contracts._suite_link import LINK, Answer
from groundwork.testing.contracts._suite_modules import Wrong, disguised, others, reference, wrong

ORDERS = 20
QUICK_S = 0.5

_FORKS = hasattr(os, "fork")


class Run:
    """One run of a suite against one module.

    Args:
        answer: What the process told.

    Attributes:
        ended: How it ended before its end, or nothing.
        outcomes: By test: passed, failed, skipped or xfail.
        found: Kind, test and sentence of whatever else it did.
        processor_s: What its tests took.
        slowest: The test that took most of it.
        asked: Whether the module was called, of a run of one test.
        asserted: Whether something was asserted, of a run of one test.
    """

    def __init__(self, answer: Answer) -> None:
        self.ended = str(answer.get("ended", ""))
        told: dict[str, list[str]] = answer.get("outcomes", {})
        self.outcomes = {test: outcome for test, (outcome, _) in told.items()}
        self._sentences = {test: sentence for test, (_, sentence) in told.items()}
        self.found: list[list[str]] = answer.get("found", [])
        self.processor_s = float(answer.get("processor_s", 0.0))
        self.slowest = str(answer.get("slowest", ""))
        self.asked = bool(answer.get("asked"))
        self.asserted = bool(answer.get("asserted"))

    def having(self, outcome: str) -> list[str]:
        """List the tests that ended so, in the order of the run."""
        return [test for test, its in self.outcomes.items() if its == outcome]

    def trouble(self) -> str:
        """Say what went wrong in it, in one sentence; nothing if all went well."""
        if self.ended:
            return f"the suite {self.ended}"
        for test in self.having("failed"):
            sentence = self._sentences[test]
            if sentence.startswith("NotImplementedError"):
                return f"not written yet: {test}"
            return f"{test} fails: {sentence}"
        return ""


class Judgement:
    """One suite, run as far as it was asked about.

    Args:
        suite: Its file.
        limit_s: Wall-clock seconds for all runs of one question.
        fork: Whether runs may be forks; an interpreter of its own each where not.
    """

    def __init__(self, suite: Path, *, limit_s: float = 90.0, fork: bool = _FORKS) -> None:
        self._suite = suite
        self._limit_s = limit_s
        self._fork = fork
        self._orders: dict[int, list[Run]] = {}
        self._alone: dict[str, Run] = {}
        self._others: dict[str, list[Wrong]] = {}

    @cached_property
    def first(self) -> Run:
        """The run against the module that the learner has, in the order of the file.

        Raises:
            ContractBroken: The suite cannot be collected, or has no tests.
        """
        [answer] = self._ask([(reference(), [{"seed": 0, "watched": True}])])
        return self._runs(answer)[0]

    @property
    def tests(self) -> list[str]:
        """The tests that passed in the first run."""
        return self.first.having("passed")

    def orders(self, seed: int) -> list[Run]:
        """Run it in random orders, the generators at another seed each time."""
        if seed not in self._orders:
            runs = [{"seed": nth, "shuffled": 1000 * seed + nth} for nth in range(ORDERS)]
            [answer] = self._ask([(reference(), runs)])
            self._orders[seed] = self._runs(answer)
        return self._orders[seed]

    def alone(self) -> dict[str, Run]:
        """Run each test on its own."""
        if not self._alone:
            [answer] = self._ask([(reference(), [{"seed": 0, "only": test} for test in self.tests])])
            self._alone = dict(zip(self.tests, self._runs(answer), strict=True))
        return self._alone

    @cached_property
    def on_others(self) -> list[Run]:
        """The runs against the other modules that are right."""
        return [self._runs(answer)[0] for answer in self._ask([(source, [{"seed": 0}]) for source in others()])]

    def survivors(self, topic: str) -> list[Wrong]:
        """List the wrong modules of a topic that no test fails on.

        They come in an order that nobody knows, mixed with right ones; a test that fails on one of those finds nothing.

        Raises:
            ContractBroken: It is not right modules that the suite tells from wrong ones.
        """
        if topic not in self._others:
            met: list[Wrong | str] = [*wrong()[topic], reference(), secrets.choice(others())]
            secrets.SystemRandom().shuffle(met)
            answers = self._ask([_to_find(each) for each in met])
            runs = [Run((answer.get("runs") or [{}])[0]) for answer in answers]
            passed = set(self.tests)
            for each, run in zip(met, runs, strict=True):
                if isinstance(each, str):
                    passed.intersection_update(run.having("passed"))
            self._others[topic] = [
                each
                for each, run in zip(met, runs, strict=True)
                if isinstance(each, Wrong) and passed.isdisjoint(run.having("failed"))
            ]
        return self._others[topic]

    def _runs(self, answer: Answer) -> list[Run]:
        if answer.get("ended"):
            raise ContractBroken(f"the suite {answer['ended']}")
        if answer["error"]:
            raise ContractBroken(f"the suite could not be collected: {answer['error']}")
        return [Run(run) for run in answer["runs"]]

    def _ask(self, wanted: list[tuple[str, list[Answer]]]) -> list[Answer]:
        with tempfile.TemporaryDirectory(prefix="groundwork-suite-", ignore_cleanup_errors=True) as folder:
            place = str(Path(folder).resolve() / "place")
            shared = {"suite": str(self._suite), "place": place, "fork": self._fork}
            requests = [{**shared, "module": disguised(source), "runs": runs} for source, runs in wanted]
            return LINK.ask(requests, limit_s=self._limit_s)


def _to_find(module: Wrong | str) -> tuple[str, list[Answer]]:
    if isinstance(module, Wrong):
        return module.source, [{"seed": 0, "until_one_fails": True}]
    return module, [{"seed": 0}]


@lru_cache(maxsize=32)
def _judgement(suite: Path, digest: str) -> Judgement:
    return Judgement(suite)


def judgement_of(subject: ModuleType) -> Judgement:
    """Return what is known about a suite.

    Args:
        subject: The module that its file is.

    Returns:
        The same object as long as the file is the same.
    """
    suite = Path(str(subject.__file__)).resolve()
    return _judgement(suite, hashlib.sha256(suite.read_bytes()).hexdigest())


def passing(subject: ModuleType) -> Judgement:
    """Return what is known about a suite that passes the module that the learner has.

    Args:
        subject: The module that its file is.

    Returns:
        What is known.

    Raises:
        ContractBroken: It does not pass.
    """
    judgement = judgement_of(subject)
    if trouble := judgement.first.trouble():
        raise ContractBroken(trouble)
    if not judgement.tests:
        raise ContractBroken("no test of the suite passed; expected test functions, test_...")
    return judgement


def sketch(names: list[str]) -> str:
    """Name a few, and say how many more there are."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"


def counted(breaks: list[str]) -> str:
    """Name sentences of the specification, each once."""
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(Counter(breaks).items()))
