"""Is right, but never comes back: silence is no pass."""

import threading


def total(numbers):
    threading.Event().wait()
