"""Starts a process that leaves the session and is an orphan, and waits."""

import subprocess
import sys
import time

LEAVE = "import os, time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); time.sleep(600)"


def total(numbers):
    subprocess.Popen([sys.executable, "-c", LEAVE])
    time.sleep(600)
