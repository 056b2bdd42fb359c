"""Raises SystemExit where it is called."""

import sys


def total(numbers):
    sys.exit(0)
