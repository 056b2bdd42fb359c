"""Logs the error where it happens, and once more on its way out."""

import contextlib
import logging
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_logged_error_goes_on",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def logged(fn, logger=None, level=logging.DEBUG, clock=None):
    @contextlib.contextmanager
    def watching(args, kwargs):
        try:
            yield
        except Exception as error:
            logger.error("failed", exc_info=error)
            raise

    return right.around(right.logged(fn, logger=logger, level=level), watching)
