"""Logs that there was an error, without the traceback that says where."""

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
        if logger.isEnabledFor(level):
            logger.log(level, "%s(%s)", fn.__qualname__, right.shown(fn, args, kwargs))
        try:
            yield
        except Exception as error:
            logger.error("%s failed: %s", fn.__qualname__, error)
            raise

    return right.around(fn, watching)
