"""Every word but true is false, and so is a typo."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "what_does_not_fit_is_refused",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def truth(text):
    return text.strip().lower() in ("true", "yes", "on", "1")


right.READERS[bool] = (truth, "true or false")
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
