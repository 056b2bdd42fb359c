"""Read a pipeline.yaml, with overrides, or say everything that is wrong with it.

Rule: all mistakes at once, each with its line and what was probably meant; a configuration that is returned is valid in
itself, so that a run fails in its first second or not for the sake of a word. Files are not opened here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.project._config_checks import find_mistakes
from groundwork.project._config_mistakes import KeyPath, Mistake, Place, Places, raise_for
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._config_translate import translate
from groundwork.storage import load_yaml, load_yaml_with_lines

FILE_NAME = "pipeline.yaml"


def load_config(path: str | Path, overrides: Sequence[str] = (), *, folder: str | Path | None = None) -> ProjectConfig:
    """Read and check a project's configuration.

    Args:
        path: The project's folder, or the file itself.
        overrides: Entries to set, as ``model.params.max_depth=6``; values are read as YAML.
        folder: Where relative paths start; the file's folder if None.

    Returns:
        The configuration, defaults filled in.

    Raises:
        ConfigurationError: There is no such file, or it is wrong; the message lists every mistake in the order of the
            file, and ``context["mistakes"]`` has file, line, path, message and suggestion of each.
    """
    file = Path(path)
    file = file / FILE_NAME if file.is_dir() else file
    data, places = _read(file)
    mistakes = list(_override(data, places, overrides))
    config, found = _validate(data)
    raise_for([*mistakes, *found], places)
    if config is None:  # pragma: no cover
        raise AssertionError("a configuration without mistakes is valid")
    config._folder = Path(folder) if folder is not None else file.parent
    return config


def _read(file: Path) -> tuple[dict[str, Any], Places]:
    source = str(file)
    if file.suffix.lower() not in (".yaml", ".yml"):
        hint = f"a project is a folder with a {FILE_NAME}; name the folder or that file"
        problem = f"is not a {FILE_NAME}" if file.exists() else "does not exist"
        raise ConfigurationError(f"{source} {problem}", hint=hint, context={"file": source})
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        hint = f"a project is a folder with a {FILE_NAME}"
        raise ConfigurationError(f"{source}: there is no such file", hint=hint, context={"file": source}) from error
    except UnicodeDecodeError as error:
        message = f"{source}: not UTF-8 (byte {error.start})"
        raise ConfigurationError(message, hint="save the file as UTF-8", context={"file": source}) from error
    except OSError as error:
        message = f"{source}: cannot be read ({error.strerror})"
        raise ConfigurationError(message, context={"file": source}) from error
    try:
        data, lines = load_yaml_with_lines(text, source)
    except InvalidDataError as error:
        mistake = {"path": "", "message": error.context["problem"], "suggestion": error.hint}
        context = {"mistakes": [{"file": source, "line": error.context["line"], **mistake}]}
        raise ConfigurationError(error.message, hint=error.hint, context=context) from error
    places = Places(source, lines)
    if not isinstance(data, dict):
        raise_for([Mistake((), "expected keys such as `source`, `target` and `model`, found none")], places)
    return data, places


def _override(data: dict[str, Any], places: Places, overrides: Sequence[str]) -> Iterator[Mistake]:
    for override in overrides:
        place = Place(f"--set {override}", None)
        dotted, equals, text = override.partition("=")
        path: KeyPath = tuple(dotted.strip().split("."))
        try:
            if not equals or not all(path):
                raise InvalidDataError("write it as key.key=value")
            # What begins like a block of text in YAML is, on one line, a gate.
            value = text.strip() if text.lstrip().startswith(">") else load_yaml(text, source="value")
            path = _set(data, path, value)
        except InvalidDataError as error:
            yield Mistake((), error.context.get("problem", error.message), place=place)
        else:
            places.override(path, place)


def _set(data: dict[str, Any], path: KeyPath, value: Any) -> KeyPath:
    """Set one entry; return the path of the topmost entry that this made or changed."""
    at: Any = data
    real: list[str | int] = []
    made: KeyPath | None = None
    for position, part in enumerate(path):
        if isinstance(at, list):
            if not str(part).isdecimal() or int(part) >= len(at):
                raise InvalidDataError(f"{_dotted(real)} has no item {part}; it has {len(at)}, counted from 0")
            part = int(part)
        elif not isinstance(at, dict):
            raise InvalidDataError(f"{_dotted(real)} is {at!r} and has no keys")
        real.append(part)
        if position == len(path) - 1:
            at[part] = value
        elif isinstance(at, dict) and at.get(part) is None:
            made = made or tuple(real)
            at[part] = at = {}
        else:
            at = at[part]
    return made or tuple(real)


def _dotted(path: Sequence[str | int]) -> str:
    return ".".join(map(str, path))


def _validate(data: dict[str, Any]) -> tuple[ProjectConfig | None, list[Mistake]]:
    try:
        config = ProjectConfig.model_validate(data)
    except ValidationError as error:
        mistakes = list(translate(error.errors(include_url=False), ProjectConfig, data))
        broken = {str(details["loc"][0]) for details in error.errors()}
        return None, [*mistakes, *find_mistakes(*_valid_sections(data, broken))]
    return config, list(find_mistakes(config, frozenset()))


def _valid_sections(data: dict[str, Any], broken: set[str]) -> tuple[ProjectConfig, frozenset[str]]:
    """Read what is valid by itself, so that mistakes between sections show together with those inside them."""
    required: dict[str, Any] = {
        name: (field.annotation, None) for name, field in ProjectConfig.model_fields.items() if field.is_required()
    }
    lenient = create_model("PartialConfig", __base__=ProjectConfig, **required)
    partial = lenient.model_validate(
        {key: value for key, value in data.items() if isinstance(key, str) and key not in broken}
    )
    names = {field.alias or name: name for name, field in ProjectConfig.model_fields.items()}
    return partial, frozenset(names.get(key, key) for key in broken)
