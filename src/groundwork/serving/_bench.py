"""Measures a running server and says what was seen: for people, for programs, as a plot.

Rule: percentiles are those of callers that do not wait for each other ("corrected"); what a waiting caller would have
seen stands beside them for contrast, and is not to be relied on.
"""

import asyncio
import importlib.util
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlunsplit

from groundwork.errors import ConfigurationError, UsageError
from groundwork.serving._address import parsed
from groundwork.serving._client_sync import Client
from groundwork.serving._closed_loop import closed_loop
from groundwork.serving._instances import encode_instances
from groundwork.serving._latency import Latencies
from groundwork.serving._load import Load
from groundwork.serving._load_target import Target
from groundwork.serving._open_loop import Arrivals, open_loop

PERCENTILES = (50.0, 90.0, 95.0, 99.0, 99.9)


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What a measurement saw.

    Attributes:
        url: What was asked.
        load: All that was seen.
        connections: How many asked at once, or might.
        rate: Requests a second that were meant to be sent, or None where each connection waited for its answer.
        latency: Of answers with status 2xx, corrected for coordinated omission.
    """

    url: str
    load: Load
    connections: int
    rate: float | None
    latency: Latencies

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; milliseconds, None where there is nothing."""
        load = self.load
        return {
            "url": self.url,
            "loop": "closed" if self.rate is None else "open",
            "connections": self.connections,
            "rate": self.rate,
            "seconds": load.seconds,
            "sent": load.offered,
            "requests_per_s": round(load.rate, 1),
            "statuses": {str(status): count for status, count in sorted(load.statuses.items())},
            "failures": dict(load.failures),
            "latency_ms": _facts(self.latency),
            "uncorrected_ms": _facts(load.service),
            "refused_ms": _facts(load.refused),
        }

    def lines(self) -> list[str]:
        """Return it in words, the result first."""
        load = self.load
        how = f"{self.connections} connections" if self.rate is None else f"{self.rate:,.0f} requests/s offered"
        lines = [f"{load.rate:,.0f} requests/s answered with 2xx ({how}, {load.seconds:g} s)"]
        if load.answered:
            shown = "  ".join(f"p{percent:g} {_ms(self.latency.percentile_s(percent))}" for percent in PERCENTILES)
            lines.append(f"latency  {shown}  max {_ms(self.latency.max_s)}")
            late = _ms(load.service.percentile_s(99))
            lines.append(f"p99 of a caller that waits for its answers: {late} (uncorrected)")
        refused = {status: count for status, count in sorted(load.statuses.items()) if not 200 <= status < 300}
        lines += [f"  x {count:,} answered {status}" for status, count in refused.items()]
        if refused:
            lines.append(f"    their p99 {_ms(load.refused.percentile_s(99))}")
        lines += [f"  x {count:,} {reason}" for reason, count in sorted(load.failures.items())]
        return lines


def bench(
    url: str,
    *,
    body: bytes | None = None,
    model: str | None = None,
    rows: int = 1,
    headers: Mapping[str, str] | None = None,
    connections: int | None = None,
    rate: float | None = None,
    arrivals: Arrivals = "poisson",
    duration_s: float = 10.0,
    warm_up_s: float = 1.0,
    verify: bool = True,
) -> BenchReport:
    """Measure a server.

    Args:
        url: Where it is; with a path, what is asked, else ``/predict``.
        body: What is sent; None makes it of the example in the model's description.
        model: Which model, where no body is given; the server's first if None.
        rows: How many rows a request made of an example has.
        headers: Further headers.
        connections: In a closed loop (no ``rate``) how many ask, 64 if None; in an open loop the most there are.
        rate: Requests a second, sent whatever the server does.
        arrivals: Of an open loop: ``"poisson"`` or ``"steady"``.
        duration_s: For how long is counted.
        warm_up_s: For how long is not, before.
        verify: Whether a TLS certificate must be trusted.

    Returns:
        What was seen.

    Raises:
        ConfigurationError: No address, a number that cannot work, or arrivals that are not known or come at no rate.
        WorldError: Nothing listens there, or it speaks no HTTP.
        UsageError: There is no body, and the server describes no example.
    """
    if arrivals not in ("poisson", "steady") or (arrivals == "steady" and rate is None):
        raise ConfigurationError(
            f"arrivals is {arrivals!r} and rate {rate}",
            hint="Pass poisson or steady, and the rate at which requests come.",
        )
    parts = parsed(url)
    if parts.path in ("", "/"):
        query = parts.query or (f"model={quote(model, safe='')}" if model else "")
        url = urlunsplit((parts.scheme, parts.netloc, "/predict", query, ""))
    if body is None:
        address = f"{parts.scheme}://{parts.netloc}"
        body = example_body(address, model=model, rows=rows, headers=headers, verify=verify)
    target = Target(url, body, headers or {}, verify=verify)
    if rate is None:
        count = connections or 64
        load = _run(closed_loop(target, connections=count, duration_s=duration_s, warm_up_s=warm_up_s))
        return BenchReport(url, load, count, None, load.service.corrected(load.interval_s or 0.0))
    most = connections or 1024
    load = _run(
        open_loop(target, rate=rate, connections=most, arrivals=arrivals, duration_s=duration_s, warm_up_s=warm_up_s)
    )
    return BenchReport(url, load, most, rate, load.latency)


def example_body(
    url: str,
    *,
    model: str | None = None,
    rows: int = 1,
    headers: Mapping[str, str] | None = None,
    verify: bool = True,
) -> bytes:
    """Return a request made of the example in a model's description.

    Args:
        url: Where the server is.
        model: Which model; the server's first if None.
        rows: How many rows it has.
        headers: Further headers, as a key that the server wants.
        verify: Whether a TLS certificate must be trusted.

    Returns:
        The body.

    Raises:
        UsageError: The server describes no example.
        WorldError: The server does not answer.
    """
    try:
        with Client(url, model=model, headers=headers, verify=verify, timeout_s=10.0) as client:
            described = client.metadata()
    except UsageError as error:
        raise UsageError(
            f"{url} describes no model to make a request of: {error.message}", hint="Pass a request by --body FILE."
        ) from error
    if "example" not in described:
        raise UsageError(
            f"model {described.get('name', model)!r} describes no example", hint="Pass a request by --body FILE."
        )
    return encode_instances([described["example"]] * rows)


def plot_bench(report: BenchReport, target: Path) -> None:
    """Draw latency by percentile, corrected and not.

    Args:
        report: What was seen.
        target: Where to; its suffix says the format: .svg, .png or .pdf.

    Raises:
        UsageError: Nothing was answered, or the format is not known.
    """
    if not report.load.answered:
        raise UsageError("no request was answered with 2xx, so there is nothing to plot")
    check_plot(target)
    from matplotlib.figure import Figure  # late: half a second

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for words, latencies in (("corrected", report.latency), ("uncorrected", report.load.service)):
        curve = [(percent, seconds) for percent, seconds in latencies.curve() if percent < 100]
        axes.plot([1 / (1 - percent / 100) for percent, _ in curve], [s * 1000 for _, s in curve], label=words)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 10, 100, 1000], ["0 %", "50 %", "90 %", "99 %", "99.9 %"])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("share of requests")
    axes.set_ylabel("latency within, ms")
    axes.set_title(report.lines()[0])
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    try:
        figure.savefig(target)
    except OSError as error:
        raise UsageError(f"the plot cannot be written to {target}: {error.strerror or error}") from error


def check_plot(target: Path) -> None:
    """Refuse a file that no plot can be written to, before minutes are spent on what it would show.

    Args:
        target: Where the plot is wanted.

    Raises:
        UsageError: Its format is not known, or its folder is not there.
    """
    if target.suffix.lower() not in (".svg", ".png", ".pdf"):
        raise UsageError(f"a plot cannot be written to {target.name!r}", hint="Name a file that ends in .svg or .png.")
    if not target.parent.is_dir():
        raise UsageError(f"a plot cannot be written to {target}: there is no folder {target.parent}")


def _run(loop: Coroutine[Any, Any, Load]) -> Load:
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.run(loop)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(loop)


def _facts(latencies: Latencies) -> dict[str, float | None]:
    if not latencies.count:
        return {}
    facts: dict[str, float | None] = {
        f"p{percent:g}": round(latencies.percentile_s(percent) * 1000, 4) for percent in PERCENTILES
    }
    return {**facts, "max": round(latencies.max_s * 1000, 4), "mean": round(latencies.mean_s * 1000, 4)}


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"
