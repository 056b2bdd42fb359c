"""What a step is, and where its arguments come from.

Rule: every name is looked up before anything runs.
"""

import difflib
import functools
import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from groundwork.errors import ConfigurationError, WorldError
from groundwork.resilience._on import Kinds, On, is_meant, kinds_of
from groundwork.resilience._retry import Retry
from groundwork.resilience._values import Value
from groundwork.resilience._wrapping import is_kind

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One function of a pipeline.

    The names of its parameters say what it needs: outputs of earlier steps, or inputs of the run; one with a default
    is filled if there is such a name. What it returns is its output, under the step's name, and with a durable journal
    must be plain data (what JSON can say); large things go to files. Functions may be coroutine functions, all of them.

    Attributes:
        name: Unique within the pipeline.
        fn: The work.
        parameters: Plain data that decides the output besides its inputs; another value makes the step run again.
        retry: How to try again, or None.
        timeout_s: Seconds for one attempt, or None. A coroutine is cancelled; a function runs in a process of its own,
            which is killed. Running out is a failure that ``retry`` tries again.
        fallback: Called instead when ``fn`` has failed for good; takes parameters by name as ``fn`` does, and may take
            ``error``. The run then ends PARTIAL_FAILURE.
        fallback_on: Failures that the fallback serves for: types, or a function that says of an exception whether it
            does. The world's if not given, as of ``resilience.fallback``: a bug, or a mistake of the caller's, fails.
        optional: A failure leaves None as the output, and the run goes on to PARTIAL_FAILURE.
        valid: Whether an output of an earlier process can still be used, say that its files are there; not if it
            raises.
        when: Takes parameters by name; if it returns something false, the step is SKIPPED and its output is None.
        inputs: Other names for parameters: parameter to input or output.
        outputs: Names of the parts of the output, each of which later steps may ask for; ``fn`` returns a mapping with
            these keys, or a sequence of as many values.

    Raises:
        ConfigurationError: Something that cannot work: no function, a generator function, parameters that are not
            plain data, no time, or names that cannot be.
    """

    name: str
    fn: Function
    parameters: Any = None
    retry: Retry | None = None
    timeout_s: float | None = None
    fallback: Function | None = None
    optional: bool = False
    valid: Callable[[Any], bool] | None = None
    when: Function | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[str] = ()
    fallback_on: On = WorldError
    fallback_kinds: Kinds = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (isinstance(self.name, str) and self.name):
            raise ConfigurationError(f"a step is called {self.name!r}; give it a name", hint='Step("load", load)')
        self._check_functions()
        self._check_values()
        # Frozen for everyone else.
        object.__setattr__(self, "fallback_kinds", kinds_of(self.fallback_on, f"step {self.name!r} fallback_on"))

    def serves(self, error: Exception) -> bool:
        """Say whether the fallback stands in after a failure.

        Args:
            error: Why the step failed.
        """
        return self.fallback is not None and is_meant(error, self.fallback_on, self.fallback_kinds)

    def _check_functions(self) -> None:
        for what in ("fn", "when", "fallback", "valid"):
            fn = getattr(self, what)
            if fn is None and what != "fn":
                continue
            if not callable(fn):
                raise ConfigurationError(
                    f"step {self.name!r} has {what}={fn!r}, which cannot be called; give a function"
                )
            if is_kind(inspect.isgeneratorfunction, fn) or is_kind(inspect.isasyncgenfunction, fn):
                raise ConfigurationError(
                    f"step {self.name!r} has a generator function as {what}, whose work would begin after the call",
                    hint="do the work in the step, and return a list or the name of a file",
                )

    def _check_values(self) -> None:
        if self.timeout_s is not None and not (_is_number(self.timeout_s) and 0 < self.timeout_s < math.inf):
            raise ConfigurationError(f"step {self.name!r} has timeout_s={self.timeout_s!r}; give seconds above 0")
        if not (self.retry is None or isinstance(self.retry, Retry)):
            raise ConfigurationError(
                f"step {self.name!r} has retry={self.retry!r}, which is no Retry",
                hint="write retry=retry(…); put anything else around the function: Step(name, policy(fn))",
            )
        if isinstance(self.outputs, str) or not _are_names(self.outputs):
            raise ConfigurationError(f"step {self.name!r} has outputs={self.outputs!r}; give a tuple of names")
        if not (isinstance(self.inputs, Mapping) and _are_names(self.inputs) and _are_names(self.inputs.values())):
            raise ConfigurationError(
                f"step {self.name!r} has inputs={self.inputs!r}; give a mapping, as {{parameter: name of a value}}"
            )
        if Value(self.parameters).digest is None:
            raise ConfigurationError(f"parameters of step {self.name!r} are not plain data; give what JSON can say")

    @property
    def names(self) -> tuple[str, ...]:
        """What later steps may ask for."""
        return (self.name, *self.outputs)

    def parts(self, output: Any) -> dict[str, Any]:
        """Return an output under each of its names.

        Args:
            output: What ``fn`` returned, or None where there is none.

        Raises:
            ConfigurationError: It does not have the parts that ``outputs`` names.
        """
        if not self.outputs:
            return {self.name: output}
        if output is None:
            return dict.fromkeys(self.names)
        if isinstance(output, Mapping) and output.keys() == set(self.outputs):
            by_name = {name: output[name] for name in self.outputs}
        elif isinstance(output, list | tuple) and len(output) == len(self.outputs):
            by_name = dict(zip(self.outputs, output, strict=True))
        else:
            given = sorted(map(str, output)) if isinstance(output, Mapping) else type(output).__name__
            raise ConfigurationError(
                f"step {self.name!r} returned {given}; its outputs are {', '.join(self.outputs)}: "
                "return a mapping with these keys, or as many values"
            )
        return {self.name: by_name, **by_name}


class WiredStep:
    """A step whose functions know where each argument comes from.

    Args:
        step: The step.

    Attributes:
        step: As given.
        fn: Parameter of ``fn`` to name of a value; of a parameter with a default the value may not exist.
        when: The same of ``when``.
        fallback: The same of ``fallback``, without ``error``.
        needed: Names of the values that must exist.
        takes_error: Whether the fallback asks for ``error``.
        parameters: The step's parameters.

    Raises:
        ConfigurationError: A function cannot be called by names, or does not have a parameter named in ``inputs``.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self.needed: set[str] = set()
        self.fn = self._wires(step.fn)
        self.when = self._wires(step.when)
        self.fallback = self._wires(step.fallback, given=("error",))
        self.takes_error = self.fallback.pop("error", None) is not None
        self.parameters = Value(step.parameters)
        taken = {*self.fn, *self.when, *self.fallback}
        for parameter in step.inputs:
            if parameter not in taken:
                raise ConfigurationError(
                    f"step {step.name!r} has an input for {parameter!r}, which its fn does not take"
                )

    @property
    def wanted(self) -> set[str]:
        """Names of all values that the step takes where they exist."""
        return {*self.fn.values(), *self.when.values(), *self.fallback.values()}

    def _wires(self, fn: Function | None, given: Sequence[str] = ()) -> dict[str, str]:
        """Map the parameters that the pipeline can fill to the names of what fills them."""
        if fn is None:
            return {}
        step = self.step
        bound = set(fn.keywords) if isinstance(fn, functools.partial) else set()
        wires, any_name = {}, False
        for name, parameter in _parameters(step, fn).items():
            if parameter.kind is parameter.VAR_KEYWORD:
                any_name = True
            elif parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is parameter.empty:
                raise ConfigurationError(f"step {step.name!r}: parameter {name!r} has no name to be given by; wrap it")
            elif parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
                if name not in bound or name in step.inputs:
                    wires[name] = step.inputs.get(name, name)
                if name in step.inputs or not (
                    name in bound or name in given or parameter.default is not parameter.empty
                ):
                    self.needed.add(wires[name])
        if any_name:
            wires = {**step.inputs, **wires}
            self.needed.update(step.inputs.values())
        return wires


def wired(steps: Sequence[Step]) -> tuple[WiredStep, ...]:
    """Look at every function of every step.

    Args:
        steps: The steps of a pipeline.

    Raises:
        ConfigurationError: A name is given twice, or a function cannot be called.
    """
    _refuse_twice(name for step in steps for name in step.names)
    return tuple(WiredStep(step) for step in steps)


def check_names(steps: Sequence[WiredStep], inputs: Iterable[str]) -> None:
    """Look for the origin of every argument, and for who takes every input.

    Args:
        steps: The steps, in order.
        inputs: Names of the run's inputs.

    Raises:
        ConfigurationError: A step asks for something that nothing before it gives, no step asks for an input, or an
            input has a step's name.
    """
    known = set(inputs)
    unused = set(inputs)
    for each in steps:
        missing = sorted(each.needed - known)
        if missing:
            raise ConfigurationError(
                f"step {each.step.name!r} asks for {missing[0]!r}, which no input or earlier step gives; "
                f"there is {', '.join(sorted(known)) or 'nothing'}"
            )
        clash = known.intersection(each.step.names)
        if clash:
            raise ConfigurationError(f"{min(clash)!r} is an input of the run and a step's output; rename one")
        known.update(each.step.names)
        unused -= each.wanted
    if unused:
        _refuse_unused(min(unused), steps)


def is_async(fn: Function) -> bool:
    """Whether calling a function gives something to await.

    Args:
        fn: A function, a partial, or an object that can be called.
    """
    return is_kind(inspect.iscoroutinefunction, fn)


def _parameters(step: Step, fn: Function) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(fn).parameters
    except (TypeError, ValueError) as error:
        raise ConfigurationError(
            f"step {step.name!r}: {fn!r} does not say what it takes; wrap it in a function with named parameters"
        ) from error


def _refuse_unused(name: str, steps: Sequence[WiredStep]) -> None:
    given = {name for each in steps for name in each.step.names}
    taken = sorted({name for each in steps for name in each.wanted} - given)
    near = difflib.get_close_matches(name, taken, n=1)
    raise ConfigurationError(
        f"the run has an input {name!r}, which no step takes; "
        + (f"did you mean {near[0]!r}?" if near else f"they take {', '.join(taken) or 'none'}")
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _are_names(values: object) -> bool:
    return isinstance(values, Iterable) and all(isinstance(each, str) and each for each in values)


def _refuse_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ConfigurationError(f"step name {name!r} is used twice; give each step and output a name of its own")
        seen.add(name)
