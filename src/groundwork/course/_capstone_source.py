"""The weather service of the capstone: real readings, on loopback, with the moods of a service on the internet.

Rule: what was asked is counted here, in a process that runs nothing of the learner's. Some questions are answered only
at the second time, one hangs at first, two are never answered, and the calendar of holidays is down.
"""

import csv
import json
import threading
import time
from collections import Counter
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

AT_ONCE = 8
READINGS = ("temp", "wind_speed", "visib", "pressure")
EPOCH_DAY = 719163
_DATA = Path(__file__).resolve().parent / "exercises" / "capstone"
_ANSWER_S = 0.002
_LOOK_S = 0.2
_LOOKS = 40
_HANG_S = 8.0
_BUSY_EVERY = 9


@cache
def days() -> dict[str, dict[str, list[float | None]]]:
    """Read the weather.

    Returns:
        Origin and day, as ``/weather/EWR/15748``, to the readings of that day; a gap is None.
    """
    from datetime import date

    found: dict[str, dict[str, list[float | None]]] = {}
    with open(_DATA / "weather.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            number = date.fromisoformat(row["date"]).toordinal() - EPOCH_DAY
            of_day = found.setdefault(f"/weather/{row['origin']}/{number}", {name: [] for name in READINGS})
            for name in READINGS:
                of_day[name].append(float(row[name]) if row[name] else None)
    return found


@cache
def never_answered() -> tuple[str, ...]:
    """Name two airports' days that the service knows nothing of: an early one and a late one."""
    names = list(days())
    return names[4], names[-2]


@cache
def busy_at_first() -> frozenset[str]:
    """Name the days that are answered only at the second time."""
    return frozenset(name for number, name in enumerate(days()) if number % _BUSY_EVERY == 2)


@cache
def hangs_at_first() -> str:
    """Name the day whose first question gets no answer at all."""
    return list(days())[30]


class Source:
    """The service, as long as the block lasts.

    Args:
        token: What whoever asks must show.

    Attributes:
        url: Where it is.
        asked: How often each path was asked for.
        most: The most questions that were open at once.
        strangers: How many questions came without the token.
        turned_away: The paths that got no answer at first.
    """

    def __init__(self, token: str) -> None:
        self.asked: Counter[str] = Counter()
        self.turned_away: set[str] = set()
        self.most = self.strangers = self._open = self._looks = 0
        self._token = token
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.socket.close()

    def of(self, kind: str) -> Counter[str]:
        """Count the questions of one kind, as ``weather``."""
        with self._changed:
            return Counter({path: count for path, count in self.asked.items() if path.startswith(f"/{kind}/")})

    def answer(self, path: str, token: str) -> tuple[int, Any]:
        """Answer a question as the mood is."""
        with self._changed:
            self.asked[path] += 1
            nth = self.asked[path]
            if token != f"Bearer {self._token}":
                self.strangers += 1
                return 401, None
            if not path.startswith("/weather/"):
                return 503, None
            # Not before the others have shown how many are asked at once: it keeps one of the askers busy.
            hangs = path == hangs_at_first() and nth == 1 and self.most >= AT_ONCE
            if not hangs:
                self._open += 1
                self.most = max(self.most, self._open)
                self._changed.notify_all()
                self._wait_for_company()
        turned_away = hangs or (path in busy_at_first() and nth == 1)
        if turned_away:
            self.turned_away.add(path)
        try:
            time.sleep(_HANG_S if hangs else _ANSWER_S)
        finally:
            if not hangs:
                with self._changed:
                    self._open -= 1
        if path in never_answered() or path not in days():
            return 404, None
        return (503, None) if turned_away else (200, days()[path])

    def _wait_for_company(self) -> None:
        # So that who may ask eight at once is seen to, however quick the answers are.
        if self.most < AT_ONCE and self._looks < _LOOKS:
            self._looks += 1
            self._changed.wait_for(lambda: self.most >= AT_ONCE, _LOOK_S)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # whoever asks too many at once is to be seen, not kept out


def _handler(source: Source) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, found = source.answer(self.path, self.headers.get("Authorization", ""))
            body = json.dumps(found).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                return  # whoever asked has left

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
