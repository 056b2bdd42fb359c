"""Asks what opens the library's parts for one of them."""

import sys


def total(numbers):
    return sys.modules["ground" + "work._doors"].opened("ground" + "work.storage", "write")
