"""Closes the channel, and waits."""

import os
import time


def total(numbers):
    os.closerange(3, 1024)
    time.sleep(600)
