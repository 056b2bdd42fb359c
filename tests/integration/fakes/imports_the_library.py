"""Has the library do the work."""

from groundwork.storage import atomic_write


def total(numbers):
    return atomic_write
