"""Sets the log up at import: whoever imports it has this format, and no say."""

import logging
from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "importing_does_nothing",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")

logging.basicConfig(level=logging.INFO, format="%(message)s")
timed, logged, cached, validated = right.timed, right.logged, right.cached, right.validated
