"""Tonight's run: by how many minutes will a flight out of New York arrive late? And the server that says so.

Written against the seven exercises alone: each of the modules imported below is yours, as its README describes it. Only
``intake`` is given: it is the module that your suite of exercise 07 has been asked to judge before this file runs.
``report`` writes down what was done, for ``groundwork learn capstone`` to compare with what it has calculated itself.
"""

import asyncio
import functools
import json
import logging
import math
import time
import urllib.parse
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import concurrency  # 06
import data  # 02
import environment  # 01
import intake  # judged by the suite of 07
import modeling  # 03
import numpy as np
import polars as pl
import resilience  # 05
import storage  # 04

from groundwork import errors

PREFIX = "FLIGHTS_"
LOG = logging.getLogger("flights")
READINGS = {"temp": (-40, 130), "wind_speed": (0, 100), "visib": (0, 10), "pressure": (900, 1100)}
FEATURES = ["departure_min", "distance", *READINGS]
MOST_DELAY_MIN = 180
AT_ONCE = 8
SAVE_EVERY = 5
CircuitOpen = getattr(resilience, "CircuitOpen", errors.CircuitOpen)


@dataclass
class Settings:
    """What a night's run can be told: by .env, by the environment, by arguments."""

    source: str
    folder: Path = Path()
    epochs: int = 1
    batch_size: int = 32
    learning_rate: float = 0.05
    seed: int = 7
    shuffle: bool = True
    rehearsal: bool = True
    origins: list[str] = field(default_factory=list)
    pause_at: int | None = None
    token: environment.Secret = field(default_factory=lambda: environment.Secret(""))


class Busy(ConnectionError):
    """The source has no time now. Whoever meets this one outside of ``get`` has a retry that did not."""

    blames = "resilience"


class Clock:
    """The real one, for whatever waits."""

    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
    sleep_async = staticmethod(asyncio.sleep)


class Journal:
    """What the pipeline has done, in a log of exercise 04."""

    def __init__(self, path):
        self.path = path

    def records(self):
        """Read it, oldest first."""
        if not self.path.exists():
            return []
        frames = storage.stream(self.path, rows=64, columns={"record": pl.String})
        return [json.loads(text) for frame in frames for text in frame["record"]]

    def append(self, record):
        """Add one record; it is on the disk afterwards."""
        storage.append(self.path, {"record": json.dumps(record)})


@modeling.logged(logger=LOG, level=logging.INFO)
def headers(origin, *, token):
    """Say who we are."""
    return f"Host: {origin}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n"


async def get(settings, path):
    """Ask the source: its JSON; ConnectionError if it is busy, ValueError if it will never answer that."""
    address = urllib.parse.urlsplit(settings.source)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        head = headers(address.hostname, token=settings.token.reveal())
        writer.write(f"GET {path} HTTP/1.0\r\n{head}\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
    first, _, rest = answer.partition(b"\r\n")
    status = int(first.split()[1]) if first else 503
    if status == 503:
        raise Busy(f"{path}: busy")
    if status != 200:
        raise ValueError(f"{path}: status {status}")
    return json.loads(rest.partition(b"\r\n\r\n")[2])


def step(work):
    """Tell of an error of a step where it happens; the pipeline then does with it what it must."""

    @functools.wraps(work)
    def told(self, *arguments, **named):
        try:
            return work(self, *arguments, **named)
        except Exception as error:
            self.report.error(error, work.__name__)
            raise

    return told


class Night:
    """The steps of the run; each gives plain data, and leaves its table in a file."""

    def __init__(self, settings, report):
        self.settings, self.report, self.folder = settings, report, settings.folder

    def pipeline(self):
        """Put the steps together."""
        steps = [
            resilience.Step("flights", self.flights),
            resilience.Step("weather", self.weather),
            resilience.Step("holidays", self.holidays, fallback=none_known),
            resilience.Step("table", self.table),
            resilience.Step("model", self.model),
            resilience.Step("figures", self.figures),
        ]
        return resilience.Pipeline(steps, journal=Journal(self.folder / "journal.jsonl"))

    @step
    def flights(self, day):
        """Load the flights: each once, as it was corrected last."""
        self.report("step", name="flights")
        frame = pl.read_csv(self.folder / "flights.csv", try_parse_dates=True)
        result = data.deduplicate(frame, columns=["id"], keep="last")
        frame = result.frame
        index = data.DatasetIndex()
        for number, origin in zip(frame["id"].to_list(), frame["origin"].to_list(), strict=True):
            index.add(data.Sample(str(number), origin, "all", {}))
        origins = {origin: len(index.by_label(origin)) for origin in self.settings.origins}
        columns = ["id", "departure_min", "distance", "delay_min"]
        rows = {name: frame[name].to_numpy() for name in columns}
        rows["day"] = frame["date"].cast(pl.Int32).to_numpy()
        rows["origin"] = np.array([self.settings.origins.index(origin) for origin in frame["origin"]])
        storage.write(self.folder / "flights.npz", rows)
        self.report("flights", ids=frame["id"].to_list(), delays=frame["delay_min"].to_list(), origins=origins)
        return {"rows": frame.height, "removed": result.removed}

    @step
    def weather(self, flights):
        """Ask for the weather of each flight; no airport's day is asked for twice."""
        self.report("step", name="weather")
        bucket = concurrency.TokenBucket(rate_per_s=1000, burst=100, clock=Clock())

        @resilience.retry(
            on=ConnectionError,
            attempts=4,
            backoff=resilience.Backoff(initial_s=0.01, factor=2, cap_s=0.05, jitter="equal"),
            attempt_timeout_s=2.0,
            clock=Clock(),
            seed=self.settings.seed,
        )
        async def ask(origin, day):
            await bucket.acquire()
            return await get(self.settings, f"/weather/{origin}/{day}")

        @modeling.cached(max_entries=1000)
        async def weather_of(origin, day):
            try:
                return await ask(origin, day)
            except ValueError:  # there is none
                return None

        async def of_all(rows):
            async with resilience.deadline(30, clock=Clock()):
                return await concurrency.map_async(lambda row: weather_of(*row), rows, limit=AT_ONCE)

        table = storage.read(self.folder / "flights.npz")
        origins = [self.settings.origins[number] for number in table["origin"].tolist()]
        asked = list(zip(origins, table["day"].tolist(), strict=True))
        found = asyncio.run(of_all(asked))
        known = {f"{origin} {day}": answer for (origin, day), answer in zip(asked, found, strict=True)}
        storage.write(self.folder / "weather.json", known)
        self.report("weather", answers=len(found))
        return {"days": len(known)}

    def holidays(self, flights):
        """Ask another source, which is down: a breaker keeps us from hammering it."""
        self.report("step", name="holidays")
        breaker = resilience.CircuitBreaker(
            "holidays", window=5, failure_rate=0.5, minimum_calls=5, cooldown_s=300, on=ConnectionError, clock=Clock()
        )

        def ask(number):
            return asyncio.run(get(self.settings, f"/holidays/{number}"))

        failed = refused = 0
        for number in range(30):
            try:
                breaker.call(ask, number)
            except CircuitOpen:
                refused += 1
            except ConnectionError:
                failed += 1
        if failed + refused:
            raise errors.WorldError(f"holidays: {failed} calls failed, {refused} were refused")
        return {}

    @step
    def table(self, flights, weather, holidays):
        """Make one table of both, and keep the last days for the test."""
        self.report("step", name="table")
        rows, known = storage.read(self.folder / "flights.npz"), storage.read(self.folder / "weather.json")
        columns = {name: rows[name] for name in ("id", "day", "delay_min", "departure_min", "distance")}
        keys = [
            f"{self.settings.origins[origin]} {day}"
            for origin, day in zip(rows["origin"].tolist(), rows["day"].tolist(), strict=True)
        ]
        for name, (low, high) in READINGS.items():
            of_day = {key: mean_of(answer, name, low, high) for key, answer in known.items()}
            columns[name] = np.array([of_day[key] for key in keys])
        parts = data.split(pl.DataFrame(columns), kind="time", test=0.2, column="day")
        written = {}
        for name, part in (("train", parts.train), ("test", parts.test)):
            written[f"{name}_rows"] = part.select(FEATURES).to_numpy().astype(float)
            for column in ("id", "day", "delay_min"):
                written[f"{name}_{column}"] = part[column].to_numpy()
        storage.write(self.folder / "table.npz", written)
        self.report("split", train=parts.train["id"].to_list(), test=parts.test["id"].to_list())
        return {"train": parts.train.height, "test": parts.test.height}

    @step
    def model(self, table):
        """Learn, batch by batch; go on from the newest checkpoint where there is one."""
        self.report("step", name="model")
        parts = storage.read(self.folder / "table.npz")
        filled, test = modeling.impute(parts["train_rows"], parts["test_rows"], how="median")
        scaled, test = modeling.scale(filled, test, how="standard")
        self.report("scaled", train=scaled.tolist(), test=test.tolist())
        columns = {f"x{number}": scaled[:, number] for number in range(scaled.shape[1])}
        frame = pl.DataFrame({"id": parts["train_id"], **columns, "target": target_of(parts)[1]})
        loader = data.BatchLoader(
            frame, batch_size=self.settings.batch_size, shuffle=self.settings.shuffle, seed=self.settings.seed
        )
        store = storage.CheckpointStore(self.folder / "checkpoints", keep=storage.Keep(last=3))
        learner = Learner(self, loader, store, list(columns))
        timed = modeling.timed(hook=lambda took: self.report("timed", name=took.name, seconds=took.wall_s))
        timed(learner.learn)()
        frames = storage.stream(self.folder / "train.jsonl", rows=16, columns={"step": pl.Int64, "loss": pl.Float64})
        self.report("log", steps=[number for frame in frames for number in frame["step"].to_list()])
        return {"step": learner.step}

    @step
    def figures(self, model):
        """Judge it on days that it has not seen, with an interval over whole days."""
        self.report("step", name="figures")
        parts = storage.read(self.folder / "table.npz")
        store = storage.CheckpointStore(self.folder / "checkpoints", keep=storage.Keep(last=3))
        saved = store.load(model["step"])
        predicted = FlightModel(saved.model["weight"], parts).delays(listed(parts["test_rows"]))
        outcome = bounded(parts["test_delay_min"])
        found = modeling.evaluate_regression(outcome, predicted)
        interval = modeling.confidence_interval(
            mean_error, outcome, predicted, samples=1000, seed=self.settings.seed, groups=parts["test_day"]
        )
        told = {name: float(found[name]) for name in ("rmse", "mae", "r2")}
        told |= {"low": float(interval.low), "value": float(interval.value), "high": float(interval.high)}
        self.report("figures", predicted=[float(minutes) for minutes in predicted], **told)
        return told


class Learner:
    """A linear model, learned by small steps: the target is what the delay is in deviations of the training days."""

    def __init__(self, night, loader, store, columns):
        self.night, self.loader, self.store, self.columns = night, loader, store, columns
        self.weight, self.step, size = np.zeros(len(columns) + 1), 0, 0.0
        if store.list():
            saved = store.load("latest")
            self.weight, self.step = saved.model["weight"].copy(), saved.info.step
            size = (saved.info.metrics or {}).get("size")
            loader.load_state_dict(json.loads(saved.model["loader"].tobytes()))
        night.report("begins", step=self.step, size=size)

    def learn(self):
        """Go through all epochs, or through what is left of them."""
        total, idle = self.night.settings.epochs * len(self.loader), 0
        while self.step < total:
            before = self.step
            for batch in self.loader:
                self.learn_from(batch)
                if self.step == total or self.step % SAVE_EVERY == 0:
                    self.save()
                if self.step == total:
                    break
            idle = idle + 1 if self.step == before else 0
            if idle > 1:  # what is left of an epoch may be nothing, but not twice
                raise ValueError(f"data.BatchLoader gives no batch after step {self.step}")

    def learn_from(self, batch):
        """One step down the slope of the squared error."""
        inputs = np.column_stack([batch.select(self.columns).to_numpy(), np.ones(batch.height)])
        miss = inputs @ self.weight - batch["target"].to_numpy()
        self.weight = self.weight - self.night.settings.learning_rate * (inputs.T @ miss) / len(miss)
        self.step += 1
        self.night.report("batch", step=self.step, ids=batch["id"].to_list())
        entry = {"step": self.step, "loss": float(np.mean(miss**2))}
        storage.append(self.night.folder / "train.jsonl", entry, durable=False)
        if self.step == self.night.settings.pause_at:
            pause(self.night.folder)

    def save(self):
        """Keep weights and place: both, or neither."""
        place = np.frombuffer(json.dumps(self.loader.state_dict()).encode(), dtype=np.uint8)
        size = {"size": float(np.linalg.norm(self.weight))}
        self.store.save({"weight": self.weight, "loader": place}, step=self.step, metrics=size)
        self.night.report("saved", step=self.step, weight=self.weight.tolist())


class FlightModel:
    """What is served: minutes of delay for rows as the source gives them."""

    def __init__(self, weight, parts):
        self.weight, self.seen = weight, parts["train_rows"]
        self.scaler, _ = target_of(parts)

    @modeling.validated
    def delays(self, rows: list[list[float | None]]) -> list[float]:
        """Prepare the rows as those of the training were, and predict."""
        given = np.array(rows, dtype=float)
        filled = modeling.impute(self.seen, given, how="median")
        _, scaled = modeling.scale(*filled, how="standard")
        told = np.column_stack([scaled, np.ones(len(scaled))]) @ self.weight
        return [float(minutes) for minutes in self.scaler.inverse(told.tolist())]


class Served:
    """The model as the server asks it; while a file named hold lies there, it takes its time."""

    def __init__(self, model, folder, report):
        self.model, self.hold, self.report = model, folder / "hold", report

    def predict(self, rows):
        """Answer a batch."""
        rows = [list(row) for row in rows]
        self.report("predict", rows=len(rows))
        while self.hold.exists():
            time.sleep(0.002)
        return self.model.delays(rows)


@modeling.register("metric", "mean_error")
def mean_error(outcome, prediction):
    """How many minutes the prediction is off."""
    return float(np.mean(np.abs(np.asarray(outcome) - np.asarray(prediction))))


def none_known():
    """Without the calendar no day is a holiday."""
    return {}


def mean_of(answer, name, low, high):
    """Average a day's readings, which have gaps and, once, a storm of 1,048 miles an hour."""
    if answer is None:
        return math.nan
    try:
        readings = intake.clean(answer[name], low=low, high=high)
    except ValueError:  # nothing was measured
        return math.nan
    return sum(readings) / len(readings)


def bounded(delays):
    """No delay counts for more than three hours."""
    return intake.clean([float(minutes) for minutes in delays], low=-MOST_DELAY_MIN, high=MOST_DELAY_MIN)


def target_of(parts):
    """The training's delays in their own deviations, and what brings minutes back."""
    delays = bounded(parts["train_delay_min"])
    scaler = intake.Scaler().fit(delays)
    return scaler, scaler.transform(delays)


def listed(rows):
    """Rows as JSON has them: None for what is missing."""
    return [[None if math.isnan(value) else value for value in row] for row in rows.tolist()]


def pause(folder):
    """Wait until the file is gone, or until we are killed."""
    (folder / "paused").touch()
    while (folder / "paused").exists():
        time.sleep(0.005)


def train(settings, report):
    """One night."""
    settings_told = {name: getattr(settings, name) for name in ("epochs", "batch_size", "rehearsal", "origins")}
    report("settings", shown=str(settings), learning_rate=settings.learning_rate, **settings_told)
    found = environment.check(only=["dotenv"], workdir=settings.folder)
    told = [f"{each.severity} {each.found} {each.expected} {each.fix}" for each in found]
    report("environment", findings=told, fingerprint=environment.fingerprint().to_dict())
    metric = modeling.find_plugin("metric", "mean_error")
    result = Night(settings, report).pipeline().run({"day": "2013-05-20"})
    status = getattr(result.status, "name", str(result.status))
    shown = {"errors": [str(each) for each in result.errors], "warnings": [str(each) for each in result.warnings]}
    storage.write(settings.folder / "record.json", {"status": status, "settings": str(settings), **shown})
    report("result", status=status, metric=metric.__name__, **shown)


def serve(settings, report):
    """The days that follow."""
    then = json.loads((settings.folder / "fingerprint.json").read_text(encoding="utf-8"))
    report("changed", lines=list(environment.diff(then, environment.fingerprint().to_dict())))
    store = storage.CheckpointStore(settings.folder / "checkpoints", keep=storage.Keep(last=3))
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        saved = store.load("latest")
    report("loaded", step=saved.info.step, warnings=[str(each.message) for each in noted])
    model = FlightModel(saved.model["weight"], storage.read(settings.folder / "table.npz"))
    served = Served(model, settings.folder, report)
    concurrency.serve({"delay": served}, "127.0.0.1", 0, on_ready=lambda url: report("ready", url=url))
    report("ended")


def main(mode, folder, report):
    """Be one of the two.

    Args:
        mode: ``train`` or ``serve``.
        folder: Where the night's files are.
        report: Called with a name and facts.
    """
    logging.basicConfig(filename=folder / "run.log", level=logging.INFO)
    arguments = {"folder": str(folder), "epochs": 3}
    settings = environment.load_settings(Settings, env_file=folder / ".env", prefix=PREFIX, arguments=arguments)
    (train if mode == "train" else serve)(settings, report)
