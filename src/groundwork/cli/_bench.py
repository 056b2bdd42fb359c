"""``groundwork bench``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from groundwork.serving import BenchReport

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _bench() -> None:
    pass


@app.command("serve", short_help="Measure a running inference server.")
def serve(
    url: Annotated[str, typer.Argument(help="Where the server is; a path says what to ask, else /predict.")],
    connections: Annotated[
        int | None, typer.Option(help="How many ask, each again when it has its answer; 64 without --rate.", min=1)
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Requests a second, whatever the server does.")] = None,
    duration: Annotated[float, typer.Option(help="Seconds that are counted, after one of warming up.")] = 10.0,
    body: Annotated[
        Path | None, typer.Option(help="The request's body; else made of the model's example.", metavar="FILE")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Which model; else the server's first.")] = None,
    rows: Annotated[int, typer.Option(help="Rows in a request that is made.", min=1)] = 1,
    header: Annotated[list[str] | None, typer.Option(help='Further header, as "X-API-Key: key"; repeat it.')] = None,
    steady: Annotated[bool, typer.Option("--steady", help="With --rate: evenly, not at random moments.")] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="Accept any TLS certificate.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw latency by percentile: .svg or .png.", metavar="FILE")] = None,
) -> None:
    """Measure a running inference server: requests a second, and latency percentiles.

    A closed loop (--connections) finds how much it can answer; an open loop (--rate) how long callers wait that come by
    themselves. Latencies are corrected for coordinated omission.
    """
    from groundwork import serving
    from groundwork.errors import UsageError

    if steady and rate is None:
        raise UsageError("--steady says how the requests of --rate come, and there is no --rate", hint="Add --rate N.")
    if plot is not None:
        serving.check_plot(plot)
    report = serving.bench(
        url,
        body=None if body is None else _read(body),
        model=model,
        rows=rows,
        headers=_headers(header or []),
        connections=connections,
        rate=rate,
        arrivals="steady" if steady else "poisson",
        duration_s=duration,
        verify=not insecure,
    )
    _print(report, as_json=as_json)
    if plot is not None and report.load.answered:
        serving.plot_bench(report, plot)
        typer.echo(f"plot: {plot}", err=as_json)
    if not report.load.answered:
        raise typer.Exit(1)


def _print(report: "BenchReport", *, as_json: bool) -> None:
    if as_json:
        import json

        typer.echo(json.dumps(report.to_dict(), indent=2))
        return
    for line in report.lines():
        typer.echo(line)
    if report.rate is None and report.load.answered:
        half = report.load.rate / 2
        typer.echo(f"Next: groundwork bench serve {report.url} --rate {half:.0f} shows what callers wait at half of it")


def _read(body: Path) -> bytes:
    from groundwork.errors import UsageError

    try:
        return body.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{body} cannot be read: {error.strerror or error}", hint="Name a file by --body, or leave it out."
        ) from error


def _headers(lines: list[str]) -> dict[str, Any]:
    from groundwork.errors import UsageError

    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or "\n" in line or "\r" in line:
            raise UsageError(f"--header {line!r} is no header", hint='Give it as "Name: value".')
        headers[name.strip()] = value.strip()
    return headers
