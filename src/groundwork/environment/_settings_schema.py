"""What a program wants to be told: the settings of a dataclass, a pydantic model or a mapping of names to types.

Rule: a schema that cannot work is an error of the programmer, told before anything is read.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from groundwork.environment._secret import Secret
from groundwork.errors import ConfigurationError

KeyPath = tuple[str, ...]
NOTHING: Any = dataclasses.MISSING

# A setting of such a name is masked in messages whatever its type.
_TELLTALE = re.compile(
    r"(?:^|_)(?:passw\w*|passphrases?|pwd|secrets?|tokens?|credentials?|(?:private|api|access)_?keys?)(?:_|$)", re.I
)
_NUMBERS = (bool, int, float)


@dataclass(frozen=True)
class Setting:
    """One value to find, or one group of such.

    Attributes:
        name: Its name in the schema.
        wanted: Its type.
        required: Whether there is no default.
        default: Returns the default, or ``NOTHING``.
        secret: Whether its value must not be shown.
        group: What it consists of, when it is a group.
        optional: Whether None will do.
    """

    name: str
    wanted: Any
    required: bool
    default: Callable[[], Any]
    secret: bool
    group: "Group | None"
    optional: bool


@dataclass(frozen=True)
class Group:
    """A schema, or a schema within one.

    Attributes:
        schema: As the caller gave it.
        settings: By name, in order.
    """

    schema: Any
    settings: dict[str, Setting]

    def build(self, values: dict[str, Any]) -> Any:
        """Make what the schema describes.

        Args:
            values: By name; what is absent has a default.

        Raises:
            ValueError: The schema's own rules refuse the values.
        """
        if isinstance(self.schema, Mapping):
            # What is absent and may be is None: a mapping has no other way to give a default.
            return {name: values.get(name) for name in self.settings}
        if _is_model(self.schema):
            return self.schema.model_validate(values, by_name=True, by_alias=False)
        return self.schema(**values)

    @property
    def judges_alone(self) -> bool:
        """Whether it tells what is wrong with some values though others are absent, as pydantic does."""
        return _is_model(self.schema)

    def leaves(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Setting]]:
        """Walk the settings that are no group.

        Args:
            path: Where this group stands.

        Yields:
            The path of each, and the setting.
        """
        for setting in self.settings.values():
            here = (*path, setting.name)
            if setting.group is None:
                yield here, setting
            else:
                yield from setting.group.leaves(here)


def read_schema(schema: Any) -> Group:
    """Read a schema.

    Args:
        schema: A dataclass, a pydantic model (the classes), or a mapping of names to types.

    Raises:
        ConfigurationError: It is none of these, contains itself, or names a type that cannot be found.
    """
    group = _group(schema, ())
    if group is None:
        raise ConfigurationError(
            f"{schema!r} is no schema of settings",
            hint="pass a dataclass, a pydantic model, or a mapping of names to types",
        )
    return group


def variables(group: Group, prefix: str) -> dict[str, KeyPath]:
    """Name the variable of each setting, as ``APP_DATABASE__PORT``.

    Args:
        group: The schema.
        prefix: What each name begins with.

    Raises:
        ConfigurationError: Two settings have one name.
    """
    names: dict[str, KeyPath] = {}
    for path, _ in group.leaves():
        name = variable(path, prefix)
        if name in names:
            raise ConfigurationError(
                f"{'.'.join(names[name])} and {'.'.join(path)} would both be read from {name}", hint="rename one"
            )
        names[name] = path
    return names


def variable(path: KeyPath, prefix: str) -> str:
    """Return the variable of one setting.

    Args:
        path: Where it stands.
        prefix: What the name begins with.
    """
    return prefix + "__".join(path).upper()


def _group(schema: Any, outer: tuple[Any, ...]) -> Group | None:
    is_class = isinstance(schema, type)
    if not (isinstance(schema, Mapping) or (is_class and (dataclasses.is_dataclass(schema) or _is_model(schema)))):
        return None
    if any(schema is each for each in outer):
        raise ConfigurationError(f"the schema {_name(schema)} contains itself", hint="settings have a fixed depth")
    settings = {}
    for name, wanted, default in _fields(schema):
        parts = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
        kinds = [part for part in parts if part is not NoneType]
        inner = _group(kinds[0], (*outer, schema)) if len(kinds) == 1 else None
        optional = NoneType in parts
        required = default is None and not (optional and isinstance(schema, Mapping))
        # max_tokens is a number that anyone may see.
        secret = _holds_secret(wanted) or (wanted not in _NUMBERS and _TELLTALE.search(name) is not None)
        settings[name] = Setting(name, wanted, required, default or _nothing, secret, inner, optional)
    return Group(schema, settings)


def _fields(schema: Any) -> Iterator[tuple[str, Any, Callable[[], Any] | None]]:
    """Yield name, type and what makes the default, None where there is none."""
    if isinstance(schema, Mapping):
        for name, wanted in schema.items():
            yield str(name), wanted, None
    elif _is_model(schema):
        for name, info in schema.model_fields.items():
            # A factory that takes the values before it belongs to the model alone.
            alone = info.default_factory is not None and info.default_factory_takes_validated_data
            yield name, info.annotation, None if info.is_required() else _nothing if alone else _of_model(info)
    else:
        hints = _hints(schema)
        for each in dataclasses.fields(schema):
            if each.init:
                yield each.name, _bare(hints[each.name]), _of_field(each)


def _of_model(info: Any) -> Callable[[], Any]:
    return lambda: info.get_default(call_default_factory=True)


def _of_field(field: "dataclasses.Field[Any]") -> Callable[[], Any] | None:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory
    return None if field.default is dataclasses.MISSING else lambda: field.default


def _nothing() -> Any:
    return NOTHING


def _hints(schema: type) -> dict[str, Any]:
    try:
        return get_type_hints(schema, include_extras=True)
    except NameError as error:
        raise ConfigurationError(
            f"a type of {schema.__name__} cannot be found: {error.name}",
            hint="define the types of a schema at the top of a module",
        ) from error


def _bare(wanted: Any) -> Any:
    return _bare(get_args(wanted)[0]) if get_origin(wanted) is Annotated else wanted


def _is_model(schema: Any) -> bool:
    # Asked without importing pydantic, which a bare machine does not have.
    return isinstance(schema, type) and hasattr(schema, "model_fields") and hasattr(schema, "model_validate")


def _holds_secret(wanted: Any) -> bool:
    if wanted is Secret or getattr(wanted, "__name__", "") in ("SecretStr", "SecretBytes"):
        return True
    return any(_holds_secret(part) for part in get_args(wanted))


def _name(schema: Any) -> str:
    return getattr(schema, "__name__", "of a mapping")
