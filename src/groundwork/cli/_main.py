"""One command for all parts: parse, run, and end with a clear sentence and the right exit code.

Rule: 0 is success, 1 the world's fault or a finding, 2 the caller's fault, 130 Ctrl-C; errors go to stderr, without a
traceback. Heavy imports happen inside commands, so that ``--help`` is quick.
"""

import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from groundwork.cli import (
    _bench,
    _compare,
    _data,
    _env,
    _env_scripts,
    _learn,
    _model,
    _mutate,
    _new,
    _plugins,
    _predict,
    _run,
    _store,
)
from groundwork.environment import printable
from groundwork.errors import MLException, UsageError

app = typer.Typer(
    help="The foundation of ML infrastructure: from a fresh machine to a server that stays up.",
    no_args_is_help=True,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("new", short_help="Make a project that runs at once.")(_new.new)
app.command("run", short_help="Train and evaluate a project.")(_run.run)
app.command("runs", short_help="List runs and what became of them.")(_run.runs)
app.command("report", short_help="Open a run's report.")(_run.report)
app.command("compare", short_help="Compare two runs of one target.")(_compare.compare)
app.command("serve", short_help="Serve models over HTTP.")(_model.serve)
app.command("predict", short_help="Score a file of any size.")(_predict.predict)
app.command("plugins", short_help="List what installed packages bring.")(_plugins.plugins)
app.command("mutate", short_help="List changes of the code that no test notices.")(_mutate.mutate)
app.add_typer(_bench.app, name="bench", help="Measure a running server.")
app.add_typer(_data.app, name="data", help="Profile, validate, deduplicate, split and compare tables.")
app.add_typer(_store.app, name="store", help="List, verify, prune and export checkpoints.")
_env.app.command("scripts")(_env_scripts.scripts)
app.add_typer(_env.app, name="env", help="Check and fingerprint the Python environment.")
app.add_typer(_learn.app, name="learn", help="The exercises.")


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"groundwork {version_of('groundwork')}")
        raise typer.Exit


def main() -> None:
    """Run the command line and exit.

    Raises:
        KeyboardInterrupt: As it came; where the command began, a word is said of it.
    """
    # libgomp's threads spin for milliseconds while they wait for each other, at the cost of whatever else runs, their
    # own partner included. Training on the flights beside two busy processes: 14 s as it comes, 9 s with this; alone
    # 3.5 s either way, where sleeping at once (OMP_WAIT_POLICY=PASSIVE) takes 4.8 s.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    # Killed politely, a run writes CANCELLED and a server drains, as with Ctrl-C.
    signal.signal(signal.SIGTERM, _terminate)
    try:
        app()
    except MLException as error:
        _say(f"error: {error.message}")
        if error.hint:
            _say(f"hint: {error.hint}")
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except SystemExit as ended:
        # typer ends the process itself after these two: with a word for neither, and with 1 where a reader has gone.
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(0)
        if isinstance(stopped := getattr(ended.__context__, "__cause__", None), KeyboardInterrupt):
            raise stopped from None
        raise
    except BrokenPipeError:
        # The reader of our output has gone, as `| head` does; that is its right.
        sys.stderr.close()
        sys.exit(0)


def _say(message: str) -> None:
    # A message may quote anything: a file's name, or what a learner's code raised.
    typer.echo("\n".join(map(printable, message.split("\n"))), err=True)


def _terminate(signum: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + signum)
