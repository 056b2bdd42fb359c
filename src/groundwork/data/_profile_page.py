"""Profiles and drift as one HTML file each, that one can send to a colleague.

Rule: the page holds all that it shows (no script, no font, no address is fetched), and the same profile gives the same
bytes. Cost: milliseconds; some 6 KB a column.
"""

from collections.abc import Sequence

from groundwork.data._drift import ColumnDrift
from groundwork.data._page_parts import (
    badge,
    bars,
    cards,
    facts,
    gaps,
    histogram,
    number,
    page,
    pairs,
    share,
    spark,
    table,
    text,
)
from groundwork.data._profile import ColumnProfile, Profile

_TONES = {"severe": "bad", "moderate": "care", "none": "good"}
_NUMBERED = 9
_DRAWN = 500


def profile_page(profiled: Profile, *, title: str = "Profile", notes: Sequence[str] = ()) -> str:
    """Show a profile as a page.

    Args:
        profiled: The profile.
        title: What the table is called.
        notes: Sentences to stand under the title.

    Returns:
        An HTML document.
    """
    rows, columns = profiled.rows, profiled.columns
    missing = sum(column.missing for column in columns)
    figures = [
        (f"{rows:,}", "rows"),
        (f"{len(columns):,}", "columns"),
        (f"{missing:,} ({share(missing, rows * len(columns))})", "missing cells"),
        (number(sum(_constant(column, rows) for column in columns)), "constant columns"),
    ]
    told = "".join(f'<p class="muted">{text(note)}</p>' for note in notes)
    overview = table(
        ("column", "type", "missing", "", "distinct", "range or most frequent", "shape"),
        (_line(place, column, rows) for place, column in enumerate(columns)),
        (2, 4),
    )
    boxes = "".join(_box(place, column, rows) for place, column in enumerate(columns[:_DRAWN]))
    if len(columns) > _DRAWN:
        boxes += f'<p class="muted">The other {number(len(columns) - _DRAWN)} columns stand in the list only.</p>'
    return page(
        title,
        f'<h1>{text(title)}</h1>{told}{cards(figures)}<h2>All columns</h2><div class="card">{overview}</div>'
        f'<h2>Each column</h2><div class="columns">{boxes}</div>',
    )


def drift_page(found: Sequence[ColumnDrift], *, title: str = "Drift", notes: Sequence[str] = ()) -> str:
    """Show the differences between two tables as a page.

    Args:
        found: What ``drift`` has found.
        title: What was compared.
        notes: Sentences to stand under the title.

    Returns:
        An HTML document.
    """
    counts = [(number(sum(one.severity == name for one in found)), name) for name in ("severe", "moderate", "none")]
    told = "".join(f'<p class="muted">{text(note)}</p>' for note in notes)
    lines = (
        (
            text(one.column),
            badge(one.severity, _TONES[one.severity]),
            number(one.psi and round(one.psi, 3)),
            number(one.ks and round(one.ks, 3)),
            f"{share(one.missing[0], 1)}, now {share(one.missing[1], 1)}",
            f'<span title="{text(_moved(one))}">{text(_moved(one))}</span>',
        )
        for one in found
    )
    overview = table(("column", "drift", "PSI", "KS", "missing", "what"), lines, (2, 3))
    boxes = "".join(
        f'<section class="card column"><header><h3>{text(one.column)}</h3>'
        f"{badge(one.severity, _TONES[one.severity])}</header>{pairs(one.bins, one.column)}</section>"
        for one in found
        if one.severity != "none" and one.bins
    )
    keys = '<p class="small"><span class="key"></span>reference <span class="key second"></span>now</p>'
    shown = f'<h2>What has moved</h2>{keys}<div class="columns">{boxes}</div>' if boxes else ""
    return page(
        title,
        f'<h1>{text(title)}</h1>{told}{cards(counts)}<h2>All columns</h2><div class="card">{overview}</div>{shown}',
    )


def _moved(one: ColumnDrift) -> str:
    if one.change in ("new", "vanished"):
        return "new" if one.change == "new" else "no longer there"
    parts = [f"{_type(str(one.dtypes[0]))} became {_type(str(one.dtypes[1]))}"] if one.change else []
    return "; ".join([*parts, *one.details])


def _line(place: int, column: ColumnProfile, rows: int) -> tuple[str, ...]:
    known = f"{column.missing:,} ({share(column.missing, rows)})" if column.missing else ""
    return (
        f'<a href="#c{place}">{text(column.name)}</a>' if place < _DRAWN else text(column.name),
        f'<span class="muted">{text(_type(column.dtype))}</span>',
        known or '<span class="muted">none</span>',
        gaps(column.missing / rows) if column.missing else "",
        _distinct(column),
        _range(column),
        spark(column.shape[1]) if column.histogram else "",
    )


def _box(place: int, column: ColumnProfile, rows: int) -> str:
    labels = [badge(_type(column.dtype), "plain")]
    if rows and column.missing == rows:
        labels.append(badge("no values", "bad"))
    elif _constant(column, rows):
        labels.append(badge("constant", "care"))
    elif column.distinct == rows - column.missing > 1 and not column.approximate:
        labels.append(badge("all different", "good"))
    if column.approximate:
        labels.append(badge("approximate", "care"))
    drawn = ""
    if column.histogram and column.distinct > _NUMBERED:
        drawn = histogram(*column.shape, column.name)
    elif column.top:
        drawn = bars([(str(value), count) for value, count in column.top], rows, column.name)
    head = f"<header><h3>{text(column.name)}</h3>{''.join(labels)}</header>"
    return f'<section class="card column" id="c{place}">{head}{facts(_facts(column, rows))}{drawn}</section>\n'


def _facts(column: ColumnProfile, rows: int) -> list[tuple[str, str]]:
    known = [
        ("missing", f"{column.missing:,} ({share(column.missing, rows)})" if column.missing else "none"),
        ("distinct", _distinct(column)),
        ("minimum", number(column.minimum)),
        ("maximum", number(column.maximum)),
    ]
    if _constant(column, rows):
        return [*known[:2], ("value", number(column.minimum))]
    if column.infinite:
        known.append(("infinite", f"{column.infinite:,} ({share(column.infinite, rows)})"))
    if column.mean is not None:
        known += [("mean", number(column.mean)), ("standard deviation", number(column.std))]
    known += [
        (f"{float(level):.0%} quantile" if level != "0.5" else "median", number(value))
        for level, value in (column.quantiles or {}).items()
        if level in ("0.05", "0.25", "0.5", "0.75", "0.95")
    ]
    return known


def _constant(column: ColumnProfile, rows: int) -> bool:
    return column.distinct == 1 and column.missing < rows


def _distinct(column: ColumnProfile) -> str:
    return f"{'about ' if column.approximate else ''}{column.distinct:,}"


def _range(column: ColumnProfile) -> str:
    if column.dtype.startswith(("String", "Categorical", "Enum", "Boolean")):
        return ", ".join(text(value) for value, _ in (column.top or [])[:3])
    if column.minimum is None:
        return ""
    low, high = number(column.minimum), number(column.maximum)
    return low if low == high else f"{low} to {high}"


def _type(dtype: str) -> str:
    if not dtype.startswith("Datetime("):
        return dtype
    zone = dtype.rpartition("time_zone=")[2].strip("')")
    return "Datetime" if zone == "None" else f"Datetime {zone}"
