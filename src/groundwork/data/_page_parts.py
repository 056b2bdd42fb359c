"""Pieces of a page about a table: every value from outside goes through here, so that none can become markup.

Rule: a plot is inline SVG whose colours come from the page's style, so that it suits light and dark; the same numbers
give the same bytes.
"""

import html
import math
from collections.abc import Iterable, Sequence
from typing import Any

from groundwork.data._page_style import STYLE

_DASH = "\u2013"
_WIDE = 460
_LONGEST = 28


def text(value: Any) -> str:
    """Escape a value for HTML text and attributes.

    Args:
        value: Anything; None becomes a dash.

    Returns:
        Escaped text.
    """
    if value is None:
        return _DASH
    # A NUL is no character of HTML, whatever stands in a cell.
    return html.escape(str(value).replace("\0", "\ufffd"), quote=True)


def number(value: Any) -> str:
    """Write a number for people.

    Args:
        value: A number; anything else is shown as it is.

    Returns:
        As ``49,102``, ``2013``, ``0.6931`` or ``1.2e-05``; a dash for None and NaN.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return _DASH if math.isnan(value) else text(value)
    if abs(value) >= 1e15:
        return f"{value:.4g}"
    if value == int(value):
        return f"{int(value):,}" if abs(value) >= 10_000 else str(int(value))
    return f"{value:,.1f}" if abs(value) >= 10_000 else f"{value:.5g}"


def share(part: float, whole: float) -> str:
    """Write a share as percent.

    Args:
        part: The part.
        whole: The whole.

    Returns:
        As ``12%`` or ``0.4%``, and ``<0.1%`` rather than nothing where there is something.
    """
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "<0.1%"
    return f"{percent:.1f}%" if 0 < percent < 10 or 99 < percent < 100 else f"{percent:.0f}%"


def badge(label: str, tone: str) -> str:
    """Return a coloured label; tone is good, bad, care or plain."""
    return f'<span class="badge {tone}">{text(label)}</span>'


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names with values that are HTML already, as a list."""
    entries = "".join(f'<div><dt>{text(name)}</dt><dd title="{value}">{value}</dd></div>' for name, value in pairs)
    return f"<dl>{entries}</dl>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Iterable[int] = ()) -> str:
    """Return a table.

    Args:
        head: Titles, plain text.
        rows: Cells, HTML already.
        numeric: Which columns are set flush right.

    Returns:
        HTML that scrolls by itself where it is too wide.
    """
    right = set(numeric)

    def cell(tag: str, index: int, content: str) -> str:
        mark = ' class="number"' if index in right else ' class="cut"' if tag == "td" else ""
        return f"<{tag}{mark}>{content}</{tag}>"

    titles = "".join(cell("th", index, text(title)) for index, title in enumerate(head))
    body = "".join(f"<tr>{''.join(cell('td', i, content) for i, content in enumerate(row))}</tr>\n" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def cards(figures: Iterable[tuple[str, str]]) -> str:
    """Return key figures, HTML already, over their names."""
    boxes = "".join(f'<div class="card"><b>{value}</b><span>{text(name)}</span></div>' for value, name in figures)
    return f'<div class="cards">{boxes}</div>'


def spark(counts: Sequence[float]) -> str:
    """Return a histogram small enough for a table's cell."""
    most, step = max(counts, default=0), 96 / max(len(counts), 1)
    bars = "".join(
        f'<rect class="mark" x="{i * step:.1f}" y="{24 - 23 * count / most:.1f}" width="{max(step - 1, 0.5):.1f}" '
        f'height="{23 * count / most:.1f}"/>'
        for i, count in enumerate(counts)
        if count
    )
    return f'<svg class="spark" viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'


def gaps(part: float) -> str:
    """Return a bar filled by the share of missing cells."""
    filled = f'<rect class="gap" width="{max(90 * part, 1):.1f}" height="8" rx="3"/>' if part else ""
    return (
        '<svg class="gaps" viewBox="0 0 90 8" aria-hidden="true"><rect class="track" width="90" height="8" rx="3"/>'
        f"{filled}</svg>"
    )


def histogram(edges: Sequence[float], counts: Sequence[float], name: str) -> str:
    """Return a histogram with its axis.

    Args:
        edges: One more than counts; from one whole number to the next, each is the value of its bar.
        counts: Rows of each bin.
        name: The column, for those who cannot see it.

    Returns:
        An ``<svg>`` element; a bar tells its bin and rows when it is pointed at.
    """
    most, step, high = max(counts, default=0) or 1, _WIDE / len(counts), 110
    whole = all(edge == edges[0] + i for i, edge in enumerate(edges))
    bars = "".join(
        f'<rect class="mark" x="{i * step + 0.5:.1f}" y="{high - max(high * count / most, 1):.1f}" '
        f'width="{step - 1:.1f}" height="{max(high * count / most, 1):.1f}">'
        f"<title>{number(edges[i])}{'' if whole else f' to {number(edges[i + 1])}'}: {count:,} rows</title></rect>"
        for i, count in enumerate(counts)
        if count
    )
    ticks = [(0.0, "start", edges[0]), (_WIDE / 2, "middle", edges[len(counts) // 2]), (_WIDE, "end", edges[-1])]
    if whole:
        ticks = [((i + 0.5) * step, "middle", edges[i]) for i in range(0, len(counts), 1 + len(counts) // 16)]
    labels = "".join(
        f'<text x="{x:.0f}" y="{high + 15}" text-anchor="{anchor}">{number(value)}</text>' for x, anchor, value in ticks
    )
    return (
        f'<svg viewBox="0 0 {_WIDE} {high + 20}" role="img" aria-label="Histogram of {text(name)}">'
        f'<line class="axis" x1="0" x2="{_WIDE}" y1="{high + 0.5}" y2="{high + 0.5}"/>{bars}{labels}</svg>'
    )


def bars(rows: Sequence[tuple[str, float]], whole: float, name: str) -> str:
    """Return values with their counts as horizontal bars.

    Args:
        rows: Value and count.
        whole: Rows in all, for the shares.
        name: The column, for those who cannot see it.

    Returns:
        An ``<svg>`` element.
    """
    most = max((count for _, count in rows), default=0) or 1
    lines = []
    for place, (value, count) in enumerate(rows):
        y = place * 20
        told = f"{count:,} ({share(count, whole)})"
        lines.append(
            f'<g><title>{text(value)}: {told}</title><text class="name" x="0" y="{y + 13}">{text(_cut(value))}</text>'
            f'<rect class="track" x="180" y="{y + 4}" width="180" height="11" rx="3"/>'
            f'<rect class="mark" x="180" y="{y + 4}" width="{max(180 * count / most, 1):.1f}" height="11" rx="3"/>'
            f'<text x="{_WIDE}" y="{y + 13}" text-anchor="end">{told}</text></g>'
        )
    label = f"Most frequent values of {text(name)}"
    return f'<svg viewBox="0 0 {_WIDE} {max(20 * len(rows), 1)}" role="img" aria-label="{label}">{"".join(lines)}</svg>'


def pairs(rows: Sequence[tuple[str, float, float]], name: str) -> str:
    """Return two shares beside each other for each label.

    Args:
        rows: Label, share in the reference, share now.
        name: The column, for those who cannot see it.

    Returns:
        An ``<svg>`` element.
    """
    most = max((max(one, two) for _, one, two in rows), default=0) or 1
    lines = []
    for place, (label, one, two) in enumerate(rows):
        y = place * 22
        lines.append(
            f"<g><title>{text(label)}: {share(one, 1)}, now {share(two, 1)}</title>"
            f'<text class="name" x="0" y="{y + 14}">{text(_cut(label))}</text>'
            f'<rect class="mark" x="180" y="{y + 3}" width="{190 * one / most:.1f}" height="7"/>'
            f'<rect class="second" x="180" y="{y + 11}" width="{190 * two / most:.1f}" height="7"/>'
            f'<text x="{_WIDE}" y="{y + 14}" text-anchor="end">{share(one, 1)} {share(two, 1)}</text></g>'
        )
    label = f"Shares of {text(name)} in both tables"
    return f'<svg viewBox="0 0 {_WIDE} {22 * len(rows)}" role="img" aria-label="{label}">{"".join(lines)}</svg>'


def page(title: str, body: str) -> str:
    """Return an HTML document that fetches nothing.

    Args:
        title: Plain text.
        body: HTML.

    Returns:
        The document.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{text(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
<footer>Made by groundwork.</footer>
</main>
</body>
</html>
"""


def _cut(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
