"""What stands in the .env overrules the environment."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "the_later_source_wins",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def layers(*sources):
    return sorted(right_layers(*sources), key=lambda one: ".env" in one[2])


right_layers = right.layers
right.layers = layers
Secret = right.Secret
format_env = right.format_env
load_settings = right.load_settings
parse_env = right.parse_env
