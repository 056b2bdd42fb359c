"""Told as JSON lines, what became of each mutant below the working folder; runs where mutmut is installed."""

import json
import re

from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import walk_mutatable_files

KILLED = ("killed", "timeout", "suspicious", "segfault")


def without_text(code: str) -> str:
    """Return the code with the words of its string literals left out, those in braces of an f-string too."""
    return re.sub(r"\"[^\"]*\"|'[^']*'", "''", code)


def lines(name: str, path: str) -> tuple[str, str]:
    changed = [line for line in get_diff_for_mutant(name, path=path).splitlines()[2:] if line[:1] in "+-"]
    return tuple(" ".join(line[1:].strip() for line in changed if line[0] == sign) for sign in "-+")


def main() -> None:
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            status, before, after = status_by_exit_code[code], "", ""
            if status in KILLED:
                status = "killed"
            elif status == "survived":
                before, after = lines(name, path)
                status = "text" if without_text(before) == without_text(after) else "behaviour"
            print(json.dumps({"name": name, "status": status, "before": before, "after": after}))


main()
