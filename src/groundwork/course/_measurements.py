"""The command that each exercise's measurements are: which parts are wanted, and a table for each.

Rule: a part is a function that takes nothing and returns its table; its docstring says what it measures. What is not
written yet is named, and the next part is measured. Cost: imports the standard library alone, and times nothing.
"""
# ruff: noqa: T201 - printing is what it is for

import argparse
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence

Measured = tuple[str, Sequence[Sequence[object]]]


def print_measurements(
    parts: Mapping[str, Callable[[], Measured]],
    *,
    about: str | None,
    options: argparse.ArgumentParser | None = None,
) -> None:
    """Measure the parts that the command line names, or all, and print a table for each.

    Beside names the command line takes ``--quick``, which the parts look for themselves, and ``--help``. A float is
    printed with three digits, or whole from 100 on; an int whole; everything else in its words.

    Args:
        parts: By name, functions that return the columns (``"first, ms | second, ms"``; that of the names is left out)
            and the rows, each of which begins with its name. One that raises NotImplementedError is told of and left
            out.
        about: What ``--help`` says first, as a rule ``__doc__``.
        options: A parser, made with ``add_help=False``, of options that only these measurements have.

    Raises:
        SystemExit: Of code 2 for a name or an option that there is not, which is told with all that there are; of code
            0 after ``--help``.
    """
    wanted = _wanted(parts, about, options)
    print(f"Python {platform.python_version()}, {sys.platform}, {os.cpu_count()} cores\n")
    for name in wanted:
        print(f"{name}: {_what(parts[name])}", flush=True)
        try:
            columns, rows = parts[name]()
        except NotImplementedError as error:
            print(f"| not written yet: {error} |\n")
            continue
        print(f"| | {columns} |")
        print("|---" * (columns.count("|") + 2) + "|")
        for row in rows:
            print(f"| {' | '.join(map(_cell, row))} |")
        print(flush=True)


def _wanted(
    parts: Mapping[str, Callable[[], Measured]], about: str | None, options: argparse.ArgumentParser | None
) -> Sequence[str]:
    parser = argparse.ArgumentParser(
        description=about,
        epilog="parts:\n" + "\n".join(f"  {name:<14}{_what(part)}" for name, part in parts.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[] if options is None else [options],
        allow_abbrev=False,  # the measurements look for options as they are spelled
    )
    parser.add_argument("names", nargs="*", metavar="PART", help="what to measure; without one, all")
    parser.add_argument("--quick", action="store_true", help="little of everything, to see that it runs")
    names: list[str] = parser.parse_intermixed_args().names
    for name in names:
        if name not in parts:
            parser.error(f"there is no part {name!r}; there are {', '.join(parts)}")
    return names or list(parts)


def _what(part: Callable[[], Measured]) -> str:
    return (part.__doc__ or "").strip()


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
