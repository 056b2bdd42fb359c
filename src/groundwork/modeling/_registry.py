"""Names for an estimator, a step, a file format or a metric of one's own.

Rule: what is registered here is known in this process; what a package declares as an entry point is known wherever the
package is installed, and needs no call.
"""

from collections.abc import Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")


@overload
def register(kind: str, name: str) -> Callable[[T], T]: ...
@overload
def register(kind: str, name: str, value: T) -> T: ...
def register(kind: str, name: str, value: Any = None) -> Any:
    """Give something of one's own a name that a pipeline.yaml can say, in this process.

    Groundwork's own names cannot be taken. A function or class that is defined anew, as when a cell of a notebook runs
    twice, takes the place of the old one; another one is refused.

    Args:
        kind: ``estimator``: a class with ``fit`` and ``predict``. ``step``: a function of a job and the outputs of
            earlier steps. ``format``: an object with ``read(file)``, ``write(file, value)`` or both. ``metric``: a
            function of outcome and prediction that returns a number, or a ``Metric``.
        name: Letters, digits, - and _; of a format, the suffix of its files without the dot.
        value: What is meant; as a decorator without it.

    Returns:
        The value, as it is; or the decorator.

    Raises:
        UnknownPluginError: There is no such kind.
        ConfigurationError: The name is taken or cannot be one, or the value is not what its kind must be.

    Example:
        >>> @register("metric", "worst_error")
        ... def worst_error(outcome, prediction):
        ...     return abs(outcome - prediction).max()
        >>> find_plugin("metric", "worst_error") is worst_error
        True
    """
    from groundwork.environment import register_plugin

    if value is not None:
        register_plugin(kind, name, value)
        return value

    def named(given: T) -> T:
        register_plugin(kind, name, given)
        return given

    return named


def find_plugin(kind: str, name: str) -> Any:
    """Find what a name stands for: registered in this process, or declared by an installed package.

    The package is imported when its name is first asked for.

    Args:
        kind: ``estimator``, ``step``, ``format`` or ``metric``.
        name: The name.

    Returns:
        What was registered or declared.

    Raises:
        UnknownPluginError: Nobody has the name, and the message says which there are; two have it, and both are named;
            or what has it cannot be used, and the message says which package that is and why.
    """
    from groundwork import environment

    return environment.find_plugin(kind, name)
