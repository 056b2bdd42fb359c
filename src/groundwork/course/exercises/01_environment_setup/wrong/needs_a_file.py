"""Without a .env nothing starts, also where all variables are set."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_file_may_be_missing_a_value_not",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def load_settings(schema, *, env_file=None, **options):
    if env_file is not None:
        Path(env_file).read_text(encoding="utf-8")
    return right.load_settings(schema, env_file=env_file, **options)


Secret = right.Secret
format_env = right.format_env
parse_env = right.parse_env
