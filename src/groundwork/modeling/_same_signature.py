"""Functions written for one signature.

Rule: the new function has the parameters of the old one, so Python itself binds a call: a wrong call is the
``TypeError`` it always was, ``f(1)`` and ``f(x=1)`` are one call, and nothing is bound by hand. Written once, when the
function is decorated, from the names of its parameters alone, as ``dataclasses`` writes ``__init__``. Cost: some 50 us
at decoration; at a call what a function of so many parameters costs.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from groundwork.modeling._decorate import Function, Kind, name_of

# Before each name that is ours, so that no parameter can have it.
OWN = "_gw_"

_STARS: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
# How a function of a kind hands a call on; ``async_items_of`` stands around an async generator's, which is sync.
ENDS = {
    Kind.SYNC: "return {}",
    Kind.ASYNC: "return await {}",
    Kind.GENERATOR: "return (yield from {})",
    Kind.ASYNC_GENERATOR: "return {}",
}


class Parameters:
    """The parameters of a function, as source text.

    Args:
        fn: The function; one whose signature nobody knows takes ``*args, **kwargs``.

    Attributes:
        all: As ``inspect`` tells them.
        names: Theirs, in order.
        fixed: Whether there is neither ``*args`` nor ``**kwargs``.
        defaults: The default values by the name that stands for them in the source.
    """

    def __init__(self, fn: Function) -> None:
        try:
            self.all = list(inspect.signature(fn).parameters.values())
        except (TypeError, ValueError):
            unknown = inspect.Parameter
            self.all = [unknown("args", unknown.VAR_POSITIONAL), unknown("kwargs", unknown.VAR_KEYWORD)]
        self.name = name_of(fn)
        self.fixed = not any(each.kind in _STARS for each in self.all)
        self.names = [each.name for each in self.all]
        self.defaults = {
            f"{OWN}default_{each.name}": each.default for each in self.all if each.default is not each.empty
        }

    def head(self) -> str:
        """Write the parameters for ``def``."""
        parts: list[str] = []
        starred = False
        for place, each in enumerate(self.all):
            if each.kind is each.KEYWORD_ONLY and not starred:
                parts.append("*")
            starred = starred or each.kind in (each.KEYWORD_ONLY, each.VAR_POSITIONAL)
            default = f"={OWN}default_{each.name}" if each.default is not each.empty else ""
            parts.append(_STARS.get(each.kind, "") + each.name + default)
            following = self.all[place + 1].kind if place + 1 < len(self.all) else None
            if each.kind is each.POSITIONAL_ONLY and following is not each.POSITIONAL_ONLY:
                parts.append("/")
        return ", ".join(parts)

    def call(self) -> str:
        """Write the arguments of a call that hands all parameters on."""
        named = inspect.Parameter.KEYWORD_ONLY
        return ", ".join(
            f"{each.name}={each.name}" if each.kind is named else f"{_STARS.get(each.kind, '')}{each.name}"
            for each in self.all
        )

    def values(self) -> str:
        """Write the parameters as a tuple."""
        return f"({''.join(f'{name}, ' for name in self.names)})"

    def handed(self, values: tuple[Any, ...]) -> tuple[list[Any], dict[str, Any]]:
        """Turn the tuple that ``values`` wrote into positional and named arguments.

        Args:
            values: The parameters' values in order.
        """
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for each, value in zip(self.all, values, strict=True):
            match each.kind:
                case each.VAR_POSITIONAL:
                    args.extend(value)
                case each.VAR_KEYWORD:
                    kwargs.update(value)
                case each.KEYWORD_ONLY:
                    kwargs[each.name] = value
                case _:
                    args.append(value)
        return args, kwargs

    def compiled(self, kind: Kind, lines: Sequence[str], names: Mapping[str, Any]) -> tuple[Function, dict[str, Any]]:
        """Write a function of these parameters.

        Args:
            kind: ``ASYNC`` makes it a coroutine function.
            lines: Its body.
            names: What the body speaks of, all with ``OWN`` before them.

        Returns:
            The function, and the namespace in which it looks those names up.
        """
        define = "async def" if kind is Kind.ASYNC else "def"
        source = "\n    ".join([f"{define} {OWN}made({self.head()}):", *lines])
        namespace: dict[str, Any] = {**self.defaults, **names}
        exec(compile(source, f"<{self.name}, decorated>", "exec"), namespace)  # noqa: S102 - only names of parameters
        made: Function = namespace[f"{OWN}made"]
        return made, namespace
