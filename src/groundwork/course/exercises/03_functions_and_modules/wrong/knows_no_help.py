"""Takes --help for the name of a file, which is not there."""

import sys
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_command_tells_its_usage",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

PROJECT = Path(__file__).parents[1] / "alternative"


def main():
    sys.argv[1:] = [each for each in sys.argv[1:] if each != "--help"] or ["no-such-file.csv"]
    return right.main()
