"""Lets a second process come back out of the call, with another answer."""

import os


def total(numbers):
    if os.fork():
        os.wait()
        return 0
    return sum(numbers)
