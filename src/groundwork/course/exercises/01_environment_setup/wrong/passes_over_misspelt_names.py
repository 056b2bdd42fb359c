"""What is no setting is nobody's business."""

from pathlib import Path

from groundwork.testing import load_subject

FAILS = (
    "a_misspelt_name_is_told",
)

right = load_subject(Path(__file__).parents[1] / "alternative" / "environment.py")


def load_settings(schema, *, env_file=None, prefix="", **options):
    try:
        return right.load_settings(schema, env_file=env_file, prefix=prefix, **options)
    except right.SettingsError as error:
        if not str(error).endswith("is no setting"):
            raise
        known = {prefix + name.upper() for name in schema.__dataclass_fields__}
        values = {name: value for name, value in right.parse_env(Path(env_file).read_text()).items() if name in known}
        return right.load_settings(schema, prefix=prefix, **{**options, "environ": values})


Secret = right.Secret
format_env = right.format_env
parse_env = right.parse_env
