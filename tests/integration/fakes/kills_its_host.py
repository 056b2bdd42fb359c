"""Kills the process that it was started by."""

import os
import signal


def total(numbers):
    os.kill(os.getppid(), signal.SIGKILL)
    return 0
