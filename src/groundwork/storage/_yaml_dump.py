"""Plain data to YAML that every reader reads alike.

Rule: what YAML 1.1 or YAML 1.2 would take for something else is quoted; the same value gives the same text.
"""

from typing import Any

import yaml

from groundwork.errors import InvalidDataError
from groundwork.storage._yaml import TAG, add_core_schema


class _CoreDumper(yaml.SafeDumper):
    """Quotes what the core schema, not YAML 1.1, would read as something else."""

    # SafeDumper brings the resolvers of YAML 1.1; quoting what either version would misread suits every reader.
    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        # PyYAML folds these like line breaks, in every style but the double-quoted.
        style = '"' if any(char in text for char in "\x85\u2028\u2029") else None
        return self.represent_scalar(TAG + "str", text, style)


add_core_schema(_CoreDumper)
_CoreDumper.add_representer(str, _CoreDumper.represent_text)


def dump_yaml(value: Any) -> str:
    """Write plain data as YAML that ``load_yaml`` reads back equal, and that readers of YAML 1.1 read alike.

    Args:
        value: Dicts, lists, text, numbers, booleans and None; dicts keep their order.

    Returns:
        The document, ending in a newline; the same value gives the same text.

    Raises:
        InvalidDataError: The value holds something else.
    """
    try:
        text = yaml.dump(value, Dumper=_CoreDumper, sort_keys=False, allow_unicode=True, width=120)
    except yaml.representer.RepresenterError as error:
        kind = type(error.args[-1]).__name__
        raise InvalidDataError(f"a {kind} cannot be written as YAML", hint="write plain data only") from error
    except RecursionError as error:
        raise InvalidDataError("the value contains itself, or is nested too deep to be written as YAML") from error
    return str(text).removesuffix("...\n")
