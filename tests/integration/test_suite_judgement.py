"""Test suites, good, bad and hostile, run by the process that judges them."""

import os
import textwrap

import pytest

from groundwork.course import find_exercise, grade
from groundwork.errors import ContractBroken
from groundwork.testing import Contract, Outcome
from groundwork.testing.contracts import _suite_judge
from groundwork.testing.contracts._suite_judge import Judgement, counted, sketch
from groundwork.testing.contracts._suite_link import LINK, Link
from groundwork.testing.contracts._suite_modules import reference

pytestmark = pytest.mark.integration
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")

MIXED = """
    import os, socket, time
    from pathlib import Path
    import intake, pytest

    def test_passes():
        assert intake.clean([1], low=0, high=2) == [1]

    def test_fails():
        assert intake.clean([1], low=0, high=2) == [2], "one is not two"

    def test_raises():
        raise NotImplementedError("later")

    @pytest.mark.skip
    def test_skipped():
        pass

    @pytest.mark.xfail
    def test_expected():
        assert False

    @pytest.fixture
    def broken():
        yield
        raise KeyError("teardown")

    def test_breaks_afterwards(broken):
        pass

    def test_does_more():
        time.sleep(60)
        socket.create_server(("127.0.0.1", 0)).close()
        Path(intake.__file__).read_text()
        os.environ["LEFT"] = "1"
"""
OUTCOMES = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_raises": "failed",
    "test_skipped": "skipped",
    "test_expected": "xfail",
    "test_breaks_afterwards": "failed",
    "test_does_more": "passed",
}
FOUND = {
    ("sleeps", "test_does_more", "time.sleep(60)"),
    ("connects", "test_does_more", "socket.bind 127.0.0.1"),
    ("reads", "test_does_more", "reads intake.py"),
    ("leaves", "", "the variable LEFT is there now"),
}


@pytest.fixture
def judged(tmp_path):
    def judge(source, **options):
        path = tmp_path / "test_suite.py"
        path.write_text(textwrap.dedent(source))
        return Judgement(path, **options)

    return judge


@pytest.mark.parametrize("fork", [pytest.param(True, marks=forks), False], ids=["fork", "no fork"])
def test_outcomes_and_what_else_it_did_are_told(judged, fork):
    first = judged(MIXED, fork=fork).first

    assert OUTCOMES == first.outcomes
    assert FOUND == {tuple(each) for each in first.found if "intake.py is there" not in each[2]}
    assert "test_fails fails: AssertionError (line 10): one is not two" in first.trouble()


def test_without_fork_several_runs_are_several_processes(judged):
    suite = judged("import intake\ndef test_a():\n    assert intake.clean([], low=0, high=1) == []\n", fork=False)

    [run] = suite.alone().values()

    assert (True, True, "") == (run.asked, run.asserted, run.trouble())


FAILS_THRICE = "import pytest\n" + "".join(
    f"@pytest.mark.parametrize('n', [0])\ndef test_{name}(n):\n    assert n == 1\n" for name in "abc"
)


@pytest.mark.parametrize(
    ("source", "error", "ended", "outcomes"),
    [
        (FAILS_THRICE, "", "", 1),
        ("import pytest\ndef test_a():\n    pytest.exit('x')\n", "", "ended the run in test_a with Exit", 0),
        ("import sys\nsys.exit(0)", "it ended while it was imported", None, 0),
        ("import pytest\npytest.skip('later', allow_module_level=True)", "it skips itself as a whole", None, 0),
    ],
)
def test_what_a_run_may_come_to_without_fork(tmp_path, source, error, ended, outcomes):
    (tmp_path / "test_suite.py").write_text(source)
    paths = {"suite": str(tmp_path / "test_suite.py"), "place": str(tmp_path / "place")}
    run = {"seed": 0, "shuffled": 3, "until_one_fails": True}

    [answer] = LINK.ask([{**paths, "module": reference(), "fork": False, "runs": [run]}], limit_s=90)

    runs = answer["runs"] or [{"outcomes": {}}]
    assert (error, ended, outcomes) == (answer["error"], runs[0].get("ended"), len(runs[0]["outcomes"]))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("import nothing_of_the_kind", "its import raised ModuleNotFoundError (line 1)"),
        ("import pytest\npytest.skip('later', allow_module_level=True)", "it skips itself as a whole"),
        ("import sys\nsys.exit(0)", "it ended while it was imported"),
        ("import os\nos._exit(0)", "the suite ended the whole process (exit 0)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGALRM)", "the suite did not end within 60 s"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGXCPU)", "its import raised TookTooLongError (line 2)"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "the suite took more than 3 s of the processor"),
        ("def check_nothing():\n    pass\n", "it has no test; a test is a function whose name begins with test_"),
    ],
)
@forks
def test_a_suite_that_cannot_be_collected_says_why(judged, source, sentence):
    with pytest.raises(ContractBroken) as caught:
        _ = judged(source).first

    assert sentence in caught.value.message


@forks
@pytest.mark.parametrize(
    ("ending", "outcomes"),
    [
        ("", [Outcome.PASSED, Outcome.PASSED, Outcome.PASSED]),
        ("\n\ndef test_last():\n    os._exit(0)\n", [Outcome.FAILED, Outcome.WAITING, Outcome.WAITING]),
    ],
    ids=["good", "ends the process"],
)
def test_a_learners_file_is_graded_beside_the_module_that_he_has(tmp_path, ending, outcomes):
    exercise = find_exercise("07")
    (tmp_path / "intake.py").write_bytes((exercise.path / "starter" / "intake.py").read_bytes())
    suite = (exercise.path / "alternative" / "test_suite.py").read_text(encoding="utf-8")
    (tmp_path / "test_suite.py").write_text(suite.replace("import math", "import math\nimport os") + ending)
    few = Contract("testing")
    # Those that are right are read from the course's folder, which the learner's file may not do.
    names = ("it_passes_the_reference", "it_is_quick", "it_passes_whatever_is_right")
    few.include([exercise.contract[name] for name in names])

    graded = grade(few, exercise.contract_module, tmp_path / "test_suite.py", limit_s=60.0)

    assert (outcomes, None) == ([verdict.outcome for verdict in graded.verdicts], graded.error)
    assert {"intake.py", "test_suite.py"} == {path.name for path in tmp_path.iterdir()}


@forks
def test_a_test_that_does_not_end_is_broken_off_and_named(judged):
    run = judged("import os, signal\ndef test_a():\n    os.kill(os.getpid(), signal.SIGXCPU)\n").first

    assert run.trouble().startswith("test_a fails: TookTooLongError (line 3): more than 3 s of the processor")


@forks
def test_a_test_that_ends_the_process_or_the_run_passes_nothing(judged):
    leaving = judged("import pytest\ndef test_a():\n    pytest.exit('done', returncode=0)\n").first
    with pytest.raises(ContractBroken, match="ended the whole process"):
        _ = judged("import os\ndef test_a():\n    os._exit(0)\n").first

    assert ("the suite ended the run in test_a with Exit", []) == (leaving.trouble(), leaving.having("passed"))


@forks
def test_each_test_and_order_has_a_process_of_its_own(judged):
    suite = judged(
        """
        import os
        seen = []
        def test_a():
            seen.append(1)
            assert seen == [1]
        def test_b():
            if len(seen) == 2:
                os._exit(3)
            seen.append(1)
            assert os.getpid()
        """
    )

    endings = {run.trouble() for run in suite.orders(0)}

    assert ["passed", "passed"] == [run.outcomes[test] for test, run in suite.alone().items()]
    assert {""} < endings
    assert suite.orders(0) is suite.orders(0)


def test_a_process_that_was_ended_is_started_again(judged):
    source = "import intake\ndef test_a():\n    assert intake.clean([], low=0, high=1) == []\n"
    assert ["test_a"] == judged(source).tests

    LINK._process.kill()
    with pytest.raises(ContractBroken, match="the process that runs the suite ended"):
        _ = judged(source).first

    assert ["test_a"] == judged(source).tests


def test_a_process_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr("groundwork.testing.contracts._suite_link._HOST", "import time; time.sleep(600)")

    with pytest.raises(ContractBroken, match=r"did not end within 0\.2 s"):
        Link().ask([{}], limit_s=0.2)


def test_where_pytest_is_missing_it_is_told(monkeypatch):
    host = "import sys; sys.modules['_pytest.config'] = None\n" + _suite_judge.LINK.ask.__globals__["_HOST"]
    monkeypatch.setattr("groundwork.testing.contracts._suite_link._HOST", host)
    link = Link()

    with pytest.raises(ContractBroken, match="pip install pytest"):
        link.ask([{}], limit_s=60)

    link.close()


def test_names_are_sketched_and_sentences_counted():
    assert "a, b, c and 2 more" == sketch(list("abcde"))
    assert "C1, C2 (2)" == counted(["C2", "C1", "C2"])
