"""``groundwork learn solution``, ``diff`` and ``open``: the library's answer, yours beside it, your file in an editor.

Rule: an answer is shown when every check passes, or to whoever insists.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundwork.cli._learn_place import File, Name, Place, find_place, find_written, split_words
from groundwork.errors import UsageError

if TYPE_CHECKING:
    from groundwork.course import Part

_Insist = Annotated[bool, typer.Option("--yes-show-me", help="Show it although not every check passes.")]
_WIDE = 160
# Editors that open a file at a line, by what their command is called.
_AT_LINE = {"code": "--goto {file}:{line}", "codium": "--goto {file}:{line}", "subl": "{file}:{line}"}
_PLUS_LINE = ("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe")


def show_solution(name: Name = None, file: File = None, insist: _Insist = False) -> None:
    """Show the library's own modules for an exercise, and where the guide explains them."""
    from groundwork.course import library_files

    place = find_place(name, file)
    _see_that_it_may(place, insist, "solution")
    shown, beside = library_files(place.exercise)
    for path in shown:
        typer.echo(f"=== {path}")
        typer.echo(path.read_text(encoding="utf-8").rstrip())
        typer.echo()
    for folder in dict.fromkeys(path.parent for path in beside):
        names = ", ".join(path.name for path in beside if path.parent == folder)
        typer.echo(f"They are built on: {names} in {folder}")
    typer.echo(f"Yours:      {place.file}")
    typer.echo(f"The guide:  {place.exercise.path / 'IMPLEMENTATION_GUIDE.md'}")
    typer.echo(f"Another:    {place.exercise.path / 'alternative' / place.exercise.file}")
    typer.echo(f"Next: {place.command('diff')}")


def show_diff(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[EXERCISE] [NAME]", help="Number, and a name of the exercise.")
    ] = None,
    file: File = None,
    insist: _Insist = False,
    width: Annotated[
        int | None, typer.Option(min=40, help="Columns; those of $COLUMNS or the terminal unless given.")
    ] = None,
) -> None:
    """Show your definitions and the library's side by side, name by name."""
    from groundwork.course import learner_text, library_parts

    name, wanted = split_words(words or [])
    place = find_written(name, file)
    _see_that_it_may(place, insist, "diff")
    parts = library_parts(place.exercise)
    if wanted and wanted not in (names := [part.name for part in parts]):
        raise UsageError(f"exercise {place.exercise.number} asks for no {wanted!r}; it asks for {', '.join(names)}")
    columns = width or shutil.get_terminal_size(fallback=(_WIDE, 24)).columns
    for part in parts:
        if wanted in (None, part.name):
            for line in _beside(learner_text(place.file, part.name), part, columns):
                typer.echo(line)
    typer.echo(f"Next: {place.command('solution')}")


def open_exercise(name: Name = None, file: File = None) -> None:
    """Open your file where the first failure is: in $VISUAL or $EDITOR on a terminal; and links for other editors."""
    place = find_written(name, file)
    line = _line(place)
    path = place.file.resolve()
    typer.echo(f"{place.file}:{line}")
    # A path of Windows begins with its drive, and needs the slash.
    typer.echo(f"vscode://file/{_quoted(path.as_posix().lstrip('/'))}:{line}")
    typer.echo(f"Read:  {(place.folder / 'README.md').resolve().as_uri()}")
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor and sys.stdin.isatty() and sys.stdout.isatty():
        try:
            subprocess.run(editor_command(editor, place.file, line), check=False)
        except OSError as error:
            raise UsageError(f"the editor {editor!r} cannot be started: {error.strerror}; set $EDITOR") from error
    typer.echo(f"Next: {place.command('check')}")


def editor_command(editor: str, file: Path, line: int) -> list[str]:
    """Write the command that opens a file at a line.

    Args:
        editor: What ``$EDITOR`` holds: a program and its options.
        file: The file.
        line: The line; left out for an editor that is not known.

    Returns:
        The command, word by word.

    Raises:
        UsageError: It is no command.
    """
    try:
        words = shlex.split(editor, posix=os.name != "nt")
    except ValueError as error:
        raise UsageError(f"the editor {editor!r} cannot be started: {str(error).lower()}; set $EDITOR") from error
    if not words:
        raise UsageError(f"the editor {editor!r} cannot be started: it names no program; set $EDITOR")
    program = Path(words[0].strip('"')).stem
    if program in _AT_LINE:
        return [*words, *(word.format(file=file, line=line) for word in _AT_LINE[program].split())]
    return [*words, *([f"+{line}"] if program in _PLUS_LINE else []), str(file)]


def _see_that_it_may(place: Place, insist: bool, command: str) -> None:
    from groundwork.course import standing

    known = standing(place.exercise, place.folder)
    if not insist and not known.done:
        raise UsageError(
            f"exercise {place.exercise.number} is {known.describe()}; its answer is shown when every check passes",
            hint=f"{place.command('hint')}, or {place.command(command, '--yes-show-me')}",
        )


def _beside(mine: str, part: "Part", columns: int) -> Iterator[str]:
    half = max(20, (columns - 3) // 2)
    yield f"=== {part.name}"
    yield f"{'yours':<{half}} | {part.file.name}:{part.line}"
    left = mine.splitlines() or ["(nothing of this name in your file)"]
    for one, other in zip_longest(left, part.text.splitlines(), fillvalue=""):
        yield from _columns(one, other, half)
    yield ""


def _columns(one: str, other: str, half: int) -> Iterator[str]:
    for left, right in zip_longest(_cut(one, half), _cut(other, half), fillvalue=""):
        yield f"{left:<{half}} | {right}".rstrip()


def _cut(line: str, most: int) -> Sequence[str]:
    return [line[start : start + most] for start in range(0, len(line), most)] or [""]


def _line(place: Place) -> int:
    """The line of the first failure that names one, or of the first stub."""
    from groundwork.course import line_of, standing

    known = standing(place.exercise, place.folder)
    for check in known.failed:
        if line := line_of(known.progress.checks[check].message):
            return line
    lines = place.file.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if "NotImplementedError" in line), 1)


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/:")
