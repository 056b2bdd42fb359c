"""Has the library do the work, and does not say so in an import."""

import importlib


def total(numbers):
    return importlib.import_module("ground" + "work.storage")
