"""The stages of the capstone after a night that was killed: it goes on, is damaged, and is served."""

from typing import Any

from groundwork.course._capstone_rules import CAPSTONE as CAPSTONE
from groundwork.course._capstone_rules import blame, stage
from groundwork.errors import ContractBroken
from groundwork.testing import Level

_POSIX = "SIGTERM ends a process there without asking it"
_CLIENTS = 24


@stage(
    "05",
    Level.CRASH,
    rule="A killed night goes on: no finished step is run again, and the training begins at its newest checkpoint.",
    why="A night that begins anew at each kill is never done where machines are taken away without warning.",
    hint="groundwork learn check 05 --only a_finished_step_is_not_run_again; of the checkpoint and the log: 04.",
    after=["the_figures_are_right"],
)
def it_goes_on_after_a_kill(story: Any, lab: Any) -> None:
    """Saved after step 15 of the training, killed by SIGKILL after step 17."""
    import numpy as np

    from groundwork.course._capstone_expected import close

    story.resumed.fact("result")
    ran = [each["name"] for each in story.resumed.told("step")]
    if again := [name for name in ("flights", "weather") if name in ran]:
        blame("05", f"the step {again[0]}, finished before the kill, was run again", "its output from the journal")
    if story.asked_again:
        blame("05", f"the weather was asked for {story.asked_again} more times", "what the first half had answered")
    if "model" not in ran:
        blame("05", "the step model, killed in the middle, was not run again", "it to be")
    begins, size = story.resumed.fact("begins"), float(np.linalg.norm(story.model.weights[15]))
    if begins["step"] != 15:
        blame("04", f"the second half begins at step {begins['step']}", "15, the newest checkpoint")
    if not close(begins["size"], size):
        blame("04", f"the checkpoint's metrics say size {begins['size']}", f"{size:.4g}, as they were saved")
    steps, expected = story.resumed.fact("log")["steps"], [*range(1, 18), *range(16, story.steps + 1)]
    if steps != expected:
        blame("04", f"the log of both halves has {len(steps)} lines", f"{len(expected)}: steps 1 to 17, then from 16")


@stage(
    "02",
    Level.CRASH,
    rule="The result is that of a night that nobody killed: the same rows in the same order, the same model.",
    why="If a kill changes the model, no figure of it can be had again.",
    hint="groundwork learn check 02, its topic batches: state_dict and load_state_dict.",
    after=["it_goes_on_after_a_kill"],
)
def a_kill_changes_nothing(story: Any, lab: Any) -> None:
    """Beside it ran a night with the same seed."""
    from groundwork.course._capstone_expected import close

    whole = {each["step"]: each["ids"] for each in story.whole.told("batch")}
    again = {each["step"]: each["ids"] for each in story.resumed.told("batch")}
    if other := [step for step in sorted(again) if again[step] != whole.get(step)]:
        blame("02", f"step {other[0]}, after the kill, has other rows than without it", "the same rows in their order")
    if not close(story.resumed.fact("saved")["weight"], story.whole.fact("saved")["weight"], 1e-9):
        blame("04", "the model of the killed night is another one", "the same weights")


@stage(
    "04",
    Level.FAULT,
    rule="The newest checkpoint is damaged: the server comes up with the one before, and says so.",
    why="A weight that has changed its sign serves wrong minutes for weeks; no server at all is noticed at once.",
    hint="groundwork learn check 04 --only a_flipped_bit_is_noticed",
    after=["a_kill_changes_nothing"],
)
def a_damaged_checkpoint_is_passed_over(story: Any, lab: Any) -> None:
    """One bit of its largest file."""
    night = story.server.night
    loaded, last = night.fact("loaded"), story.steps
    before = last - (last % 5 or 5)
    if loaded["step"] != before:
        blame("04", f"step {loaded['step']} is served, the checkpoint of step {last} is damaged", f"step {before}")
    if not any(str(last) in warning for warning in loaded["warnings"]):
        blame("04", f"the warnings are {str(loaded['warnings'])[:80]}", f"one that names step {last}")


@stage(
    "01",
    Level.EDGE,
    rule="The record has the doctor's findings and a fingerprint; the server says what has changed since.",
    why="When predictions differ in the third digit, the first question is what else does.",
    hint="groundwork learn check 01, its topics doctor and fingerprint.",
    after=["a_damaged_checkpoint_is_passed_over"],
)
def the_environment_is_recorded(story: Any, lab: Any) -> None:
    """FLIGHTS_STATION of .env.example is nowhere set; OMP_NUM_THREADS was 1 in both nights, and is 2."""
    told = story.whole.fact("environment")
    if not any("FLIGHTS_STATION" in each and not each.startswith("ok") for each in told["findings"]):
        blame("01", f"the doctor's findings are {str(told['findings'])[:120]}", "one that FLIGHTS_STATION is missing")
    if story.killed.fact("environment")["fingerprint"] != told["fingerprint"]:
        blame("01", "two processes of one environment have two fingerprints", "one")
    lines = story.server.night.fact("changed")["lines"]
    if len(lines) != 1 or "OMP_NUM_THREADS" not in lines[0]:
        blame("01", f"the changes since the night are {str(lines)[:100]}", "one line: OMP_NUM_THREADS 1 -> 2")


@stage(
    "06",
    Level.LOAD,
    rule="Many clients at once get what the model says, each for its own rows, in shared batches.",
    why="Answers in another's place are the mistake that no status tells.",
    hint="groundwork learn check 06, its topic app.",
    after=["a_damaged_checkpoint_is_passed_over"],
)
def the_server_says_what_the_model_says(story: Any, lab: Any) -> None:
    """Twenty-four clients with three rows each, gaps in some of them."""
    server, rows = story.server, story.rows(3 * _CLIENTS)
    requests = [rows[start : start + 3] for start in range(0, len(rows), 3)]
    before = len(server.night.told("predict"))
    server.hold()
    try:
        crowd = server.send(*requests)
    finally:
        server.let_go()
    _expect_right(story, crowd.wait(story.limit_s), requests)
    if (calls := len(server.night.told("predict")) - before) > _CLIENTS // 3:
        blame("06", f"{_CLIENTS} requests that waited together made {calls} calls of the model", "a few full batches")


@stage(
    "06",
    Level.FAULT,
    rule="What is too much, too late or no row is refused, and harms nobody beside it.",
    why="A queue without bound serves only those who have left; one bad row must not be everybody's error.",
    hint="groundwork learn check 06, its topics batches and app.",
    after=["the_server_says_what_the_model_says"],
)
def too_much_is_refused(story: Any, lab: Any) -> None:
    """A model that is held up, a request with 0.2 s, one with a word for a number, and 3,000 rows more than wait."""
    server, rows = story.server, story.rows(9)
    plain = [[rows[number]] for number in range(6)]
    server.hold()
    try:
        crowd = server.send(*plain[:3])
        hurried = server.send([rows[6]], limit_s=5.0, X_Request_Timeout_Ms="200")
        bad = server.send([[*rows[7][:-1], "high"]])
        beside = server.send(*plain[3:])
        late = hurried.wait(5.5)[0]
        many = server.send(*[story.rows(1000)] * 3)
        end = story_end(5.0)
        while not (refused := [each for each in many.answers if each.status == 503]) and not end.wait(0.01):
            pass
    finally:
        server.let_go()
    answers = [*crowd.wait(story.limit_s), *beside.wait(story.limit_s)]
    if late.status not in (503, 504):
        blame("06", f"a request with 0.2 s got {late.status or late.body} while the model was held up", "504 or 503")
    if not refused:
        blame("06", "3,000 rows more than 1,024 may wait were all accepted", "503 for the last of them")
    if not (refused[0].retry_after or "").isdecimal():
        blame("06", f"the refusal has Retry-After {refused[0].retry_after!r}", "seconds")
    if bad.wait(story.limit_s)[0].status not in (400, 422, 500):
        blame(
            "06", f"a row with a word in it got {bad.answers[0].status or bad.answers[0].body}", "an error of its own"
        )
    _expect_right(story, answers, plain)
    many.wait(story.limit_s)


@stage(
    "06",
    Level.CRASH,
    rule="SIGTERM under load loses nothing: whoever was accepted is answered, then the server is gone.",
    why="Each deployment sends one.",
    hint="groundwork learn check 06 --only sigterm_loses_nothing",
    after=["the_server_says_what_the_model_says"],
    posix=_POSIX,
)
def sigterm_loses_nothing(story: Any, lab: Any) -> None:
    """Sixteen requests, one of them with the model, when the signal comes."""
    server, rows = story.server, story.rows(16)
    requests = [[row] for row in rows]
    server.hold()
    try:
        crowd = server.send(*requests)
        server.terminate()
        story_end(0.2).wait()
    finally:
        server.let_go()
    _expect_right(story, crowd.wait(story.limit_s), requests)
    if not server.night.wait(lambda: server.night.told("ended")):
        told = server.night.broken().message
        raise ContractBroken(f"06 concurrency.py: serve did not return after SIGTERM: {told}"[:200])


def story_end(seconds: float) -> Any:
    """Return an event that is set after some seconds."""
    from groundwork.course._capstone_story import later

    return later(seconds)


def _expect_right(story: Any, answers: list[Any], requests: list[Any]) -> None:
    from groundwork.course._capstone_expected import close

    last = story.steps
    wrong = []
    for answer, rows in zip(answers, requests, strict=True):
        expected = story.model.predict(rows, last - (last % 5 or 5))
        if answer.status != 200 or not close(answer.predictions, expected):
            wrong.append((answer, expected))
    if wrong:
        answer, expected = wrong[0]
        found = f"{answer.status} {str(answer.body)[:60]}" if answer.status else str(answer.body)[:60]
        blame("06", f"{len(wrong)} of {len(answers)} clients got another answer, as {found}", f"200 {expected[:1]}")
