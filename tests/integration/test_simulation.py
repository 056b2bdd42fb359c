"""Whatever goes wrong, and wherever: started again, the program ends as if nothing had happened.

A seed is a plan of faults for a program that has everything the main job has: a pipeline with a durable journal,
retries, files, checkpoints that training goes on from, and a server of the model that clients ask at once, each with a
journal of its own. Only its clock and its faults are simulated: the server is asked without sockets, its threads are
calls.
GROUNDWORK_SEEDS=1000-3000 in the environment runs those seeds instead.
"""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from groundwork._failpoints import failpoint
from groundwork.errors import CheckpointNotFoundError, StorageError, TransientError
from groundwork.resilience import Backoff, Pipeline, Step, result_of, retry
from groundwork.serving import create_app
from groundwork.storage import CheckpointStore, FileJournal, Keep, read, write
from groundwork.testing import (
    Fault,
    FaultKind,
    FaultPlan,
    Simulation,
    VirtualClock,
    broken_promises,
    run_virtual,
)
from groundwork.testing._virtual_loop import VirtualLoop

pytestmark = pytest.mark.integration

FIRST, LAST = map(int, os.environ.get("GROUNDWORK_SEEDS", "0-499").split("-"))
ATTEMPTS = 3
HERE = "tests/integration/test_simulation.py"


def at_once(executor, fn, /, *args, **options):
    """Call in the thread that asks: a virtual loop has no other."""
    future = Future()
    try:
        future.set_result(fn(*args, **options))
    except BaseException as error:  # as a pool of threads does
        future.set_exception(error)
    return future


@contextmanager
def without_threads():
    def run_in_executor(loop, executor, fn, *args):
        return asyncio.wrap_future(at_once(executor, fn, *args), loop=loop)

    with (
        patch.object(ThreadPoolExecutor, "submit", at_once),
        patch.object(VirtualLoop, "run_in_executor", run_in_executor),
    ):
        yield


@asynccontextmanager
async def alive(app):
    """Run an ASGI app's lifespan, as a server does."""
    inbox = asyncio.Queue()
    inbox.put_nowait({"type": "lifespan.startup"})
    lifespan = asyncio.create_task(app({"type": "lifespan"}, inbox.get, nowhere))
    try:
        yield
    finally:
        inbox.put_nowait({"type": "lifespan.shutdown"})
        await lifespan


async def nowhere(message):
    """What the app says of its lifespan, a client does not hear."""


async def asked(app, method, path, body=b""):
    """Everything that the app says to one request: each answer's status and body."""
    inbox, sent = asyncio.Queue(), []

    async def send(message):
        sent.append(message)

    inbox.put_nowait({"type": "http.request", "body": body})
    await app({"type": "http", "method": method, "path": path, "headers": []}, inbox.get, send)
    statuses = [message["status"] for message in sent if "status" in message]
    if max(statuses) >= 500:
        raise TransientError(f"the server says {statuses}")
    return [[status, json.loads(message["body"])] for status, message in zip(statuses, sent[1::2], strict=True)]


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def linear(weights):
    model = LinearRegression()
    model.coef_, model.intercept_, model.n_features_in_ = weights, 0.0, len(weights)
    return model


class Program:
    """One process of it; what it knows of earlier ones is on the disk."""

    def __init__(self, folder, clock, seed):
        self.folder, self.clock, self.seed = folder, clock, seed
        self.store = CheckpointStore(folder / "checkpoints", keep=Keep(last=2))
        patient = self.retry(TransientError, StorageError)
        self.pipeline = Pipeline(
            [
                Step("fetch", self.fetch, retry=patient),
                Step("clean", self.clean, retry=patient, valid=self.is_there),
                Step("train", self.train, retry=patient),
                Step("score", self.score, retry=patient, valid=self.is_there),
                Step("publish", self.publish, optional=True),
                Step("announce", self.announce, fallback=lambda: "nobody heard"),
            ],
            journal=FileJournal(folder / "journal.jsonl"),
            clock=clock,
        )

    def retry(self, *on):
        backoff = Backoff(initial_s=1, cap_s=30)
        return retry(on=on, attempts=ATTEMPTS, backoff=backoff, deadline_s=600, clock=self.clock, seed=self.seed)

    def run(self):
        return self.pipeline.run({"rows": 12})

    def fetch(self, rows):
        failpoint("work.fetch")
        return [row * 7 % 13 for row in range(rows)]

    def clean(self, fetch):
        failpoint("work.clean")
        return self.written("rows.jsonl", [{"x": x, "twice": 2 * x} for x in fetch if x])

    def train(self, clean):
        rows = self.content(clean)
        try:
            checkpoint = self.store.load()
            epoch, weights = checkpoint.info.step, checkpoint.model.coef_
        except CheckpointNotFoundError:
            epoch, weights = 0, np.zeros(3)
        for step in range(epoch + 1, 4):
            failpoint("work.epoch")
            weights = weights / 2 + np.array([sum(row["x"] for row in rows), len(rows), step])
            self.store.save(linear(weights), step=step, metrics={"loss": 1 / step})
        self.store.prune()  # a save that was interrupted after its checkpoint was there has not come so far
        return [info.step for info in self.store.list()]

    def score(self, train, clean):
        rows = [[row["x"], row["twice"], 1] for row in self.content(clean)]
        requests = [rows[at : at + 2] for at in range(0, len(rows), 2)]
        with without_threads():
            answers = run_virtual(self.served(train[-1], requests), clock=self.clock, seed=self.seed)
        return self.written("scores.json", answers)

    async def served(self, step, requests):
        app = self.app(self.store.info(step).path)
        async with alive(app):
            await self.retry(TransientError).call(asked, app, "GET", "/v2/health/ready")
            clients = [self.client(app, number, request) for number, request in enumerate(requests)]
            answers = await asyncio.gather(*clients, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers

    def app(self, checkpoint):
        return create_app({"scores": checkpoint}, max_batch_rows=4, max_wait_s=0.5, executor="inline")

    async def client(self, app, number, instances):
        """Ask until there is an answer; one that is in the client's journal is not asked for again."""

        async def ask():
            await self.clock.sleep_async(number % 3)
            failpoint("work.client")
            return await asked(app, "POST", "/predict", json.dumps({"instances": instances}).encode())

        step = Step("ask", ask, parameters=instances, retry=self.retry(TransientError))
        result = await Pipeline([step], journal=self.answers(number), clock=self.clock).run_async()
        if result.status != "SUCCESS":
            raise TransientError(f"request {number} has no answer: {result.errors}")
        return result.data["ask"]

    def answers(self, number):
        return FileJournal(self.folder / "answers" / f"{number}.jsonl")

    def publish(self, score):
        failpoint("work.publish")
        return f"published {score['sha256']}"

    def announce(self, publish):
        failpoint("work.announce")
        return f"announced: {publish}"

    def written(self, name, value):
        write(self.folder / name, value)
        return {"file": name, "sha256": sha256(self.folder / name)}

    def content(self, output):
        return read(self.folder / output["file"])

    def is_there(self, output):
        path = self.folder / output["file"]
        return path.exists() and sha256(path) == output["sha256"]


def live(folder, seed, plan=FaultPlan(), **options):  # noqa: B008 - it is frozen
    """Start the program again and again until it says that all is well; return the machine and how many processes."""
    clock = VirtualClock()
    simulation = Simulation(plan, clock, **options)
    for processes in range(1, 50):
        status = None
        try:
            with simulation.process():
                status = Program(folder, clock, seed).run().status
        except StorageError:
            pass  # the disk refused the journal itself
        if status == "SUCCESS":
            return simulation, processes
    raise AssertionError(f"still {status} in the 49th process")


def journal(folder, name="journal.jsonl"):
    return list(FileJournal(folder / name).records())


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def remains(folder):
    """What is there, without the random part of temporary names, and of how many bytes where that says something."""
    found = []
    for path in folder.rglob("*"):
        name = re.sub(r"\.[0-9a-f]{8}\.", ".random.", str(path.relative_to(folder)))
        # These hold the number of the process, the program that started it, and addresses in memory.
        told = path.is_file() and path.name not in (".writer", "manifest.json", "model.skops", "journal.jsonl")
        told = told and path.suffix != ".lock"
        found.append((name, path.stat().st_size if told else 0))
    return sorted(found), len(journal(folder))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a program to which nothing happened, and the places that it passed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    simulation, _ = live(folder, seed=0)
    return folder, dict(simulation.reached)


def wrongs(folder, undisturbed):
    """What is wrong after a simulation: the journals are asked first, then the disk whether they lied."""
    names = ["journal.jsonl", *(f"answers/{path.name}" for path in sorted((undisturbed / "answers").glob("*.jsonl")))]
    for name in names:
        records = journal(folder, name)
        broken = broken_promises(records, attempts=ATTEMPTS, fault_free=journal(undisturbed, name))
        yield from (f"{name}: {sentence}" for sentence in broken)
        if not records or result_of(records).status != "SUCCESS":
            yield f"{name} does not end with SUCCESS"
    for name, output in result_of(journal(folder)).data.items():
        if isinstance(output, dict) and sha256(folder / output["file"]) != output["sha256"]:
            yield f"the file of {name} is not what the journal says"
    # Opening a store removes what dead writers left there, also where the disk refused that to the last process.
    store = CheckpointStore(folder / "checkpoints")
    if tree(folder) != tree(undisturbed):
        yield f"files are {tree(folder)}; expected {tree(undisturbed)}"
    yield from (f"checkpoint {step}: {fault}" for step, fault in store.verify().items() if fault)


@pytest.mark.parametrize("seed", range(FIRST, LAST + 1))
def test_whatever_is_planned_the_program_ends_as_if_nothing_had_happened(seed, undisturbed, tmp_path):
    expected, sites = undisturbed
    plan = FaultPlan.draw(seed, sites)

    try:
        simulation, processes = live(tmp_path, seed, plan)

        assert [] == list(wrongs(tmp_path, expected))
        assert processes <= 1 + len(simulation.struck)
    except BaseException as error:
        error.add_note(f"{plan}\nto see it again: GROUNDWORK_SEEDS={seed}-{seed} python -m pytest {HERE}")
        raise


def test_the_program_passes_places_of_storage_pipeline_and_serving(undisturbed):
    expected = {
        "storage.checkpoint.before_rename",
        "pipeline.ask.started",
        "serving.load.before_read",
        "serving.load.before_warm",
        "concurrency.batcher.before_predict",
        "concurrency.batcher.after_predict",
        "serving.answer.before_send",
    }

    assert set() == expected - undisturbed[1].keys()


def test_a_seed_is_the_same_trace_each_time(undisturbed, tmp_path):
    def trace(name):
        folder = tmp_path / name
        simulation, processes = live(folder, 11, FaultPlan.draw(11, undisturbed[1], most=8))
        answers = {path.name: journal(folder, f"answers/{path.name}") for path in (folder / "answers").glob("*.jsonl")}
        return simulation.struck, simulation.reached, processes, journal(folder), answers

    first, second = trace("first"), trace("second")

    assert first == second
    assert first[0]


def test_the_simulation_finds_a_program_that_does_not_keep_its_promises(undisturbed, tmp_path, monkeypatch):
    def careless(self, name, value):
        (self.folder / f".{name}.{self.clock.monotonic()}").write_text("half")
        return kept(self, name, value)

    kept = Program.written
    monkeypatch.setattr(Program, "written", careless)

    live(tmp_path, 0)

    assert any("files are" in sentence for sentence in wrongs(tmp_path, undisturbed[0]))


def told_otherwise(answered):
    """A server that says to a client what ``answered`` makes of it; that is given all answers so far, too."""

    def app(self, checkpoint):
        inner, before = honest(self, checkpoint), []

        async def other(scope, receive, send):
            said = []

            async def hear(message):
                said.append(message)

            await inner(scope, receive, hear)
            if scope.get("path") == "/predict":
                before.append(said)
                said = answered(said, before)
            for message in said:
                await send(message)

        return other

    honest = Program.app
    return app


def with_predictions(said, predictions, status=200):
    body = {"predictions": predictions, "model": "scores", "version": "1"}
    return [{**said[0], "status": status}, {**said[1], "body": json.dumps(body).encode()}]


def shuffled(said, before):
    return with_predictions(said, json.loads(said[1]["body"])["predictions"][::-1])


def of_another(said, before):
    return before[0]


def twice(said, before):
    return [*said, *said]


def failure_hidden(said, before):
    return said if said[0]["status"] == 200 else with_predictions(said, [0.0])


MODEL_SILENT = FaultPlan(
    tuple(Fault("concurrency.batcher.before_predict", 2 + n, FaultKind.TRANSIENT) for n in range(7))
)


@pytest.mark.parametrize(
    ("answered", "plan"),
    [(shuffled, FaultPlan()), (of_another, FaultPlan()), (twice, FaultPlan()), (failure_hidden, MODEL_SILENT)],
)
def test_the_simulation_finds_a_server_that_answers_wrongly(answered, plan, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(Program, "app", told_otherwise(answered))

    live(tmp_path, 0, plan)

    found = list(wrongs(tmp_path, undisturbed[0]))
    assert any(sentence.endswith("output of step ask than a run without faults") for sentence in found), found


def test_a_silent_model_is_a_visible_failure_and_the_clients_ask_again(undisturbed, tmp_path):
    simulation, processes = live(tmp_path, 0, MODEL_SILENT)

    attempts = [
        record["attempts"]
        for n in range(6)
        for record in journal(tmp_path, f"answers/{n}.jsonl")
        if record["event"] == "step_ended"
    ]
    assert 1 < max(attempts) <= ATTEMPTS
    assert (7, 1) == (len(simulation.struck), processes)
    assert [] == list(wrongs(tmp_path, undisturbed[0]))


def test_the_simulation_finds_a_client_that_forgets_its_answer_and_asks_again(undisturbed, tmp_path, monkeypatch):
    class Forgetful(FileJournal):
        def records(self):
            return iter(())

    kept = Program.answers
    monkeypatch.setattr(Program, "answers", lambda self, number: Forgetful(kept(self, number).path))

    live(tmp_path, 0, FaultPlan((Fault("storage.atomic_write.before_replace", 2, FaultKind.KILL),)))

    found = list(wrongs(tmp_path, undisturbed[0]))
    assert "answers/0.jsonl: step ask committed 2 outputs under one key" in found


KILLED = """
import os, sys
import groundwork.environment, groundwork.modeling, skops.io  # once, and not in every child
sys.path.insert(0, sys.argv[1])
from test_simulation import *
from groundwork.testing import kill_self
for number, line in enumerate(sys.stdin):
    site, hit = line.split()
    child = os.fork()
    if child == 0:
        live(Path(sys.argv[2]) / str(number), 0, FaultPlan((Fault(site, int(hit), FaultKind.KILL),)), kill=kill_self)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -9, line
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_a_simulated_kill_leaves_what_a_real_one_leaves_and_both_are_survived(undisturbed, tmp_path):
    expected, sites = undisturbed
    every = [(site, hit) for site in sorted(sites) for hit in range(1, sites[site] + 1)]
    sample = every[:: max(1, len(every) // 40)]
    lines = "".join(f"{site} {hit}\n" for site, hit in sample)
    script = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path / "real")]
    subprocess.run(script, input=lines, text=True, check=True, timeout=120)

    for number, (site, hit) in enumerate(sample):
        real, simulated = (tmp_path / kind / str(number) for kind in ("real", "simulated"))
        machine = Simulation(FaultPlan((Fault(site, hit, FaultKind.KILL),)))
        with machine.process():
            Program(simulated, VirtualClock(), 0).run()

        assert (1, remains(real)) == (machine.kills, remains(simulated)), (site, hit)
        for folder in (real, simulated):
            live(folder, 0)
            assert [] == list(wrongs(folder, expected)), (site, hit)
