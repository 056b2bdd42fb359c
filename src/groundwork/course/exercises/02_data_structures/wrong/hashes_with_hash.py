"""Places a group by hash(), which gives each process other numbers for texts (PYTHONHASHSEED)."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "every_process_gives_the_same_parts",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "data.py")


def split(frame, *, kind, test, validation=0.0, column=None, key=None, seed=0):
    name = column if kind == "group" else key
    if name is None or name not in frame.columns:
        return right.split(frame, kind=kind, test=test, validation=validation, column=column, seed=seed)
    places = [hash((seed, str(value))) % 2**32 / 2**32 for value in frame[name].to_list()]
    parts = ["e" if each < test else "v" if each < test + validation else "t" for each in places]
    return right.Splits(*(frame[[nth for nth, part in enumerate(parts) if part == name]] for name in "tve"))
