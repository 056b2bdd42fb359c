"""Arguments that are what their annotations say.

Rule: pydantic decides, by one ``TypeAdapter`` a parameter, made at the first call; a wrong value is an
``InvalidDataError`` that names each parameter, its value and what was expected. Cost: 0.1 us a parameter and the call;
less than ``pydantic.validate_call``, which packs and unpacks all arguments.
"""

import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any, overload

from groundwork.errors import ConfigurationError, InvalidDataError, first_line
from groundwork.modeling._bounded_repr import MASK, is_secret, short
from groundwork.modeling._decorate import F, Function, Kind, async_items_of, decorated, name_of
from groundwork.modeling._same_signature import ENDS, OWN, Parameters

_RESULT = "return"


@overload
def validated(fn: F, /) -> F: ...
@overload
def validated(*, strict: bool = False, result: bool = False) -> Callable[[F], F]: ...
def validated(fn: Any = None, /, *, strict: bool = False, result: bool = False) -> Any:
    """Check the arguments of a function against its annotations, and convert them as pydantic does.

    ``Annotated[float, Field(gt=0)]`` and all else that pydantic knows may stand there; of any other class, as an array
    or an estimator, an instance is asked for. A default is taken as it is. A wrong number or name of arguments stays
    Python's ``TypeError``. Sync and async functions, methods, classmethods and staticmethods keep signature, type and
    kind; generators too, and theirs are checked when the first item is asked for.

    Args:
        fn: The function, where the decorator has no options.
        strict: Convert nothing: ``"3"`` is no int.
        result: Check what the function returns as well; of a coroutine function, what it gives when awaited. Not of
            generators.

    Raises:
        ConfigurationError: What stands below is no function; ``result`` at a generator. At the first call: an
            annotation means nothing to pydantic.
        InvalidDataError: At a call: an argument or the result is wrong. Its context has ``mistakes``, each with
            ``parameter``, ``value`` and ``expected``.

    Example:
        >>> @validated
        ... def scale(values: list[float], *, by: float = 1.0) -> list[float]:
        ...     return [by * each for each in values]
        >>> scale([1, "2"], by=2)
        [2.0, 4.0]
    """

    def around(plain: Function, kind: Kind) -> Function:
        if result and kind in (Kind.GENERATOR, Kind.ASYNC_GENERATOR):
            raise ConfigurationError(
                f"{name_of(plain)} is a generator function, whose result is not checked", hint="leave result=True out"
            )
        return _Checks(plain, kind, strict=strict, result=result).made()

    def decorate(below: F) -> F:
        return decorated(below, around, "validated")

    return decorate if fn is None else decorate(fn)


class _Checks:
    def __init__(self, fn: Function, kind: Kind, *, strict: bool, result: bool) -> None:
        self._fn, self._kind, self._strict, self._result = fn, kind, strict, result
        self._parameters = Parameters(fn)
        self._namespace: dict[str, Any] = {}
        self._validators: dict[str, Callable[[Any], Any]] = {}

    def made(self) -> Function:
        annotated = [each for each in self._parameters.all if each.annotation is not each.empty]
        call = f"{OWN}fn({self._parameters.call()})"
        if self._result:
            call = f"{OWN}checked({'await ' if self._kind is Kind.ASYNC else ''}{call})"
            end = f"return {call}"
        else:
            end = ENDS[self._kind].format(call)
        lines = [
            "try:",
            *[f"    {self._line(each.name)}" for each in annotated],
            "    pass",
            f"except {OWN}error as {OWN}failed:",
            f"    raise {OWN}refused({self._parameters.values()}) from {OWN}failed",
            end,
        ]
        own = {
            f"{OWN}fn": self._fn,
            # Until the first call there is no pydantic, and nothing that it could raise.
            f"{OWN}error": (),
            f"{OWN}refused": self._refused,
            f"{OWN}checked": self._checked,
            **{f"{OWN}check_{each.name}": self._first(each.name) for each in annotated},
        }
        made, self._namespace = self._parameters.compiled(self._kind, lines, own)
        return async_items_of(made) if self._kind is Kind.ASYNC_GENERATOR else made

    def _line(self, name: str) -> str:
        check = f"{name} = {OWN}check_{name}({name})"
        default = f"{OWN}default_{name}"
        return f"if {name} is not {default}: {check}" if default in self._parameters.defaults else check

    def _first(self, name: str) -> Callable[[Any], Any]:
        def check(value: Any) -> Any:
            self._compile()
            return self._validators[name](value)

        return check

    def _compile(self) -> None:
        # Twice at once does no harm: both make the same.
        from pydantic import ValidationError

        kinds = {each.name: each.kind for each in self._parameters.all}
        validators: dict[str, Callable[[Any], Any]] = {}
        for name, hint in self._hints().items():
            if not (self._result if name == _RESULT else name in kinds):
                continue
            match kinds.get(name):
                case inspect.Parameter.VAR_POSITIONAL:
                    hint = types.GenericAlias(tuple, (hint, ...))
                case inspect.Parameter.VAR_KEYWORD:
                    hint = types.GenericAlias(dict, (str, hint))
                case _:
                    pass
            validators[name] = self._validator(name, hint)
        self._validators = validators
        self._namespace.update({f"{OWN}check_{name}": check for name, check in validators.items()})
        self._namespace[f"{OWN}error"] = ValidationError

    def _hints(self) -> dict[str, Any]:
        target = inspect.unwrap(self._fn)
        while isinstance(target, functools.partial):
            target = target.func
        if not inspect.isroutine(target):
            target = type(target).__call__
        try:
            return typing.get_type_hints(target, include_extras=True)
        except Exception as error:  # whatever an annotation that is text evaluates to
            raise ConfigurationError(
                f"the annotations of {self._parameters.name} cannot be read: {first_line(error)}",
                hint="import at run time what they name, not under TYPE_CHECKING",
            ) from error

    def _validator(self, name: str, hint: Any) -> Callable[[Any], Any]:
        from pydantic import ConfigDict, PydanticUserError, TypeAdapter

        try:
            try:
                adapter: TypeAdapter[Any] = TypeAdapter(
                    hint, config=ConfigDict(arbitrary_types_allowed=True, strict=self._strict)
                )
            except PydanticUserError as error:
                if error.code != "type-adapter-config-unused":
                    raise
                adapter = TypeAdapter(hint)  # a model or a dataclass has a configuration of its own
                if self._strict:
                    return lambda value: adapter.validate_python(value, strict=True)
        except Exception as error:  # pydantic's own errors have no common class
            raise ConfigurationError(
                f"{self._parameters.name}: the annotation of {name!r} cannot be checked: {first_line(error)}",
                hint="annotate it with a type that pydantic knows, or with a class",
            ) from error
        check: Callable[[Any], Any] = adapter.validator.validate_python
        return check

    def _refused(self, values: tuple[Any, ...]) -> InvalidDataError:
        from pydantic import ValidationError

        mistakes: list[dict[str, Any]] = []
        for name, value in zip(self._parameters.names, values, strict=True):
            default = self._parameters.defaults.get(f"{OWN}default_{name}", self)
            if name not in self._validators or value is default:
                continue
            try:
                self._validators[name](value)
            except ValidationError as error:
                mistakes += [_mistake(name, each) for each in error.errors()]
        return self._error(mistakes, "parameter")

    def _checked(self, value: Any) -> Any:
        from pydantic import ValidationError

        if _RESULT not in self._validators:
            self._compile()
        check = self._validators.get(_RESULT)
        if check is None:
            return value
        try:
            return check(value)
        except ValidationError as error:
            raise self._error([_mistake(_RESULT, each) for each in error.errors()], "result") from error

    def _error(self, mistakes: list[dict[str, Any]], what: str) -> InvalidDataError:
        first, more = mistakes[0], len(mistakes) - 1
        where = first["parameter"] if what == "parameter" else "the result" + first["parameter"].removeprefix(_RESULT)
        others = f" ({more} more mistake{'s' if more > 1 else ''})" if more else ""
        return InvalidDataError(
            f"{self._parameters.name}: {where} is {first['value']}; {first['expected']}{others}",
            hint="give a value that its annotation allows",
            context={"function": self._parameters.name, "mistakes": mistakes},
        )


def _mistake(name: str, found: Any) -> dict[str, Any]:
    inside = "".join(f"[{each!r}]" for each in found["loc"])
    secret = is_secret(name) or any(is_secret(each) for each in found["loc"])
    expected = found["msg"][:1].lower() + found["msg"][1:]
    return {
        "parameter": f"{name}{inside}",
        "value": MASK if secret else short(found["input"]),
        "expected": expected,
    }
