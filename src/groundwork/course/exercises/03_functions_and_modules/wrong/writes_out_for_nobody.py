"""Puts the text together, then asks whether anybody wants it."""

import contextlib
import logging
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "nothing_is_formatted_for_nobody",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def logged(fn, logger=None, level=logging.DEBUG, clock=None):
    @contextlib.contextmanager
    def watching(args, kwargs):
        text = f"{fn.__qualname__}({right.shown(fn, args, kwargs)})"
        logger.log(level, text)
        try:
            yield
        except Exception as error:
            logger.error("%s failed", fn.__qualname__, exc_info=error)
            raise

    return right.around(fn, watching)
