"""Small pieces of HTML: every value from outside goes through here, so that none can become markup."""

import html
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

BIG = 10_000
_DASH = "\u2013"


def text(value: Any) -> str:
    """Escape a value for HTML text and attributes.

    Args:
        value: Anything; None becomes a dash.

    Returns:
        Escaped text.
    """
    return _DASH if value is None else html.escape(str(value), quote=True)


def number(value: Any, digits: int = 3) -> str:
    """Write a number for people.

    Args:
        value: A number; anything else is shown as it is.
        digits: Decimals of a number below one hundred.

    Returns:
        As ``49,102``, ``0.693`` or ``1.2e-05``; a dash for None and NaN.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return _DASH if math.isnan(value) else text(value)
    if isinstance(value, int) or (value == int(value) and abs(value) >= 1):
        return f"{int(value):,}"
    size = abs(value)
    if 0 < size < 10**-digits:
        return f"{value:.1e}"
    return f"{value:,.0f}" if size >= BIG else f"{value:,.1f}" if size >= 100 else f"{value:.{digits}f}"


def share(part: float, whole: float) -> str:
    """Write a share as percent; "0.4%" rather than "0%" where there is something."""
    percent = 100 * part / whole if whole else 0.0
    return f"{percent:.1f}%" if 0 < percent < 10 else f"{percent:.0f}%"


def seconds(value: Any) -> str:
    """Write a duration as 0.25 s, 12.3 s or 2 min 05 s."""
    if not isinstance(value, int | float):
        return _DASH
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{int(value // 60)} min {int(value % 60):02d} s"


def size(value: Any) -> str:
    """Write a number of bytes as 512 KB or 1.2 GB."""
    if not isinstance(value, int | float):
        return _DASH
    for unit, step in (("GB", 1e9), ("MB", 1e6)):
        if value >= step:
            return f"{value / step:.1f} {unit}" if value < 10 * step else f"{value / step:.0f} {unit}"
    return f"{value / 1e3:.0f} KB"


def badge(label: Any, tone: str) -> str:
    """Return a coloured label; tone is good, bad, care or plain."""
    return f'<span class="badge {tone}">{text(label)}</span>'


def bar(left: float, width: float, tone: str = "") -> str:
    """Return a bar that fills from ``left`` on ``width``, both parts of 1."""
    left, width = min(max(left, 0.0), 1.0), min(max(width, 0.0), 1.0)
    return f'<div class="bar {tone}"><i style="left:{left:.2%};width:{width:.2%}"></i></div>'


def card(content: str, title: str = "") -> str:
    """Return a box around content that is HTML already."""
    head = f"<h3>{text(title)}</h3>" if title else ""
    return f'<div class="card">{head}{content}</div>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], numeric: Iterable[int] = ()) -> str:
    """Return a table.

    Args:
        head: Column titles, plain text.
        rows: Cells, HTML already.
        numeric: Which columns are set flush right.

    Returns:
        HTML that scrolls by itself where it is too wide.
    """
    right = set(numeric)

    def cell(tag: str, index: int, content: str) -> str:
        mark = ' class="number"' if index in right else ""
        return f"<{tag}{mark}>{content}</{tag}>"

    titles = "".join(cell("th", index, text(title)) for index, title in enumerate(head))
    body = "".join(f"<tr>{''.join(cell('td', i, content) for i, content in enumerate(row))}</tr>\n" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>'


def definitions(pairs: Mapping[str, Any]) -> str:
    """Return names and values as a list; nested mappings are written as name.name."""
    entries = "".join(f"<dt>{text(name)}</dt><dd><code>{text(value)}</code></dd>" for name, value in _flat(pairs, ""))
    return f"<dl>{entries}</dl>"


def spark(counts: Sequence[float]) -> str:
    """Return a small histogram of bars."""
    most = max(counts, default=0)
    if not most:
        return ""
    step = 96 / len(counts)
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{24 - 23 * count / most:.1f}" width="{max(step - 1, 0.5):.1f}" '
        f'height="{23 * count / most:.1f}"></rect>'
        for i, count in enumerate(counts)
        if count
    )
    return f'<svg class="spark" viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true">{bars}</svg>'


def _flat(pairs: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, Any]]:
    for name, value in pairs.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{prefix}{name}", ", ".join(map(str, value))
        else:
            yield f"{prefix}{name}", value
