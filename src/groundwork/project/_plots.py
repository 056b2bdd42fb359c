"""The plots of a report as inline SVG.

Rule: the same numbers give the same bytes, and a plot takes its colours from the page, so that it suits light and dark.
matplotlib draws on a figure of its own (no pyplot, no global state left behind); we then swap marker colours for CSS
variables and drop what ties an SVG to a file. Cost: about 50 ms a plot, and 0.5 s once to import matplotlib.
"""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

_SIZE = (4.7, 3.5)
# Colours that no theme uses stand for variables of the page; see _themed.
_INK, _MUTED, _LINE, _ACCENT, _WARM = "#010101", "#010102", "#010103", "#010104", "#010105"
_VARIABLES = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _WARM: "var(--warm)",
}
_SETTINGS = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "xtick.color": _MUTED,
    "ytick.color": _MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "lines.linewidth": 2.0,
}


def roc_plot(curve: Mapping[str, Sequence[float]], area: float | None) -> str:
    """Draw a ROC curve.

    Args:
        curve: ``false_positive_rate`` and ``true_positive_rate``, rising.
        area: The area under it, for the legend.

    Returns:
        An ``<svg>`` element.
    """

    def draw(axes: Any) -> None:
        x, y = curve["false_positive_rate"], curve["true_positive_rate"]
        axes.fill_between(x, y, color=_ACCENT, alpha=0.12, linewidth=0)
        axes.plot(x, y, color=_ACCENT, label="model" if area is None else f"model, area {area:.3f}")
        axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=(0, (4, 3)), label="guessing, area 0.500")
        axes.set(xlabel="false positive rate", ylabel="true positive rate", xlim=(0, 1), ylim=(0, 1.01))
        axes.legend(loc="lower right")

    return _svg("roc", "ROC curve", draw)


def precision_recall_plot(curve: Mapping[str, Sequence[float]], average: float | None, base: float | None) -> str:
    """Draw precision over recall.

    Args:
        curve: ``recall``, rising, and ``precision``.
        average: Average precision, for the legend.
        base: Share of positive rows: what guessing would reach.

    Returns:
        An ``<svg>`` element.
    """

    def draw(axes: Any) -> None:
        x, y = curve["recall"], curve["precision"]
        axes.fill_between(x, y, color=_ACCENT, alpha=0.12, linewidth=0)
        axes.plot(x, y, color=_ACCENT, label="model" if average is None else f"model, average {average:.3f}")
        if base is not None:
            axes.axhline(base, color=_MUTED, linewidth=1, linestyle=(0, (4, 3)), label=f"guessing, {base:.3f}")
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01))
        axes.legend(loc="upper right")

    return _svg("precision-recall", "Precision over recall", draw)


def calibration_plot(bins: Sequence[Mapping[str, Any]], error: float | None) -> str:
    """Draw observed over stated frequency; a dot is as large as its bin is full.

    Args:
        bins: ``stated``, ``observed`` and ``rows`` each.
        error: The calibration error, for the legend.

    Returns:
        An ``<svg>`` element.
    """

    def draw(axes: Any) -> None:
        stated, observed = [each["stated"] for each in bins], [each["observed"] for each in bins]
        most = max([each["rows"] for each in bins], default=1) or 1
        axes.plot([0, 1], [0, 1], color=_MUTED, linewidth=1, linestyle=(0, (4, 3)), label="perfect")
        label = "model" if error is None else f"model, error {error:.3f}"
        axes.plot(stated, observed, color=_ACCENT, linewidth=1.4, label=label)
        sizes = [8 + 90 * each["rows"] / most for each in bins]
        axes.scatter(stated, observed, s=sizes, color=_ACCENT, alpha=0.75, linewidths=0, zorder=3)
        axes.set(xlabel="stated probability", ylabel="observed frequency", xlim=(0, 1), ylim=(0, 1.01))
        axes.legend(loc="upper left")

    return _svg("calibration", "Calibration", draw)


def score_plot(scores: Mapping[str, Sequence[float]], threshold: float | None) -> str:
    """Draw how probabilities are spread, by what happened.

    Args:
        scores: ``edges``, and ``negative`` and ``positive`` with one count a bin.
        threshold: Where the positive class begins.

    Returns:
        An ``<svg>`` element.
    """

    def draw(axes: Any) -> None:
        edges = scores["edges"]
        for name, colour in (("negative", _ACCENT), ("positive", _WARM)):
            counts = scores[name]
            axes.stairs(counts, edges, color=colour, fill=True, alpha=0.25)
            axes.stairs(counts, edges, color=colour, linewidth=1.4, label=f"{name} ({sum(counts):,.0f} rows)")
        if threshold is not None:
            axes.axvline(threshold, color=_INK, linewidth=1, linestyle=(0, (4, 3)), label=f"threshold {threshold:.3f}")
        axes.set(xlabel="predicted probability", ylabel="rows", xlim=(0, 1))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.legend(loc="upper right")

    return _svg("scores", "Predicted probabilities by outcome", draw)


def fit_plot(points: Mapping[str, Sequence[float]], r2: float | None) -> str:
    """Draw predicted over observed numbers.

    Args:
        points: ``observed`` and ``predicted``, of one length.
        r2: R2, for the legend.

    Returns:
        An ``<svg>`` element.
    """

    def draw(axes: Any) -> None:
        x, y = points["observed"], points["predicted"]
        label = "a test row" if r2 is None else f"a test row, R² {r2:.3f}"
        axes.scatter(x, y, s=14, color=_ACCENT, alpha=0.55, linewidths=0, label=label)
        ends = [min([*x, *y], default=0), max([*x, *y], default=1)]
        axes.plot(ends, ends, color=_MUTED, linewidth=1, linestyle=(0, (4, 3)), label="perfect")
        axes.set(xlabel="observed", ylabel="predicted")
        axes.legend(loc="upper left")

    return _svg("fit", "Predicted over observed", draw)


def error_plot(errors: Mapping[str, Sequence[float]], bias: float | None) -> str:
    """Draw how the errors of a regression are spread.

    Args:
        errors: ``edges`` and ``counts``, of prediction minus outcome.
        bias: Their mean.

    Returns:
        An ``<svg>`` element.
    """

    def draw(axes: Any) -> None:
        axes.stairs(errors["counts"], errors["edges"], color=_ACCENT, fill=True, alpha=0.25)
        axes.stairs(errors["counts"], errors["edges"], color=_ACCENT, linewidth=1.4)
        axes.axvline(0, color=_MUTED, linewidth=1)
        if bias is not None:
            axes.axvline(bias, color=_INK, linewidth=1, linestyle=(0, (4, 3)), label=f"mean {bias:.4g}")
            axes.legend(loc="upper right")
        axes.set(xlabel="predicted minus observed", ylabel="rows")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")

    return _svg("errors", "Errors", draw)


def _svg(name: str, title: str, draw: Any) -> str:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    # A user's matplotlibrc must not change the report, so we start from matplotlib's own defaults.
    settings: dict[Any, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if key != "backend"}
    settings.update(_SETTINGS, **{"svg.hashsalt": name})
    with mpl.rc_context(settings):
        figure = Figure(figsize=_SIZE, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.add_subplot())
        buffer = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=nothing, transparent=True)
    return _themed(buffer.getvalue(), name, title)


def _themed(svg: str, name: str, title: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="([^"]+)"', svg)
    opening = f'<svg viewBox="{box[1] if box else ""}" role="img" aria-label="{title}" class="plot">'
    svg = re.sub(r"<svg[^>]*>", opening, svg, count=1)
    # Several figures share one page, and matplotlib counts its ids anew in each.
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r'(?:xlink:)?href="#', f'href="#{name}-', svg)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font: \1px system-ui, sans-serif", svg)
    svg = re.sub(r"<(use|path|rect|g|text|image|clipPath|defs)([^>]*?)\s*/>", r"<\1\2></\1>", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return re.sub(r">\s*\n\s*<", ">\n<", svg).strip()
