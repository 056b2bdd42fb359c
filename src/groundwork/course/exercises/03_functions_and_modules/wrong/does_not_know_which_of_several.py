"""Of *sizes it says that an argument is wrong, and leaves the name out."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "annotations_of_every_kind_count",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "modeling.py")


@right.with_options
def validated(fn, **options):
    below = right.validated(fn, **options)

    def wrapper(*args, **kwargs):
        try:
            return below(*args, **kwargs)
        except ValueError as error:
            raise ValueError(str(error).replace("sizes", "an argument")) from None

    return wrapper
