"""The story of the capstone, as far as a check has asked for it: a night, a killed night that goes on, a server.

Rule: nothing of the learner's runs here. A night is run once, when first asked for; what it could not do is told by
each check that asks. Cost: three processes of a night and one of a server, about a second each.
"""

import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from groundwork.course._capstone_clients import Crowd, Rows, send
from groundwork.course._capstone_expected import LEARNING_RATE, Model, features, flights, write_flights
from groundwork.course._capstone_process import Night
from groundwork.course._capstone_source import Source
from groundwork.errors import ContractBroken
from groundwork.testing.contracts.testing import Judgement

EPOCHS, BATCH_SIZE, SAVE_EVERY = 3, 64, 5
STOPPED_AT = 17
ORIGINS = ["EWR", "JFK", "LGA"]
_ENV = """# tonight's run
export FLIGHTS_TOKEN='{token}'
FLIGHTS_EPOCHS=9
FLIGHTS_BATCH_SIZE=32
FLIGHTS_LEARNING_RATE={rate}  # small
FLIGHTS_SHUFFLE=yes
FLIGHTS_REHEARSAL=False
"""
_EXAMPLE = "FLIGHTS_TOKEN=\nFLIGHTS_STATION=\n"


class Story:
    """One run through all seven modules.

    Args:
        order: What is to be imported, see ``_capstone_modules.order_of``.
        home: An empty folder.
        limit_s: Seconds that any wait for a process of the learner's may take.
    """

    def __init__(self, order: Mapping[str, Any], home: Path, limit_s: float) -> None:
        self.order, self.home, self.limit_s = order, home, limit_s
        self.token = f"tok-{secrets.token_hex(12)}"
        self.known = flights()
        self.nights: list[Night] = []
        self._sources: list[Source] = []

    def end(self) -> None:
        """End every process, and the weather."""
        for night in self.nights:
            night.kill()
        for source in self._sources:
            source.__exit__()

    def output(self) -> str:
        """Return what the learner's modules have printed."""
        return "".join(night.output() for night in self.nights)

    @cached_property
    def imported(self) -> Night:
        """A process of a night, as soon as it has imported the modules; the night begins when asked for."""
        night = self._undisturbed
        _ = self._first_half
        night.wait(lambda: night.told("imported"))
        return night

    @cached_property
    def whole(self) -> Night:
        """A night that nobody disturbs; the one to be killed runs beside it."""
        self._undisturbed.go(self._variables(self.weather))
        self._first_half.go(self._variables(self._asked, STOPPED_AT))
        _ = self._second_half, self._days
        return self._undisturbed.finish()

    @cached_property
    def killed(self) -> Night:
        """A night that is killed between two steps of its training."""
        _ = self.whole
        night = self._first_half
        if not night.wait(lambda: (night.folder / "paused").exists()):
            raise night.broken()
        night.kill()
        (night.folder / "paused").unlink()
        self._asked_before = self._asked.of("weather").total()
        return night

    @cached_property
    def resumed(self) -> Night:
        """The same night, started again."""
        folder, night = self.killed.folder, self._second_half
        night.go(self._variables(self._asked, self.steps))
        if not night.wait(lambda: (folder / "paused").exists()):
            raise night.broken()
        before = _files(folder / "checkpoints")
        (folder / "paused").unlink()
        night.finish()
        after = _files(folder / "checkpoints")
        self.last_saved = {path: data for path, data in after.items() if before.get(path) != data}
        return night

    @property
    def asked_again(self) -> int:
        """How many questions about the weather came from the night that was started again."""
        _ = self.resumed
        return self._asked.of("weather").total() - self._asked_before

    @cached_property
    def steps(self) -> int:
        """How many steps all epochs have."""
        train = self.whole.fact("split")["train"]
        return EPOCHS * -(-len(train) // BATCH_SIZE)

    @cached_property
    def model(self) -> Model:
        """What the whole night must have learned, from the batches that it drew."""
        model = Model(self.known, self.whole.fact("split")["train"])
        model.learn([batch["ids"] for batch in self.whole.told("batch")])
        return model

    @cached_property
    def server(self) -> "Server":
        """The model of the resumed night, served after its newest checkpoint was damaged."""
        self.resumed.fact("result")
        self._damage()
        folder = self.killed.folder
        then = json.dumps(self.whole.fact("environment")["fingerprint"])
        (folder / "fingerprint.json").write_text(then, encoding="utf-8")
        night = self._days
        night.go(self._variables(self._asked) | {"OMP_NUM_THREADS": "2"})
        if not night.wait(lambda: night.told("ready")):
            raise night.broken()
        return Server(self, night, str(night.fact("ready")["url"]))

    @cached_property
    def judgement(self) -> Judgement:
        """What the learner's suite makes of the module that cleans, right and wrong."""
        return Judgement(Path(self.order["suite"]), limit_s=3 * self.limit_s)

    def files_with_the_token(self) -> list[Path]:
        """List what was left by the nights and has the token in it."""
        found = [path for path in self.home.rglob("*") if path.is_file() and path.name != ".env"]
        return [path for path in found if self.token.encode() in path.read_bytes()]

    def rows(self, count: int) -> list[list[float | None]]:
        """Take rows to ask the server about, with the gaps that they have."""
        test = self.whole.fact("split")["test"]
        table = features(self.known, [test[number % len(test)] for number in range(count)])
        return [[None if value != value else value for value in row] for row in table.tolist()]

    @cached_property
    def weather(self) -> Source:
        """The weather service that the whole night asks."""
        return self._source()

    @cached_property
    def _asked(self) -> Source:
        return self._source()

    def _source(self) -> Source:
        source = Source(self.token).__enter__()
        self._sources.append(source)
        return source

    # Each is started before it is needed, and imports the modules while others work.
    @cached_property
    def _undisturbed(self) -> Night:
        return self._night("train", self._folder("whole"), "first")

    @cached_property
    def _first_half(self) -> Night:
        return self._night("train", self._folder("killed"), "first")

    @cached_property
    def _second_half(self) -> Night:
        return self._night("train", self._first_half.folder, "again")

    @cached_property
    def _days(self) -> Night:
        return self._night("serve", self._first_half.folder, "serve")

    def _folder(self, name: str) -> Path:
        folder = self.home / name
        folder.mkdir()
        write_flights(folder / "flights.csv")
        text = _ENV.format(token=self.token, rate=LEARNING_RATE)
        (folder / ".env").write_text(text, encoding="utf-8")
        (folder / ".env.example").write_text(_EXAMPLE, encoding="utf-8")
        return folder

    def _variables(self, source: Source, pause_at: int | None = None) -> dict[str, str]:
        variables = {"FLIGHTS_SOURCE": source.url, "FLIGHTS_BATCH_SIZE": str(BATCH_SIZE)}
        variables |= {"FLIGHTS_ORIGINS": ",".join(ORIGINS), "FLIGHTS_SHUFFLE": "True", "OMP_NUM_THREADS": "1"}
        return variables | {"FLIGHTS_PAUSE_AT": "" if pause_at is None else str(pause_at)}

    def _night(self, mode: str, folder: Path, name: str) -> Night:
        night = Night(self.order, mode, folder, name, self.limit_s)
        self.nights.append(night)
        return night

    def _damage(self) -> None:
        largest = max(self.last_saved, key=lambda path: len(self.last_saved[path]), default=None)
        if largest is None:
            raise ContractBroken("04 storage.py: the last save left no file; expected a checkpoint on the disk")
        data = bytearray(self.last_saved[largest])
        data[len(data) // 2] ^= 16
        largest.write_bytes(data)


class Server:
    """The learner's server, and those who ask it.

    Args:
        story: What it is part of.
        night: Its process.
        url: Where it is.
    """

    def __init__(self, story: Story, night: Night, url: str) -> None:
        self.story, self.night, self.url = story, night, url
        self._hold = night.folder / "hold"

    def hold(self) -> None:
        """Have the model take its time from now on."""
        self._hold.touch()

    def let_go(self) -> None:
        """Have it go on."""
        with suppress(FileNotFoundError):
            self._hold.unlink()

    def send(self, *requests: Rows, limit_s: float | None = None, **headers: str) -> Crowd:
        """Have clients ask."""
        return send(self.url, requests, limit_s or self.story.limit_s, **headers)

    def terminate(self) -> None:
        """Send SIGTERM."""
        if sys.platform != "win32":
            os.kill(self.night.pid, signal.SIGTERM)


def later(seconds: float) -> threading.Event:
    """Return an event that is set after some seconds, for what has no better sign."""
    event = threading.Event()
    threading.Timer(seconds, event.set).start()
    return event


def now_s() -> float:
    """Tell the time of the clients' answers."""
    return time.monotonic()


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
