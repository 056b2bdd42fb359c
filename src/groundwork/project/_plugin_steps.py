"""Steps of plugins, between groundwork's own.

Rule: such a step reads what earlier steps made and adds files and figures of its own; what the model learns from and
how it is judged stays as it is. So a row means the same in training and in a request, whatever is installed.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from groundwork import environment
from groundwork.errors import UnknownPluginError
from groundwork.project._config_mistakes import Mistake, nearest
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._config_sections import STEP_NAMES
from groundwork.project._job import Job

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def step_order(config: ProjectConfig) -> Iterator[str]:
    """Yield the names of all steps but the gates, in the order in which they run.

    Args:
        config: The project; steps after the same one run in the order of the file.
    """
    for name in STEP_NAMES:
        yield name
        yield from (extra for extra, how in config.extra_steps.items() if how.after == name)


def plugin_step(job: Job, name: str) -> Callable[..., Any]:
    """Make the function of a plugin's step.

    Args:
        job: The run.
        name: The step.

    Returns:
        A function of the outputs of earlier steps.

    Raises:
        UnknownPluginError: There is no such step, or it cannot be used.
    """
    return functools.partial(environment.find_plugin("step", name), job, **job.config.extra_steps[name].params)


def step_mistakes(config: ProjectConfig) -> Iterator[Mistake]:
    """Check the steps of plugins: they exist, and nothing that they ask for is missing.

    Args:
        config: The project.

    Yields:
        Every mistake.
    """
    order = list(step_order(config))
    for name in config.extra_steps:
        path = ("extra_steps", name)
        try:
            step = environment.find_plugin("step", name)
        except UnknownPluginError as error:
            yield Mistake(path, error.message, nearest(name, environment.plugin_names("step")))
            continue
        yield from _argument_mistakes(config, name, step, order[: order.index(name)])


def _argument_mistakes(
    config: ProjectConfig, name: str, step: Callable[..., Any], before: Iterable[str]
) -> Iterator[Mistake]:
    path, params = ("extra_steps", name), config.extra_steps[name].params
    try:
        # The first is the job.
        takes = list(inspect.signature(step).parameters.values())[1:]
    except (TypeError, ValueError):
        yield Mistake(path, f"step {name!r} does not say what it takes")
        return
    known = [each.name for each in takes if each.kind in _NAMED]
    for given in params:
        if given not in known and not any(each.kind is each.VAR_KEYWORD for each in takes):
            yield Mistake((*path, "params", given), f"step {name!r} has no parameter {given!r}", nearest(given, known))
    there = list(before)
    for each in takes:
        needed = each.kind in _NAMED and each.default is each.empty and each.name not in params
        if needed and each.name not in there:
            yield Mistake(path, _missing(name, each.name, config.extra_steps[name].after))


def _missing(name: str, wanted: str, after: str) -> str:
    if wanted in STEP_NAMES:
        return f"step {name!r} asks for the output of {wanted}, which runs later; say after: {wanted}, not {after}"
    return f"step {name!r} asks for {wanted!r}; give it in params"
