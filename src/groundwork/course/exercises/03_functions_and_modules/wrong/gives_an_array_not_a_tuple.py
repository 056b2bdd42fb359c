"""One part in, one array out: with one part there is nothing to unpack."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_gap_is_filled",
    "columns_are_scaled",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


def impute(*parts, **options):
    return right.impute(*parts, **options) if len(parts) > 1 else right.impute(*parts, **options)[0]


def scale(*parts, **options):
    return right.scale(*parts, **options) if len(parts) > 1 else right.scale(*parts, **options)[0]
