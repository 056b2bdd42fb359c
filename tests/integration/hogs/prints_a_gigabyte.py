"""Prints 1 GB."""

import os


def total(numbers):
    piece = b"x" * 2**20
    for _ in range(2**10):
        os.write(1, piece)
    return sum(numbers)
