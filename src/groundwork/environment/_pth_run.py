"""Read ``.pth`` files as Python does, and run the code in them.

Rule: standard library only and one file, because it runs as a script under the interpreter that is asked (``-I -S``),
which prints one line before and one after each line of code: the last one that only began is the one that hangs or
ends the interpreter. Of an exception its type is told, and its text only where that cannot hold a secret.
"""

from __future__ import annotations  # for interpreters that are too old, so that they can say so

import os
import sys
from typing import Any

BEGIN, END = "\x1ebegin", "\x1eend"
_TELLING = (ImportError, SyntaxError, NameError, AttributeError)


def files_in(folder: Any) -> list[str]:
    """List the ``.pth`` files that Python reads.

    Args:
        folder: A folder of packages.

    Returns:
        Names in the order of reading; hidden ones are passed over.
    """
    try:
        return sorted(name for name in os.listdir(folder) if name.endswith(".pth") and not name.startswith("."))
    except OSError:
        return []


def lines_of(path: Any) -> list[tuple[int, str]]:
    """Read the lines that mean something.

    Args:
        path: A ``.pth`` file.

    Returns:
        Number and text of each line.

    Raises:
        OSError: It cannot be read.
        UnicodeDecodeError: It is not UTF-8.
    """
    with open(path, encoding="utf-8-sig") as file:
        lines = file.read().split("\n")
    return [(number, line.rstrip()) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]


def is_code(line: str) -> bool:
    """Say whether Python runs a line instead of taking it for a folder.

    Args:
        line: Of a ``.pth`` file.

    Returns:
        True for a line that begins with ``import``.
    """
    return line.startswith(("import ", "import\t"))


def run(prefix: str, folders: list[str]) -> None:
    """Do what the start of the interpreter does with these folders, and report on stdout.

    Args:
        prefix: The environment.
        folders: Of its packages.
    """
    report = os.dup(1)
    # What a line prints must not mix with the report.
    os.dup2(2, 1)
    sys.prefix = sys.exec_prefix = prefix
    for folder in folders:
        sys.path.append(folder)
        for name in files_in(folder):
            _run_file(report, folder, os.path.join(folder, name))


def _run_file(report: int, sitedir: str, path: str) -> None:
    # Lines of old namespace packages look for the variable `sitedir` of whoever runs them.
    try:
        lines = lines_of(path)
    except (OSError, UnicodeDecodeError):
        return
    for number, line in lines:
        if not is_code(line):
            sys.path.append(os.path.join(sitedir, line))
            continue
        os.write(report, f"{BEGIN}\t{path}\t{number}\n".encode())
        said = ""
        try:
            exec(line, {})  # noqa: S102 - every start of this interpreter runs this line
        except BaseException as error:  # noqa: BLE001 - SystemExit too: which line raises it is what is asked
            text = str(error).partition("\n")[0] if isinstance(error, _TELLING) else ""
            said = type(error).__name__ + (f": {text}" if text else "")
        os.write(report, f"{END}\t{said}\n".encode())


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2:])
