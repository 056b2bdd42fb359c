"""The sections of a report, each from its part of a run.

Rule: a section whose part is absent is the empty string, so that a run that broke off shows what it has.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from groundwork.project import _plots
from groundwork.project._report_html import (
    BIG,
    badge,
    bar,
    card,
    definitions,
    number,
    seconds,
    share,
    size,
    spark,
    table,
    text,
)

Run = Mapping[str, Any]

_TONES = {"SUCCESS": "good", "PARTIAL_FAILURE": "care", "FAILURE": "bad", "CRASHED": "bad", "CANCELLED": "care"}
_TITLES = {
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "brier": "Brier score",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "base_rate": "base rate",
    "f1": "F1",
    "r2": "R²",
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "median_error": "median absolute error",
}
_FIRST = ("roc_auc", "average_precision", "brier", "calibration_error", "r2", "rmse", "mae")
_NOT_FIGURES = ("rows", "threshold", "confusion")
_CHOSEN = {
    "f1": "chosen for the best F1 on the validation rows",
    "youden": "chosen for the best recall plus specificity on the validation rows",
    "accuracy": "chosen for the best accuracy on the validation rows",
    "fixed": "fixed in pipeline.yaml",
}


def tone_of(status: str) -> str:
    """Return the tone of a run's or step's status."""
    return _TONES.get(status.upper(), "plain")


def summary(run: Run) -> str:
    """The key figures as cards."""
    metrics = run.get("metrics") or {}
    found = [(_TITLES.get(name, name), number(metrics[name])) for name in _FIRST if name in metrics][:4]
    rows = run.get("rows") or {}
    if "used" in rows:
        found.append(("rows used", number(rows["used"])))
    spent = [step.get("seconds") or 0.0 for step in run.get("steps") or ()]
    if spent:
        found.append(("in all steps", seconds(sum(spent))))
    if run.get("peak_memory_bytes"):
        found.append(("peak memory", size(run["peak_memory_bytes"])))
    cards = "".join(f'<div class="card"><b>{value}</b><span>{text(title)}</span></div>' for title, value in found)
    return f'<div class="cards">{cards}</div>' if found else ""


def notices(run: Run) -> str:
    """Errors first, then warnings."""
    parts = []
    for error in run.get("errors") or ():
        hint = f"<p>{text(error['hint'])}</p>" if error.get("hint") else ""
        head = f"<p><b>{text(error.get('type', 'Error'))}</b> {text(error.get('message'))}</p>"
        parts.append(f'<div class="card notice bad">{head}{hint}</div>')
    warnings = run.get("warnings") or ()
    if warnings:
        lines = "".join(f"<p>{text(warning)}</p>" for warning in warnings)
        title = "Warning" if len(warnings) == 1 else f"{len(warnings)} warnings"
        parts.append(f'<div class="card notice care"><p><b>{title}</b></p>{lines}</div>')
    return "".join(parts)


def gates(run: Run) -> str:
    """The bounds that the project set, kept or missed."""
    if not run.get("gates"):
        return ""
    rows = [
        (
            text(_TITLES.get(gate["metric"], gate["metric"])),
            f"<code>{text(gate['rule'])}</code>",
            number(gate.get("value"), 4),
            badge("pass", "good") if gate["passed"] else badge("missed", "bad"),
        )
        for gate in run["gates"]
    ]
    return card(table(("metric", "must be", "is", ""), rows, (2, 3)))


def performance(run: Run) -> str:
    """Curves, calibration, scores and confusion, or a regression's fit and errors; and the other figures."""
    evaluation, metrics = run.get("evaluation") or {}, run.get("metrics") or {}
    curves, threshold = evaluation.get("curves") or {}, evaluation.get("threshold")
    parts = []
    if "roc" in curves:
        parts.append(card(_plots.roc_plot(curves["roc"], metrics.get("roc_auc")), "ROC curve"))
    if "precision_recall" in curves:
        averaged = metrics.get("average_precision")
        plot = _plots.precision_recall_plot(curves["precision_recall"], averaged, metrics.get("base_rate"))
        parts.append(card(plot, "Precision and recall"))
    if curves.get("calibration"):
        plot = _plots.calibration_plot(curves["calibration"], metrics.get("calibration_error"))
        parts.append(card(plot, "Calibration: does 30% mean 30%?"))
    if "scores" in curves:
        parts.append(card(_plots.score_plot(curves["scores"], threshold), "Predicted probabilities by outcome"))
    if "fit" in curves:
        parts.append(card(_plots.fit_plot(curves["fit"], metrics.get("r2")), "Predicted and observed"))
    if "errors" in curves:
        parts.append(card(_plots.error_plot(curves["errors"], metrics.get("bias")), "Errors"))
    if evaluation.get("confusion"):
        parts.append(card(_confusion(evaluation, metrics), "At the threshold"))
    if metrics:
        figures = [
            (text(_TITLES.get(name, name)), number(value, 4))
            for name, value in metrics.items()
            if name not in _NOT_FIGURES
        ]
        parts.append(card(table(("metric", "on the test rows"), figures, (1,)), "All figures"))
    return f'<div class="grid">{"".join(parts)}</div>' if parts else ""


def importance(run: Run) -> str:
    """What the model leans on, as bars with their spread."""
    entries: Sequence[Mapping[str, Any]] = run.get("importance") or ()
    if not entries:
        return ""
    most = max(max(entry["mean"] + entry.get("std", 0.0) for entry in entries), 1e-12)
    lines = []
    for entry in entries:
        mean, std = entry["mean"], entry.get("std", 0.0)
        low, high = max(mean - std, 0.0) / most, max(mean + std, 0.0) / most
        whisker = f'<u style="left:{low:.2%};width:{high - low:.2%}"></u>' if high > low else ""
        drawn = bar(0, max(mean, 0.0) / most).replace("</div>", f"{whisker}</div>")
        lines.append(
            f'<span>{text(entry["column"])}</span>{drawn}<span class="number">{round(mean, 4) + 0.0:.4f}</span>'
        )
    note = (
        '<p class="muted small">How far the score falls when one feature\'s values are shuffled among the test rows; '
        "the line is one standard deviation. Features that say the same share their importance.</p>"
    )
    return card(f'{note}<div class="bars">{"".join(lines)}</div>')


def rows(run: Run) -> str:
    """Where the rows went."""
    counted = run.get("rows") or {}
    if not counted:
        return ""
    whole = counted.get("in") or counted.get("used") or 1
    lines = []
    for name, title in (("in", "read"), ("used", "used")):
        if name in counted:
            lines.append((title, number(counted[name]), bar(0, counted[name] / whole)))
    lines += [
        (f"dropped: {text(drop['reason'])}", number(drop["rows"]), bar(0, drop["rows"] / whole, "care"))
        for drop in counted.get("dropped") or ()
    ]
    start = 0.0
    for name in ("train", "validation", "test"):
        if counted.get(name) is not None:
            part = counted[name] / whole
            lines.append((name, f"{number(counted[name])} ({share(counted[name], whole)})", bar(start, part)))
            start += part
    cells = [(title, count, f'<div class="wide" style="width:100%">{drawn}</div>') for title, count, drawn in lines]
    return card(table(("rows", "", "share of all that were read"), cells, (1,)))


def leakage(run: Run) -> str:
    """What gives the answer away; says so if nothing was found."""
    findings = run.get("leakage")
    if findings is None:
        return ""
    if not findings:
        return card(f"{badge('nothing found', 'good')} No column, group or duplicate was seen to give the answer away.")
    lines = [
        (
            badge(found.get("severity", "warning"), "bad" if found.get("severity") == "error" else "care"),
            text(found.get("kind")),
            text(found.get("message")),
        )
        for found in findings
    ]
    return card(table(("", "kind", "what"), lines))


def profile(run: Run) -> str:
    """Every column: gaps, distinct values, range, shape."""
    described = run.get("profile") or {}
    columns = described.get("columns") or ()
    if not columns:
        return ""
    whole = described.get("rows") or 0
    lines = []
    for column in columns:
        missing = column.get("missing") or 0
        counted = f"{number(missing)} ({share(missing, whole)})" if missing else '<span class="muted">none</span>'
        lines.append(
            (
                f"<b>{text(column['name'])}</b>",
                f'<span class="muted">{text(_type(column.get("dtype")))}</span>',
                f'<span class="small">{counted}</span>',
                bar(0, missing / whole if whole else 0, "care") if missing else "",
                number(column.get("distinct")),
                _range(column),
                spark(_counts(column.get("histogram"))),
            )
        )
    head = ("column", "type", "missing", "", "distinct", "range or most frequent", "shape")
    return card(f'<p class="muted small">{number(whole)} rows.</p>{table(head, lines, (2, 4))}')


def timeline(run: Run) -> str:
    """Which step ran when, and for how long."""
    steps = run.get("steps") or ()
    if not steps:
        return ""
    whole = max([(step.get("started_s") or 0.0) + (step.get("seconds") or 0.0) for step in steps] + [1e-9])
    lines = []
    for step in steps:
        status = str(step.get("status", ""))
        label = badge("reused", "plain") if step.get("reused") else badge(status.lower(), tone_of(status))
        drawn = bar((step.get("started_s") or 0.0) / whole, (step.get("seconds") or 0.0) / whole, tone_of(status))
        tries = step.get("attempts") or 1
        took = seconds(step.get("seconds")) + (f" in {tries} attempts" if tries > 1 else "")
        parts = f'<b>{text(step["name"])}</b><span>{label}</span>{drawn}<span class="number">{took}</span>'
        lines.append(f'<div class="step">{parts}</div>')
        if step.get("error"):
            lines.append(f'<div class="error">{text(_sentence(step["error"]))}</div>')
    return card(f'<div class="steps">{"".join(lines)}</div>')


def origins(run: Run) -> str:
    """Configuration and fingerprints: what one needs to get the same again."""
    parts = []
    if run.get("config"):
        parts.append(f"<details><summary>Configuration</summary><pre>{text(run['config'])}</pre></details>")
    for name, found in (run.get("fingerprints") or {}).items():
        if found:
            inner = definitions(found) if isinstance(found, Mapping) else f"<code>{text(found)}</code>"
            parts.append(f"<details><summary>Fingerprint of {text(name)}</summary>{inner}</details>")
    return card("".join(parts)) if parts else ""


def _confusion(evaluation: Run, metrics: Run) -> str:
    (tn, fp), (fn, tp) = evaluation["confusion"]
    cells = []
    for label, happened in (("negative", (tn, fp)), ("positive", (fn, tp))):
        cells.append(f'<div class="head">was<br>{label}</div>')
        for column, count in enumerate(happened):
            right = (label == "positive") == bool(column)
            part = count / max(sum(happened), 1)
            style = f"--share:{8 + 52 * part:.0f}%"
            words = f"{share(count, sum(happened))} of the {label}s"
            cells.append(
                f'<div class="cell {"good" if right else "bad"}" style="{style}"><b>{number(count)}</b>{words}</div>'
            )
    how = evaluation.get("threshold_chosen_by")
    note = f"A row counts as positive from probability {number(evaluation.get('threshold'))} on"
    note += f" ({text(_CHOSEN.get(how, how))})." if how else "."
    shown = [name for name in ("precision", "recall", "f1", "accuracy") if name in metrics]
    figures = [f"{_TITLES.get(name, name)} {number(metrics[name])}" for name in shown]
    heads = '<div class="head"></div><div class="head">called negative</div><div class="head">called positive</div>'
    return (
        f'<p class="muted small">{note}</p><div class="confusion">{heads}{"".join(cells)}</div>'
        f'<p class="muted small" style="margin-top:12px">{" · ".join(figures)}</p>'
    )


def _range(column: Run) -> str:
    low, high, mean = column.get("minimum"), column.get("maximum"), column.get("mean")
    span = _value(low) if low == high else f"{_value(low)} to {_value(high)}"
    if mean is not None:
        return f'<span class="small range">{text(span)} <span class="muted">mean {text(_value(mean))}</span></span>'
    most = [_top(entry) for entry in (column.get("top") or ())[:4]]
    ordered = low is not None and str(column.get("dtype")).startswith(("Date", "Time"))
    shown = span if ordered else ", ".join(most)
    return f'<span class="small range">{text(shown)}</span>' if shown else ""


def _value(value: Any) -> str:
    # A year or a time of day is no amount: no separator below 10,000.
    if isinstance(value, int | float) and abs(value) < BIG:
        return f"{value:.5g}"
    return number(value) if isinstance(value, int | float) else str(value).replace("T", " ")[:19]


def _type(name: Any) -> str:
    """Say Datetime, UTC for polars' longer name of it."""
    zone = re.search(r"time_zone='([^']+)'", str(name))
    return f"{str(name).partition('(')[0]}{', ' + zone[1] if zone else ''}"


def _top(entry: Any) -> str:
    value = entry.get("value") if isinstance(entry, Mapping) else entry[0] if isinstance(entry, list | tuple) else entry
    short = str(value)
    return short if len(short) <= 24 else f"{short[:23]}…"


def _counts(histogram: Any) -> list[float]:
    if isinstance(histogram, Mapping):
        histogram = histogram.get("counts")
    found = [each.get("count", each.get("rows")) if isinstance(each, Mapping) else each for each in histogram or ()]
    return [float(count) for count in found if isinstance(count, int | float)]


def _sentence(error: Any) -> str:
    if isinstance(error, Mapping):
        return f"{error.get('type', 'Error')}: {error.get('message', '')}"
    return str(error)
