"""Read a serve.yaml: models with their versions, and how they are served.

Rule: as with a pipeline.yaml, all mistakes are told at once, each with its line and what was probably meant. Bounds
have the names and the meaning that they have in ``serving.serve``. Keys of clients never stand in it, but in a file of
their own.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError, create_model

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.project._config_mistakes import Mistake, Places, raise_for
from groundwork.project._config_sections import Name, Section
from groundwork.project._config_translate import translate
from groundwork.project._sources import find_model
from groundwork.serving import AppOptions, ConnectionOptions, Served, Versions
from groundwork.storage import load_yaml_with_lines

_ELSEWHERE = ("api_keys",)


def _short(value: Any) -> Any:
    """A source alone stands for a model without options."""
    return {"source": value} if isinstance(value, str) else value


class ServedVersion(Section):
    """One version of a model, and where it runs."""

    source: Name = Field(description="A run, a checkpoint, a store, or an .onnx, .pt or .pt2 file.")
    executor: Literal["auto", "inline", "thread", "process"] | None = Field(
        default=None, description="Where its batches run; absent: as the options say."
    )
    threads: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="How many of its batches may run at once; absent: as the options say."
    )


class ServedModel(Section):
    """A model: one source, or several versions with their shares."""

    source: Name | None = Field(default=None, description="As of a version; for a model with one version.")
    executor: Literal["auto", "inline", "thread", "process"] | None = Field(default=None)
    threads: Annotated[int, Field(ge=1)] | None = Field(default=None)
    versions: dict[Name, Annotated[ServedVersion, BeforeValidator(_short)]] | None = Field(
        default=None, description="Version to source; instead of `source`."
    )
    weights: dict[Name, Annotated[float, Field(ge=0)]] | None = Field(
        default=None, description="The share of calls that each version gets; absent: the first gets all."
    )
    shadow: Name | None = Field(
        default=None, description="A version that gets a copy of each call; nobody sees its answers."
    )


class Tls(Section):
    """What HTTPS needs."""

    cert: Name = Field(description="PEM file of the certificate.")
    key: Name | None = Field(default=None, description="PEM file of its key, if that is another.")


class ServeConfig(Section):
    """A server: its models, its address, its bounds."""

    models: Annotated[dict[Name, Annotated[ServedModel, BeforeValidator(_short)]], Field(min_length=1)] = Field(
        description="Name to model; the first is the one that /predict asks."
    )
    host: Name | None = Field(default=None, description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] | None = Field(default=None, description="Port; 0 takes a free one.")
    grpc_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(default=None, description="Port of gRPC.")
    workers: Annotated[int, Field(ge=1)] | None = Field(default=None, description="Server processes.")
    drain_s: Annotated[float, Field(ge=0)] | None = Field(default=None, description="How long to accept after SIGTERM.")
    shutdown_s: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="How long answers may then take."
    )
    api_key_file: Name | None = Field(default=None, description="A file with one API key a line.")
    tls: Tls | None = Field(default=None, description="HTTPS.")
    options: dict[str, Any] = Field(default_factory=dict, description="Bounds, by the names of `serving.serve`.")
    _folder: Path = PrivateAttr(default=Path())

    def path(self, written: str) -> Path:
        """Return a path of the file: relative ones start where it lies."""
        return self._folder / written

    def find_models(self, *, force: bool = False) -> tuple[dict[str, Any], list[str]]:
        """Return the models as ``serving.serve`` takes them, and what should be known of them.

        Args:
            force: Also those of runs that missed a gate.

        Raises:
            MLException: As ``find_model``.
        """
        notices: list[str] = []

        def served(version: ServedVersion | ServedModel) -> Served:
            _, model, found = find_model(self.path(version.source or ""), force=force)
            notices.extend(found)
            return Served(model=model, executor=version.executor, threads=version.threads)

        models: dict[str, Any] = {}
        for name, model in self.models.items():
            if model.versions is None:
                models[name] = served(model)
            else:
                versions = {version: served(each) for version, each in model.versions.items()}
                models[name] = Versions(versions, weights=model.weights, shadow=model.shadow)
        return models, notices


_OPTION_TYPES: dict[str, Any] = {
    name: (hint, None)
    for kind in (AppOptions, ConnectionOptions)
    for name, hint in get_type_hints(kind).items()
    if name not in _ELSEWHERE
}
_Options: type[Section] = create_model("Options", __base__=Section, **_OPTION_TYPES)
"""What `options` may hold, and of which type; the bounds check their values themselves."""


def load_serve_config(path: str | Path) -> ServeConfig:
    """Read and check a server's configuration.

    Args:
        path: The file.

    Returns:
        The configuration.

    Raises:
        ConfigurationError: There is no such file, or it is wrong; the message lists every mistake, and
            ``context["mistakes"]`` has file, line, path, message and suggestion of each.
    """
    file = Path(path)
    try:
        data, lines = load_yaml_with_lines(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or error) if isinstance(error, OSError) else "not UTF-8"
        raise ConfigurationError(f"{file} cannot be read: {why}", hint="Name a YAML file by --config.") from error
    except InvalidDataError as error:
        raise ConfigurationError(error.message, hint=error.hint) from error
    places = Places(str(file), lines)
    if not isinstance(data, dict):
        raise_for([Mistake((), "expected keys such as `models`, found none")], places)
    try:
        config = ServeConfig.model_validate(data)
    except ValidationError as error:
        found = list(translate(error.errors(include_url=False), ServeConfig, data))
        options = data.get("options")
        raise_for([*found, *(_option_mistakes(options) if isinstance(options, dict) else ())], places)
        raise  # pragma: no cover - what pydantic refuses has a mistake
    raise_for([*_model_mistakes(config), *_option_mistakes(config.options)], places)
    config._folder = file.parent
    return config


def _model_mistakes(config: ServeConfig) -> Iterator[Mistake]:
    for name, model in config.models.items():
        place = ("models", name)
        if (model.source is None) == (model.versions is None):
            yield Mistake(place, "a model has either `source` or `versions`")
        elif model.versions is None:
            for key in ("weights", "shadow"):
                if getattr(model, key) is not None:
                    yield Mistake((*place, key), f"only a model with `versions` has `{key}`")
        else:
            for key in ("executor", "threads"):
                if getattr(model, key) is not None:
                    yield Mistake((*place, key), f"each version has its own `{key}`")
            try:
                Versions(dict.fromkeys(model.versions), weights=model.weights, shadow=model.shadow)
            except ConfigurationError as error:
                yield Mistake(place, error.message)


def _option_mistakes(options: dict[str, Any]) -> Iterator[Mistake]:
    broken: set[str] = set()
    try:
        _Options.model_validate(options)
    except ValidationError as error:
        for mistake in translate(error.errors(include_url=False), _Options, options):
            broken.add(str(mistake.path[0]))
            yield replace(mistake, path=("options", *mistake.path))
    for kind in (AppOptions, ConnectionOptions):
        known = [field.name for field in fields(kind)]
        given = {name: value for name, value in options.items() if name in known and name not in broken}
        # Each by itself first, so that one out of range hides no other; then what they must be to each other.
        wrong = [name for name in given if name != "max_instances" and _refusal(kind, {name: given[name]})]
        if wrong:
            for name in wrong:
                yield Mistake(("options", name), _refusal(kind, {name: given[name]}))
        elif refusal := _refusal(kind, given):
            yield Mistake(("options",), refusal)


def _refusal(kind: type[AppOptions | ConnectionOptions], options: dict[str, Any]) -> str:
    try:
        if kind is AppOptions:
            AppOptions.of(options)
        else:
            kind(**options)
    except ConfigurationError as error:
        return error.message
    return ""
