"""The clients of the capstone's server: many at once, each with its own rows.

Rule: a client that gets no answer has its error as answer; nothing here waits longer than it was told to.
"""

import http.client
import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

Rows = Sequence[Any]


@dataclass(slots=True)
class Answer:
    """What a client got.

    Attributes:
        status: Of the answer; 0 where there was none.
        body: The JSON of it, or what went wrong.
        retry_after: Of a refusal.
        at_s: When it came.
    """

    status: int = 0
    body: Any = None
    retry_after: str | None = None
    at_s: float = 0.0

    @property
    def predictions(self) -> Any:
        """What was predicted, if anything."""
        return self.body.get("predictions") if isinstance(self.body, dict) else None


@dataclass(slots=True)
class Crowd:
    """Clients that have sent their requests.

    Attributes:
        answers: One each, filled in as they come.
        threads: They run until then.
    """

    answers: list[Answer] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)

    def wait(self, limit_s: float) -> list[Answer]:
        """Wait until each has its answer, or so long in all."""
        end_s = time.monotonic() + limit_s
        for thread in self.threads:
            thread.join(max(0.0, end_s - time.monotonic()))
        return self.answers


def send(url: str, requests: Sequence[Rows], limit_s: float, **headers: str) -> Crowd:
    """Have a client send each of some requests, all at once; return when the server has them.

    Args:
        url: Of the server.
        requests: The rows of each.
        limit_s: How long a client waits for its answer.
        **headers: Further ones; an underscore is a hyphen.

    Returns:
        The clients.
    """
    crowd, sent = Crowd(), threading.Semaphore(0)
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    for rows in requests:
        answer = Answer()
        body = json.dumps({"instances": rows})
        arguments = (url, "POST", "/predict", body, named, answer, limit_s, sent)
        crowd.answers.append(answer)
        crowd.threads.append(threading.Thread(target=_ask, args=arguments, daemon=True))
    for thread in crowd.threads:
        thread.start()
    for _ in crowd.threads:
        sent.acquire(timeout=limit_s)
    # All bytes are with the system; whoever has answered what was asked after them has seen them.
    for _ in range(3):
        _ask(url, "GET", "/v2/health/live", None, {}, Answer(), limit_s, None)
    return crowd


def _ask(
    url: str,
    method: str,
    path: str,
    body: str | None,
    headers: Mapping[str, str],
    answer: Answer,
    limit_s: float,
    sent: threading.Semaphore | None,
) -> None:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=limit_s)
    try:
        connection.request(method, path, body, {"content-type": "application/json", **headers})
        if sent is not None:
            sent.release()
        got = connection.getresponse()
        answer.retry_after, content = got.getheader("Retry-After"), got.read()
        answer.body = content.decode(errors="replace")[:200]
        with suppress(ValueError):
            answer.body = json.loads(content)
        answer.status = got.status
    except (OSError, http.client.HTTPException) as error:
        answer.body = f"{type(error).__name__}: {error}"
    finally:
        answer.at_s = time.monotonic()
        connection.close()
