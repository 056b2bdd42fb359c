"""An estimator found by its name, made with its parameters, and given its seed.

Rule: whatever an estimator draws comes from a seed of ours; numpy's global state is neither read nor set.
"""

import difflib
import importlib
import inspect
from collections.abc import Mapping
from typing import Any

from groundwork.errors import ConfigurationError, UnknownPluginError, UsageError

_VAR_POSITIONAL, _VAR_KEYWORD = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD


def import_estimator(path: str) -> type[Any]:
    """Find an estimator class by its import path, or by the name of a plugin.

    Args:
        path: As ``sklearn.ensemble.HistGradientBoostingClassifier``; ``my.module:Name`` works too. Without a dot, the
            estimator that was registered or is declared under this name.

    Returns:
        The class; it has ``fit`` and ``predict``.

    Raises:
        ConfigurationError: The path is not one of dotted names.
        UnknownPluginError: There is no such module or name (the hint gives the nearest), or it is not an estimator.
    """
    from groundwork import environment  # late, as those who only prepare rows need none of it

    plugin: type[Any] | None = environment.look_for_plugin("estimator", path)
    if plugin is not None:
        return plugin
    parts = path.replace(":", ".").split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        raise ConfigurationError(
            f"estimator {path!r} is not an import path, and no plugin has this name",
            hint=_nearest_plugin(path) or "write sklearn.ensemble.HistGradientBoostingClassifier",
        )
    module_path, name = ".".join(parts[:-1]), parts[-1]
    try:
        module = importlib.import_module(module_path)
    except ImportError as error:
        raise UnknownPluginError(
            f"estimator {path!r}: {error}", hint=f"is {parts[0]!r} installed and {module_path!r} spelled right?"
        ) from error
    found = getattr(module, name, None)
    if found is None:
        near = difflib.get_close_matches(name, dir(module), n=1, cutoff=0.5)
        hint = f"did you mean {module_path}.{near[0]}?" if near else None
        raise UnknownPluginError(f"{module_path} has no {name!r}", hint=hint, context={"path": path})
    if not (inspect.isclass(found) and hasattr(found, "fit") and hasattr(found, "predict")):
        raise UnknownPluginError(
            f"{path!r} is not an estimator: it is no class with fit and predict",
            hint="name a classifier or a regressor class",
        )
    return found


def _nearest_plugin(name: str) -> str | None:
    from groundwork.environment import plugin_names

    names = plugin_names("estimator")
    near = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"plugins bring {', '.join(names)}" if names else None


def build_estimator(estimator: str | type[Any], params: Mapping[str, Any] | None = None, *, seed: int = 0) -> Any:
    """Make an unfitted estimator.

    Args:
        estimator: Import path or class.
        params: Its parameters.
        seed: Given as ``random_state`` where the estimator takes one and ``params`` does not set it.

    Returns:
        The instance.

    Raises:
        ConfigurationError: A parameter that it does not have; the hint names the nearest.
        UnknownPluginError: See ``import_estimator``.
    """
    cls = import_estimator(estimator) if isinstance(estimator, str) else estimator
    given = dict(params or {})
    accepted, more = _parameters(cls)
    for name in given:
        if name not in accepted and not more:
            raise _unknown_parameter(cls, name, accepted)
    if "random_state" in accepted:
        given.setdefault("random_state", seed)
    return cls(**given)


def prepared_estimator(estimator: Any, params: Mapping[str, Any] | None = None, *, seed: int = 0) -> Any:
    """Make an unfitted estimator of a name, a class or an object; the object itself is never changed.

    Args:
        estimator: Import path, class, or an object whose parameters are taken.
        params: Its parameters; of an object those that shall be others.
        seed: Of a class see ``build_estimator``; of an object every ``random_state`` that is None is set, nested too.

    Returns:
        The instance.

    Raises:
        ConfigurationError: A parameter that it does not have; the hint names the nearest.
        UnknownPluginError: See ``import_estimator``.
        UsageError: The object is no estimator.
    """
    if isinstance(estimator, str) or inspect.isclass(estimator):
        return build_estimator(estimator, params, seed=seed)
    if not all(hasattr(estimator, name) for name in ("fit", "predict", "get_params", "set_params")):
        raise UsageError(
            f"{type(estimator).__name__} is no estimator: it lacks fit, predict, get_params or set_params",
            hint="pass an import path, a class or an unfitted scikit-learn estimator",
        )
    from sklearn.base import clone

    made = clone(estimator)
    known = made.get_params()
    for name in params or {}:
        if name not in known:
            raise _unknown_parameter(type(made), name, list(known))
    made.set_params(**dict(params or {}))
    unset = {name: seed for name, value in made.get_params().items() if _is_seed(name) and value is None}
    return made.set_params(**{name: seed for name in unset if name not in (params or {})})


def estimator_name(estimator: Any) -> str:
    """Return the import path of an estimator's class."""
    return f"{type(estimator).__module__}.{type(estimator).__qualname__}"


def parameters_of(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator, or none where it does not tell them."""
    return dict(estimator.get_params()) if hasattr(estimator, "get_params") else {}


def takes(method: Any, *names: str) -> bool:
    """Whether a method has parameters of all these names."""
    return set(names) <= inspect.signature(method).parameters.keys()


def _is_seed(name: str) -> bool:
    return name == "random_state" or name.endswith("__random_state")


def _unknown_parameter(cls: type[Any], name: str, accepted: list[str]) -> ConfigurationError:
    near = difflib.get_close_matches(name, accepted, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(accepted)}"
    return ConfigurationError(f"{cls.__name__} has no parameter {name!r}", hint=hint, context={"parameter": name})


def _parameters(cls: type[Any]) -> tuple[list[str], bool]:
    """List what a class can be made with, and whether it takes further names (as XGBClassifier passes them on)."""
    names: list[str] = []
    for each in cls.__mro__[:-1]:
        if "__init__" not in vars(each):
            continue
        kinds = {name: each.kind for name, each in inspect.signature(vars(each)["__init__"]).parameters.items()}
        names += [name for name, kind in list(kinds.items())[1:] if kind not in (_VAR_POSITIONAL, _VAR_KEYWORD)]
        if _VAR_KEYWORD not in kinds.values():
            return names, False
    return names, bool(names)
