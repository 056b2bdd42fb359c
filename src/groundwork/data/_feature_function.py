"""Functions that compute features: what they read, where they come from, whether they changed.

Rule: a file names a function, and only modules that the caller allows are imported for it, since an import runs code.
"""

import difflib
import importlib
import inspect
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any

from groundwork.errors import ConfigurationError

_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def function_inputs(function: Callable[..., Any]) -> tuple[str, ...]:
    """Name the columns that a function reads, which are its parameters without default.

    Args:
        function: The function.

    Returns:
        The names.

    Raises:
        ConfigurationError: It takes any number of arguments, or its parameters cannot be known.
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = None
    if parameters is None or any(one.kind == inspect.Parameter.VAR_POSITIONAL for one in parameters):
        raise ConfigurationError(
            f"the parameters of {function_path(function)} do not tell what it reads", hint="say inputs=[…]"
        )
    return tuple(one.name for one in parameters if one.kind in _BY_PLACE and one.default is inspect.Parameter.empty)


def function_path(function: Callable[..., Any]) -> str:
    """Name a function as ``module:function``.

    Args:
        function: The function.
    """
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or type(function).__name__
    return f"{getattr(function, '__module__', None) or type(function).__module__}:{name}"


def function_hash(function: Callable[..., Any]) -> str | None:
    """Hash the source of a function.

    Args:
        function: The function.

    Returns:
        BLAKE2b of its text in 32 hexadecimal digits; None where there is no text (compiled, or typed in by hand).
    """
    try:
        source = inspect.getsource(inspect.unwrap(function))
    except (OSError, TypeError):
        return None
    return blake2b(source.encode(), digest_size=16).hexdigest()


def importable_path(function: Callable[..., Any], feature: str) -> str:
    """Name a function so that another process finds it.

    Args:
        function: The function.
        feature: Whose it is, for the message.

    Returns:
        ``module:function``.

    Raises:
        ConfigurationError: Nobody else can import it: it is a lambda, local, or of the script that runs.
    """
    path = function_path(function)
    module, _, name = path.partition(":")
    if module == "__main__" or not _is(module, name, function):
        raise ConfigurationError(
            f"feature {feature}: {path} cannot be imported elsewhere, and so not be exported",
            hint="move the function to the top level of a module",
            context={"feature": feature, "path": path},
        )
    return path


def import_function(path: str, feature: str, modules: Sequence[str]) -> Callable[..., Any]:
    """Find a function that a file names.

    Args:
        path: ``module:function``.
        feature: Whose it is, for the message.
        modules: The modules (and packages, with all within) that may be imported.

    Returns:
        The function.

    Raises:
        ConfigurationError: The path is none, its module is not allowed or not there, or has no such function.
    """
    module, _, name = str(path).partition(":")
    if not name or not all(part.isidentifier() for part in [*module.split("."), *name.split(".")]):
        raise ConfigurationError(f"feature {feature}: {path!r} is no module:function")
    if not any(module == each or module.startswith(f"{each}.") for each in modules):
        raise ConfigurationError(
            f"feature {feature}: the file names the function {path}, and importing {module} runs its code",
            hint=f"if you trust it, pass modules=[{module!r}]",
            context={"feature": feature, "path": path},
        )
    try:
        found = _resolved(module, name)
    except ImportError as error:
        raise ConfigurationError(f"feature {feature}: {path}: {error}", hint="is it installed?") from error
    if not callable(found):
        near = difflib.get_close_matches(name, dir(importlib.import_module(module)), n=1, cutoff=0.5)
        raise ConfigurationError(
            f"feature {feature}: {module} has no function {name!r}", hint=f"did you mean {near[0]}?" if near else None
        )
    result: Callable[..., Any] = found
    return result


def _is(module: str, name: str, function: Callable[..., Any]) -> bool:
    try:
        return _resolved(module, name) is function
    except ImportError:
        return False


def _resolved(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
