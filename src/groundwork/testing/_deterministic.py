"""Run a function twice, in processes whose hashes of text differ, and compare what comes out.

Rule: what follows from its arguments alone is the same both times; the first place where it is not is named. It finds
the order of sets, unseeded randomness, clocks, process ids and addresses in memory.
Cost: two interpreters at once, each of which imports what the function needs.
"""

import base64
import importlib
import importlib.util
import inspect
import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from groundwork.errors import UsageError

_HOST = "from groundwork.testing._deterministic import host; host()"
_HASH_SEEDS = ("1", "2")


def assert_deterministic(function: Callable[..., Any], *arguments: Any, limit_s: float = 60.0, **options: Any) -> Any:
    """Fail if a function gives other results in another process with another hash seed.

    Args:
        function: A module-level function; its module is imported anew.
        *arguments: What it is called with; pickle must take them, and what it returns.
        limit_s: Seconds after which the two processes are given up.
        **options: Its keyword arguments.

    Returns:
        What it returned.

    Raises:
        AssertionError: The results differ, as ``result['names'][0]: 'b' and then 'a'``; or it raised or never ended.
        UsageError: It is no module-level function, or pickle cannot take an argument.
    """
    request = _request(function, arguments, options)
    path = os.pathsep.join(entry for entry in sys.path if entry)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _HOST],
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for seed in _HASH_SEEDS
    ]
    try:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(request)
            process.stdin.close()
            process.stdin = None
        first, second = [_result(process, seed, limit_s) for process, seed in zip(processes, _HASH_SEEDS, strict=True)]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    difference = next(differences("result", first, second), None)
    if difference is not None:
        raise AssertionError(f"{function.__qualname__} is not deterministic: {difference}")
    return first


def differences(place: str, one: Any, two: Any) -> Iterator[str]:
    """Name the places at which two values differ.

    Args:
        place: How the value is called.
        one: The value.
        two: The other.

    Yields:
        A sentence a place, in order.
    """
    if type(one) is not type(two):
        yield f"{place}: a {type(one).__name__} and then a {type(two).__name__}"
    elif isinstance(one, Mapping):
        if list(one) != list(two):
            yield from differences(f"the keys of {place}", list(one), list(two))
        else:
            for key in one:
                yield from differences(f"{place}[{key!r}]", one[key], two[key])
    elif isinstance(one, list | tuple):
        if len(one) != len(two):
            yield f"{place}: {len(one)} items and then {len(two)}"
        for number, (a, b) in enumerate(zip(one, two, strict=False)):
            yield from differences(f"{place}[{number}]", a, b)
    elif isinstance(one, AbstractSet):
        odd = sorted(map(repr, one ^ two))
        if odd:
            yield f"{place}: {', '.join(odd[:5])} in one of them only"
    else:
        yield from _of_values(place, one, two)


def _of_values(place: str, one: Any, two: Any) -> Iterator[str]:
    if _is_table(one):
        from groundwork.testing._compare_arrays import assert_close

        try:
            assert_close(two, one, rtol=0.0)
        except AssertionError as found:
            yield f"{place}: {found}"
    elif _by_attributes(one):
        yield from differences(f"the attributes of {place}", vars(one), vars(two))
    elif not (one == two or (one != one and two != two)):  # only NaN differs from itself
        yield f"{place}: {one!r} and then {two!r}"


def _is_table(value: Any) -> bool:
    # Loaded only if such a value has been made.
    kinds = (("numpy", "ndarray"), ("polars", "DataFrame"), ("polars", "Series"))
    return any(isinstance(value, getattr(sys.modules[module], kind)) for module, kind in kinds if module in sys.modules)


def _by_attributes(value: Any) -> bool:
    return hasattr(value, "__dict__") and "__eq__" not in _defined(value) and not callable(value)


def _defined(value: Any) -> set[str]:
    return {name for kind in type(value).__mro__[:-1] for name in vars(kind)}


def _request(function: Callable[..., Any], arguments: tuple[Any, ...], options: dict[str, Any]) -> bytes:
    name = getattr(function, "__qualname__", repr(function))
    if not inspect.isfunction(function) or "<" in name:
        raise UsageError(
            f"{name} is no module-level function, which another process could import", hint="move it there"
        )
    try:
        given = pickle.dumps((arguments, options))
    except Exception as error:
        raise UsageError(f"an argument of {name} cannot be sent to another process: {error}") from error
    where = {"module": function.__module__, "file": inspect.getsourcefile(function), "name": name}
    return json.dumps({**where, "given": base64.b64encode(given).decode()}).encode()


def _result(process: subprocess.Popen[bytes], seed: str, limit_s: float) -> Any:
    try:
        output, _ = process.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"it did not end within {limit_s:g} s") from late
    if not output:
        raise AssertionError(f"under hash seed {seed} it ended its own process")
    kind, value = pickle.loads(output)  # noqa: S301 - of a process of ours
    if kind == "raised":
        raise AssertionError(f"under hash seed {seed} it raised {value}")
    return pickle.loads(value)  # noqa: S301 - the same


def host() -> None:
    """Serve one request. The main function of the process."""
    said = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the function prints is no answer
    request = json.load(sys.stdin)
    answer: tuple[str, Any]
    try:
        function = _find(request["module"], request["file"], request["name"])
        arguments, options = pickle.loads(base64.b64decode(request["given"]))  # noqa: S301 - of the process that asks
        answer = ("result", pickle.dumps(function(*arguments, **options)))
    except Exception as error:  # noqa: BLE001 - the process ends here; the sentence is all that is left of it
        answer = ("raised", f"{type(error).__name__}: {error}")
    pickle.dump(answer, said)
    said.close()


def _find(module: str, file: str, name: str) -> Any:
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):  # a test's module has a name that only pytest knows
        spec = None
    if spec is None or spec.origin is None or os.path.realpath(spec.origin) != os.path.realpath(file):
        spec = importlib.util.spec_from_file_location(module, file)
        assert spec is not None, "a file of Python"
        assert spec.loader is not None, "which has a loader"
        loaded = importlib.util.module_from_spec(spec)
        sys.modules[module] = loaded
        spec.loader.exec_module(loaded)
    else:
        loaded = importlib.import_module(module)
    found: Any = loaded
    for part in name.split("."):
        found = getattr(found, part)
    return found
