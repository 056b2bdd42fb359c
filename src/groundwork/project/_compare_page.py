"""A comparison of two runs as one HTML file.

Rule: the page holds all that it shows, and the same comparison gives the same bytes; whatever comes from a file goes
through the pieces of the report, which escape it.
"""

from collections.abc import Sequence

from groundwork.project._compare import Comparison
from groundwork.project._compare_metrics import MetricChange
from groundwork.project._compare_slices import SliceChange
from groundwork.project._report_html import badge, card, number, table, text
from groundwork.project._report_style import STYLE

_TONES = {"better": "good", "worse": "bad", "same": "plain", "unknown": "care"}
_WORDS = {"better": "better", "worse": "worse", "same": "within noise", "unknown": "cannot be told"}
_FIGURES = {"brier": "Brier score", "rmse": "RMSE"}
_QUIET = 20
_STYLE = """
.between { position: relative; height: 10px; min-width: 150px; border-radius: 5px;
  background: color-mix(in srgb, var(--muted) 16%, transparent); }
.between i { position: absolute; top: 3px; height: 4px; min-width: 2px; border-radius: 2px;
  background: var(--tone, var(--muted)); }
.between b { position: absolute; top: 0; width: 4px; height: 10px; margin-left: -2px; border-radius: 2px;
  background: var(--tone, var(--muted)); }
.between u { position: absolute; top: -3px; left: 50%; height: 16px; width: 1px; background: var(--ink); opacity: .6; }
.differences { margin: 0; padding-left: 18px; } .differences li { margin-bottom: 4px; overflow-wrap: anywhere; }
.scroll + details { margin-top: 14px; }
"""


def comparison_page(found: Comparison) -> str:
    """Render a comparison as self-contained HTML.

    Args:
        found: The comparison.

    Returns:
        An HTML document.
    """
    project, figure = text(found.after.info.project), found.figure
    about = "".join(f"<p>{text(line)}</p>" for line in found.told)
    drawn = f"each {found.groups} drawn as one" if found.groups else "rows drawn one by one"
    wide = f"{100 * found.level:g}&nbsp;% intervals from {found.samples:,} draws of the bootstrap, {text(drawn)}."
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{project}: {text(found.before.info.id)} and {text(found.after.info.id)}</title>
<style>{STYLE}{_STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{project}</h1> {badge(_WORDS[figure.verdict], _TONES[figure.verdict])}
<p class="about">Run <code>{text(found.before.info.id)}</code> and then <code>{text(found.after.info.id)}</code>, judged
by {text(figure.name)}.</p>
</header>
{_cards(found)}
<div class="card notice {_TONES[figure.verdict]}">{about}<p>{wide}</p></div>
<h2 id="metrics">Metrics on the test rows</h2>
{_metrics(found.metrics)}
<h2 id="slices">Slices</h2>
{_slices(found)}
<h2 id="differences">What was different</h2>
<div class="grid">{_differences("Configuration", found.configuration)}{_differences("Environment", found.environment)}
{_differences("Data", found.data)}</div>
<footer>Made by groundwork.</footer>
</main>
</body>
</html>
"""


def _cards(found: Comparison) -> str:
    figure = found.figure
    shown = [
        (f"{figure.name} before", number(figure.before, 4)),
        (f"{figure.name} after", number(figure.after, 4)),
        ("difference", _signed(figure.difference)),
        ("rows compared", number(found.rows[1])),
        ("slices worse", f"{len(found.worse_slices)} of {len(found.slices)}"),
    ]
    cards = "".join(f'<div class="card"><b>{value}</b><span>{text(title)}</span></div>' for title, value in shown)
    return f'<div class="cards">{cards}</div>'


def _metrics(metrics: Sequence[MetricChange]) -> str:
    better = {True: "more is better", False: "less is better"}
    lines = [
        (
            f'<b>{text(one.name)}</b> <span class="muted small">{better[one.higher_is_better]}</span>',
            _with_interval(one.before, one.before_interval),
            _with_interval(one.after, one.after_interval),
            _signed(one.difference),
            _between(one.interval, _TONES[one.verdict], one.difference),
            badge(_WORDS[one.verdict], _TONES[one.verdict]),
        )
        for one in metrics
    ]
    return card(table(("metric", "before", "after", "difference", "between", ""), lines, (1, 2, 3)))


def _slices(found: Comparison) -> str:
    if not found.slices:
        return card("None to compare: the runs have not kept their test rows, or these are too few.")
    worse, better = found.worse_slices, sum(each.better for each in found.slices)
    figure = _FIGURES[found.slice_figure]
    note = (
        f'<p class="muted small">{figure}, less is better: {len(worse)} of {len(found.slices)} got worse beyond noise, '
        f"{better} better. The level of {100 * found.level:g}&nbsp;% holds for all of them together.</p>"
    )
    rest = [each for each in found.slices if not each.worse]
    more = ""
    if rest:
        shown = rest if len(rest) <= _QUIET else rest[: _QUIET // 2] + rest[-_QUIET // 2 :]
        what = "The other slices" if len(shown) == len(rest) else f"{len(shown)} of the {len(rest)} others, both ends"
        more = f"<details><summary>{what}</summary>{_slice_table(shown)}</details>"
    return card(note + (_slice_table(worse) if worse else "") + more)


def _slice_table(slices: Sequence[SliceChange]) -> str:
    # One scale for all, since all are of one figure.
    most = max(abs(end) for one in slices for end in one.interval)
    lines = [
        (
            text(one.label),
            number(one.rows[0]) if one.rows[0] == one.rows[1] else f"{number(one.rows[0])} / {number(one.rows[1])}",
            number(one.before, 4),
            number(one.after, 4),
            _signed(one.difference),
            _between(one.interval, "bad" if one.worse else "good" if one.better else "plain", one.difference, most),
        )
        for one in slices
    ]
    return table(("slice", "rows", "before", "after", "difference", "between"), lines, (1, 2, 3, 4))


def _differences(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return card('<p class="muted">The same.</p>', title)
    return card(f'<ul class="differences">{"".join(f"<li>{text(line)}</li>" for line in lines)}</ul>', title)


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> str:
    told = number(value, 4)
    if interval is None:
        return told
    return f'{told}<br><span class="muted small">{number(interval[0], 4)} to {number(interval[1], 4)}</span>'


def _between(interval: tuple[float, float] | None, tone: str, value: float | None, most: float | None = None) -> str:
    """Draw an interval around its value, zero in the middle."""
    if interval is None or value is None:
        return number(None)
    most = most or max(abs(interval[0]), abs(interval[1])) or 1.0
    low, high, at = (50 + 48 * part / most for part in (*interval, value))
    told = f"{_signed(interval[0])} to {_signed(interval[1])}"
    return (
        f'<div class="between {tone}"><u></u><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
        f'<b style="left:{at:.1f}%"></b></div><span class="muted small">{told}</span>'
    )


def _signed(value: float | None) -> str:
    return number(value, 4) if value is None or value <= 0 else f"+{number(value, 4)}"
