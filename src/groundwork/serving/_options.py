"""The bounds of an app.

Rule: everything that a client can make large has a bound, and each bound has a name here.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Literal, Self

from groundwork.errors import ConfigurationError

_MAX_INSTANCES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOptions:
    """Bounds of an app, with their defaults.

    Attributes:
        max_batch_rows: Most rows in one call of the model.
        max_wait_s: How long an idle model waits for more rows; 0.0 never waits.
        max_queue_rows: Most rows that may wait; more are refused with 503.
        max_instances: Most instances in one request; at most ``max_queue_rows``.
        max_body_bytes: Largest body.
        body_timeout_s: Longest time for a body to arrive.
        request_timeout_s: Longest time for any answer; a request may ask for less by ``X-Request-Timeout-Ms``.
        watch_after_s: After how long in the queue the server begins to look whether the client is still there.
        api_keys: Any of them admits a call, sent as ``Authorization: Bearer KEY`` or ``X-API-Key: KEY``; None
            asks for none and admits everybody. ``/v2/health/*`` is open to all.
        client_rate_per_s: How many calls of a model each client may make a second, told by its API key or its address,
            in each worker; 0.0 lets everybody make as many as there is room for. More are answered with 429.
        client_burst: How many of them a client that was quiet may make at once; None means what it may make in a
            second, at least one.
        adaptive_limit: Learn from a model's latency how many calls of it may be under way; more are answered with 503.
        executor: Where batches run: "inline" on the server's own thread, in a "thread" or a "process" of their own, or
            "auto": inline what takes less than a millisecond, else a thread.
        threads: How many batches of a model may run at once.
        reload_s: How often to look whether a newer model lies where one was loaded from; 0.0 never looks.
        access_log: Log each request as JSON, to ``groundwork.serving.access``, and give it an ``X-Request-Id``.
        tracing: Make an OpenTelemetry span of each request; needs the extra ``otel``.
        trust: Load checkpoints even if their types are not known to be safe.
        title: Heading of the page and of the API's description.
    """

    max_batch_rows: int = 64
    max_wait_s: float = 0.0
    max_queue_rows: int = 1024
    max_instances: int = _MAX_INSTANCES
    max_body_bytes: int = 4 * 2**20
    body_timeout_s: float = 10.0
    request_timeout_s: float = 60.0
    watch_after_s: float = 0.01
    api_keys: Collection[str] | None = field(default=None, repr=False)
    client_rate_per_s: float = 0.0
    client_burst: float | None = None
    adaptive_limit: bool = True
    executor: Literal["auto", "inline", "thread", "process"] = "auto"
    threads: int = 1
    reload_s: float = 0.0
    access_log: bool = False
    tracing: bool = False
    trust: bool = False
    title: str = "groundwork"

    def __post_init__(self) -> None:
        for name in ("max_batch_rows", "max_queue_rows", "max_instances", "max_body_bytes", "threads"):
            if getattr(self, name) < 1:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("max_wait_s", "watch_after_s", "reload_s", "client_rate_per_s"):
            if not getattr(self, name) >= 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be 0.0 or more")
        for name in ("body_timeout_s", "request_timeout_s"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"{name} is {getattr(self, name)}; it must be more than 0.0")
        if self.api_keys is not None:
            _check_keys(self.api_keys)
        if self.client_burst is not None and not self.client_burst >= 1:
            raise ConfigurationError(f"client_burst is {self.client_burst}; it must be at least 1.0")
        if self.executor not in ("auto", "inline", "thread", "process"):
            raise ConfigurationError(
                f"executor is {self.executor!r}", hint="There are: auto, inline, thread and process."
            )
        if self.max_instances > self.max_queue_rows:
            raise ConfigurationError(
                f"max_instances is {self.max_instances}, more than the {self.max_queue_rows} rows that may wait",
                hint="Raise max_queue_rows or lower max_instances.",
            )

    @classmethod
    def of(cls, options: Mapping[str, Any], others: Sequence[str] = ()) -> Self:
        """Return the options, refusing names that do not exist.

        Args:
            options: By name.
            others: Further names that a caller may have meant.

        Returns:
            The options given, and the defaults of the rest.

        Raises:
            ConfigurationError: An unknown name, or a bound out of range.
        """
        own = [each.name for each in fields(cls)]
        for name in options:
            if name not in own:
                known = [*own, *others]
                near = get_close_matches(name, known, 1)
                hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(known)}."
                raise ConfigurationError(f"unknown option {name!r}", hint=hint)
        given = dict(options)
        if isinstance(given.get("max_queue_rows"), int):
            # Whoever wants a shorter queue need not say that a request may not be longer.
            given.setdefault("max_instances", max(1, min(_MAX_INSTANCES, given["max_queue_rows"])))
        return cls(**given)


def _check_keys(keys: Any) -> None:
    """Refuse what holds no key: an empty list would open to everybody what was meant to be closed."""
    if (
        isinstance(keys, str)
        or not isinstance(keys, Collection)
        or not all(isinstance(key, str) and key for key in keys)
    ):
        # Never shows a key.
        raise ConfigurationError("api_keys holds what is no key", hint='Pass a list of texts, as ["..."].')
    if not keys:
        raise ConfigurationError(
            "api_keys is empty, so nobody could call", hint="Pass a key, or None to let everybody call without one."
        )
