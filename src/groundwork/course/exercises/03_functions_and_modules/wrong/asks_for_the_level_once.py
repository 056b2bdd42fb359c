"""Asks when it decorates whether the level is on, not when it is called."""

import logging
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "nothing_is_formatted_for_nobody",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def logged(fn, logger=None, level=logging.DEBUG, clock=None):
    return right.logged(fn, logger=logger, level=level) if logger.isEnabledFor(level) else fn
