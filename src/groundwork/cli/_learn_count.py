"""How far a long command is: one line on a terminal, which is taken away at its end; nothing elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer


@contextmanager
def counting(total: int) -> Iterator[Callable[[str], None] | None]:
    """Show a count while the body runs.

    Args:
        total: How many there will be.

    Yields:
        What to call with the name of each that is done; None where nobody looks.
    """
    if not sys.stderr.isatty():
        yield None
        return
    done = 0

    def tell(name: str) -> None:
        nonlocal done
        done += 1
        typer.echo(f"\r\x1b[K{done}/{total}  {name}", err=True, nl=False)

    try:
        yield tell
    finally:
        typer.echo("\r\x1b[K", err=True, nl=False)
