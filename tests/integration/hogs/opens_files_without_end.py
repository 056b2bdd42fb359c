"""Opens files and closes none."""

import os

kept = []


def total(numbers):
    while True:
        kept.append(open(os.devnull))
