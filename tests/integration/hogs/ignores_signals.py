"""Does not want to be ended."""

import signal
import time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)


def total(numbers):
    while True:
        time.sleep(600)
