"""What a pipeline's journal must show, whatever went wrong.

Rule: the checker believes the journal and nothing else, so what it finds a user could have found, too.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

Record = Mapping[str, Any]


def broken_promises(records: Iterable[Record], *, attempts: int, fault_free: Iterable[Record] = ()) -> list[str]:
    """Compare a journal of any number of runs with what a pipeline promises.

    Work that finished is written down once a key and never done again. A run that says SUCCESS has none but good steps.
    No attempt is made beyond the retries. A step is begun again only after a run that did not finish it. The outputs of
    a run that ended SUCCESS are those of a run in which nothing went wrong.

    Args:
        records: The journal, oldest first.
        attempts: Most attempts that a step's retry allows.
        fault_free: The journal of a run without faults, to compare outputs with; empty to leave that out.

    Returns:
        A sentence for each promise that was broken; empty for a sound journal.
    """
    runs = list(_runs(records))
    return [
        *_committed_twice(runs),
        *(sentence for number, run in enumerate(runs, start=1) for sentence in _of_one_run(number, run, attempts)),
        *_other_outputs(runs, list(fault_free)),
    ]


def _runs(records: Iterable[Record]) -> Iterable[list[Record]]:
    run: list[Record] = []
    for record in records:
        if record.get("event") == "run_started" and run:
            yield run
            run = []
        run.append(record)
    if run:
        yield run


def _ended(run: list[Record]) -> list[Record]:
    return [record for record in run if record["event"] == "step_ended"]


def _status(run: list[Record]) -> str | None:
    return next((record["status"] for record in run if record["event"] == "run_ended"), None)


def _committed_twice(runs: list[list[Record]]) -> Iterable[str]:
    commits: Counter[tuple[str, str]] = Counter()
    for run in runs:
        for record in run:
            if record["event"] == "step_started" and commits[record["step"], record["key"]]:
                yield f"step {record['step']} was begun again after its output had been committed"
            if record["event"] == "step_ended" and record["status"] == "SUCCESS" and not record.get("reused"):
                commits[record["step"], record["key"]] += 1
    yield from (
        f"step {step} committed {count} outputs under one key" for (step, _), count in commits.items() if count > 1
    )


def _of_one_run(number: int, run: list[Record], attempts: int) -> Iterable[str]:
    status = _status(run)
    if run[0]["event"] != "run_started":
        yield f"run {number} has no beginning"
        return
    if status is not None and run[-1]["event"] != "run_ended":
        yield f"run {number} goes on after its end"
    started = Counter(record["step"] for record in run if record["event"] == "step_started")
    yield from (f"run {number} began step {step} {count} times" for step, count in started.items() if count > 1)
    for record in _ended(run):
        if record["attempts"] > attempts:
            yield f"run {number} made {record['attempts']} attempts at step {record['step']}; {attempts} are allowed"
        if record["status"] == "FAILED" and not record["optional"] and status not in (None, "FAILURE", "CANCELLED"):
            yield f"run {number} ended {status} though step {record['step']} failed"
    if status == "SUCCESS":
        yield from _not_all_good(number, run)


def _not_all_good(number: int, run: list[Record]) -> Iterable[str]:
    last = {record["step"]: record["status"] for record in _ended(run)}
    for record in run:
        if record["event"] == "steps_reused":
            last.update({reused["step"]: "SUCCESS" for reused in record["steps"]})
    for step in run[0]["steps"]:
        if last.get(step) not in ("SUCCESS", "SKIPPED"):
            yield f"run {number} ended SUCCESS though step {step} is {last.get(step, 'not there')}"


def _other_outputs(runs: list[list[Record]], fault_free: list[Record]) -> Iterable[str]:
    if not fault_free:
        return
    from groundwork.resilience import result_of  # imports asyncio, 40 ms

    expected = result_of(fault_free).data
    so_far: list[Record] = []
    for number, run in enumerate(runs, start=1):
        so_far += run
        if _status(run) != "SUCCESS":
            continue
        data = result_of(so_far).data
        for step in expected.keys() | data.keys():
            if data.get(step) != expected.get(step):
                yield f"run {number} ended SUCCESS with another output of step {step} than a run without faults"
