"""Something else instead, when a call has failed for good.

Rule: nothing is hidden. A fallback serves for the errors that it names and for no bug, a hook is told of each time,
and if the fallback fails too, its error has the first as its cause.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import CoroutineType
from typing import Any, ParamSpec, Protocol, TypeVar

from groundwork.errors import ConfigurationError, WorldError
from groundwork.resilience import _arguments as arguments
from groundwork.resilience._on import On, is_meant, kinds_of
from groundwork.resilience._retry_hooks import tell
from groundwork.resilience._wrapping import Function, is_async, name_of, refuse_awaitable, wrapped

P = ParamSpec("P")
T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., Any] | classmethod[Any, ..., Any]")


@dataclass(frozen=True, slots=True)
class FallbackServed:
    """A call that failed and was answered all the same.

    Attributes:
        name: What was called, as ``module.function``.
        error: Why it failed.
    """

    name: str
    error: Exception


class FallbackHook(Protocol):
    """A function that is told of each answer that is a fallback's."""

    def __call__(self, served: FallbackServed, /) -> Any:
        """Listen; called in the caller's thread or task, so it should be quick.

        Args:
            served: What failed.
        """
        ...


class fallback:  # noqa: N801 - used as a verb, as deadline
    """Answer in place of a function that fails: ``@fallback(0.5)`` or ``@fallback(previous_model)``.

    Args:
        instead: The answer; or a function that gives it. A function with a parameter that has no default is given
            the error. A value is the same object each time: give ``list``, and not ``[]``. For an asynchronous
            function it may be a coroutine function.
        on: Exceptions that it answers for: types, or a function that says of an exception whether it does. The
            world's failures if not given; a mistake of the caller's, or a bug, goes through.
        hook: Told of each answer.

    Raises:
        ConfigurationError: ``on`` cannot work, or a coroutine function is to answer for a synchronous one.
    """

    __slots__ = ("_asynchronous", "_given", "_hook", "_instead", "_kinds", "_on")

    def __init__(self, instead: Any, on: On = WorldError, *, hook: FallbackHook | None = None) -> None:
        self._given = instead
        self._instead, self._asynchronous = _answering(instead)
        self._on, self._kinds = on, kinds_of(on, "fallback")
        arguments.listener("fallback", hook)
        self._hook = hook

    def __call__(self, fn: F) -> F:
        """Return ``fn`` with this fallback; its signature, its type and its kind stay.

        Args:
            fn: A function, coroutine function or method.
        """
        return wrapped(fn, self.around, "a fallback")

    def call(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call ``fn`` with this fallback.

        Args:
            fn: A function, or a coroutine function, whose result is then awaited as if it were called directly.
            *args: Passed on.
            **kwargs: Passed on.

        Returns:
            What ``fn`` returns, or the fallback.
        """
        return self.around(fn, is_async(fn, "a fallback"))(*args, **kwargs)  # type: ignore[no-any-return]

    def around(self, fn: Function, asynchronous: bool) -> Function:
        """Return what calls ``fn`` and answers when it fails.

        Args:
            fn: The function.
            asynchronous: Whether it is a coroutine function.
        """
        if asynchronous:
            return self._around_async(fn)
        if self._asynchronous:
            raise ConfigurationError(
                f"the synchronous {name_of(fn)} cannot await its fallback; give a plain function or a value"
            )
        kinds = self._kinds

        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                result = fn(*args, **kwargs)
            except kinds as error:
                if not is_meant(error, self._on, kinds):
                    raise
                try:
                    answer = self._instead(error)
                    if type(answer) is CoroutineType:
                        refuse_awaitable(self._given, answer)
                except Exception as second:
                    raise second from _cause(second, error)
                tell(self._hook, FallbackServed(name_of(fn), error))
                return answer
            if type(result) is CoroutineType:
                refuse_awaitable(fn, result)
            return result

        return call

    def _around_async(self, fn: Function) -> Function:
        kinds = self._kinds

        async def call_async(*args: Any, **kwargs: Any) -> Any:
            try:
                return await fn(*args, **kwargs)
            except kinds as error:
                if not is_meant(error, self._on, kinds):
                    raise
                try:
                    answer = self._instead(error)
                    if inspect.isawaitable(answer):
                        answer = await answer
                except Exception as second:
                    raise second from _cause(second, error)
                tell(self._hook, FallbackServed(name_of(fn), error))
                return answer

        return call_async


def _cause(second: Exception, first: Exception) -> BaseException | None:
    # A cause that the fallback itself gave stays; the first error is its context then.
    return second.__cause__ if second is first or second.__cause__ is not None else first


def _answering(instead: Any) -> tuple[Callable[[Exception], Any], bool]:
    if not callable(instead):
        return lambda error: instead, False
    asynchronous = is_async(instead, "a fallback")
    if _takes_error(instead):
        return instead, asynchronous
    return lambda error: instead(), asynchronous


def _takes_error(fn: Function) -> bool:
    try:
        parameters = inspect.signature(fn).parameters.values()
    except ValueError:  # list, dict and others of C tell no signature
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(each.kind in positional and each.default is each.empty for each in parameters)
