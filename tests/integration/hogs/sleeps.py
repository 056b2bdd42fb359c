"""Waits for ten minutes, which costs no time of the processor."""

import time


def total(numbers):
    time.sleep(600)
