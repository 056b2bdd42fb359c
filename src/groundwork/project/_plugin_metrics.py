"""The figures that a project asks for by name and that a plugin computes.

Rule: a figure is one finite number or an error that names the plugin; it is computed on the rows and the predictions
that groundwork's own figures come from, and stands beside them.
"""

import math
from collections.abc import Mapping
from typing import Any

from groundwork import environment
from groundwork.errors import MLException, UnknownPluginError, UsageError, first_line
from groundwork.modeling import Metric
from groundwork.project._config_schema import ProjectConfig
from groundwork.project._config_sections import METRICS


def metric_plugin(name: str) -> Metric | None:
    """Find a metric of a plugin.

    Args:
        name: Its name.

    Returns:
        The metric; None if no plugin has one of this name.

    Raises:
        UnknownPluginError: It cannot be used, or there are two.
    """
    found = environment.look_for_plugin("metric", name)
    return found if found is None or isinstance(found, Metric) else Metric(found)


def named_metrics(config: ProjectConfig) -> list[str]:
    """List the metrics that a project names and groundwork does not have, each once, in the order of the file.

    Args:
        config: The project.
    """
    best = config.checkpoint.keep.best
    named = [*config.metrics, *config.gates, *([best] if best is not None else [])]
    return [name for name in dict.fromkeys(named) if name not in METRICS[config.task]]


def plugin_figures(config: ProjectConfig, outcome: Any, prediction: Any) -> dict[str, float]:
    """Compute what plugins say of the test rows.

    Args:
        config: The project.
        outcome: What happened, as ``evaluation`` takes it.
        prediction: Probability of the positive class, or the predicted number.

    Returns:
        Figure by name.

    Raises:
        UsageError: A metric failed, or gave no finite number.
        UnknownPluginError: There is no such plugin, or it cannot be used.
    """
    return {name: _figure(name, outcome, prediction) for name in named_metrics(config)}


def kept_best(config: ProjectConfig) -> tuple[str, int] | None:
    """Say by which metric the best checkpoint stays, as ``storage.Keep`` takes it.

    Args:
        config: The project.

    Returns:
        The metric, with a minus where less is better, and one; None if none stays for that.
    """
    name = config.checkpoint.keep.best
    if name is None:
        return None
    known: Mapping[str, bool] = METRICS[config.task]
    greater = known[name] if name in known else _known(name).greater_is_better
    return (name if greater else f"-{name}"), 1


def _known(name: str) -> Metric:
    found = metric_plugin(name)
    if found is None:  # uninstalled while the run went
        raise environment.no_plugin("metric", name)
    return found


def _figure(name: str, outcome: Any, prediction: Any) -> float:
    metric = _known(name)
    try:
        # A metric that sorts in place must not change what the others see.
        value = float(metric(outcome.copy(), prediction.copy()))
    except MLException:
        raise
    except Exception as error:
        # Code of others may raise anything; the run is told whose it was.
        raise UsageError(
            f"metric {name!r} failed: {type(error).__name__}: {first_line(error)}",
            hint=f"mend {_place(metric)}, or leave the metric out",
        ) from error
    if not math.isfinite(value):
        raise UsageError(
            f"metric {name!r} gave {value}, which no gate can judge",
            hint=f"let {_place(metric)} return a finite number, or raise an error that says why it cannot",
        )
    return value


def _place(metric: Metric) -> str:
    return f"{getattr(metric.function, '__module__', '?')}:{getattr(metric.function, '__qualname__', '?')}"


def check_metric(config: ProjectConfig, name: str, *, chooses: bool = False) -> str | None:
    """Say why a project cannot use a metric that groundwork does not have, or None.

    Args:
        config: The project.
        name: The metric.
        chooses: Whether the best checkpoint is chosen by it.
    """
    try:
        metric = metric_plugin(name)
    except UnknownPluginError as error:
        return error.message
    if metric is None:
        known = [*METRICS[config.task], *environment.plugin_names("metric")]
        return f"{config.task} has no metric {name!r}; known are {', '.join(known)}"
    if metric.task is not None and metric.task != config.task:
        return f"metric {name!r} judges a {metric.task}, and task is {config.task}"
    if chooses and metric.greater_is_better is None:
        return f"metric {name!r} does not say whether more is better; its package must declare a Metric"
    return None
