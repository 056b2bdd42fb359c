"""Pages of progress: a learner's own, and a team lead's table; one file each, nothing from elsewhere.

Rule: whatever came from a learner's folder is escaped.
"""

from collections.abc import Iterator, Sequence
from html import escape

from groundwork.course._catalog import CAPSTONE
from groundwork.course._page_style import STYLE
from groundwork.course._report import Learner, hardest_checks
from groundwork.course._standing import LevelCount, Standing

_SHOWN = 5
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def progress_page(found: Sequence[Standing], *, name: str) -> str:
    """Write a learner's page.

    Args:
        found: How far the learner is, one for each exercise, and perhaps the capstone's.
        name: Whose it is.

    Returns:
        A whole HTML document.
    """
    counted = [standing for standing in found if standing.exercise.number != CAPSTONE]
    done = sum(standing.done for standing in counted)
    cards = [
        (f"{sum(standing.core_done or standing.done for standing in counted)} of {len(counted)}", "cores done"),
        (f"{done} of {len(counted)}", "exercises done"),
        (str(sum(standing.passed for standing in found)), "checks pass"),
        (str(sum(sum(standing.progress.hints.values()) for standing in found)), "hints taken"),
    ]
    body = [f"<h1>{escape(name)}</h1><p class=muted>{_last(standing.progress.checked for standing in found)}</p>"]
    body += [_cards(cards), *(_exercise(standing) for standing in found)]
    return _document(f"Progress of {name}", body)


def report_page(found: Sequence[Learner], unreadable: Sequence[str] = ()) -> str:
    """Write a team lead's page.

    Args:
        found: The learners.
        unreadable: Who is not among them, and why; a sentence each.

    Returns:
        A whole HTML document.
    """
    columns = found[0].columns if found else ()
    head = "".join(
        f'<th class=number title="{escape(standing.exercise.title)}">{standing.exercise.number}</th>'
        for standing in columns
    )
    rows = "".join(
        f"<tr><td>{escape(learner.name)}</td>{''.join(map(_cell, learner.columns))}"
        f"<td class=number>{learner.cores_done}</td><td class=number>{learner.done}</td>"
        f"<td class=muted>{_day(learner.last_checked)}</td></tr>"
        for learner in found
    )
    finished = sum(learner.done == len(learner.standings) for learner in found)
    cores = sum(learner.cores_done == len(learner.standings) for learner in found)
    cards = [
        (str(len(found)), "learners"),
        (str(cores), "have done all cores"),
        (str(finished), "have done all exercises"),
    ]
    columns_after = "<th class=number>cores</th><th class=number>done</th><th>last checked</th>"
    body = [
        "<h1>Learners</h1>",
        *(f"<p class=bad>not in this table: {escape(sentence)}</p>" for sentence in unreadable),
        _cards(cards),
        _table(f"<th>learner</th>{head}{columns_after}", rows),
    ]
    if hardest := hardest_checks(found):
        items = "".join(
            f"<tr><td>{number}</td><td><code>{escape(check)}</code></td><td class=number>{count}</td></tr>"
            for number, check, count in hardest
        )
        table = _table("<th>exercise</th><th>check</th><th class=number>learners</th>", items)
        body.append(f"<section><h2>Where they are stuck</h2>{table}</section>")
    return _document("Learners", body)


def _document(title: str, body: Sequence[str]) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _cards(cards: Sequence[tuple[str, str]]) -> str:
    inner = "".join(f"<div class=card><b>{value}</b>{what}</div>" for value, what in cards)
    return f"<div class=cards>{inner}</div>"


def _table(head: str, rows: str) -> str:
    inner = f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f"<div class='card scroll'><table>{inner}</table></div>"


def _exercise(standing: Standing) -> str:
    kind = "good" if standing.done or standing.core_done else "muted"
    header = (
        f"<header><h2>{standing.exercise.number}&ensp;{escape(standing.exercise.title)}</h2>"
        f"<span class={kind}>{escape(standing.describe())}</span></header>"
    )
    levels = f"<dl>{''.join(_level(row, standing) for row in standing.levels())}</dl>" if standing.begun else ""
    return f"<article class=card>{header}{levels}{''.join(_checks(standing))}</article>"


def _level(row: LevelCount, standing: Standing) -> str:
    core = " <span class=muted>core</span>" if row.level in standing.exercise.core else ""
    return f"<dt>{row.level}{core}</dt><dd>{_bar(row.passed, row.total)}</dd><dd>{row.passed} of {row.total}</dd>"


def _bar(passed: int, total: int) -> str:
    # The figures stand beside it.
    return (
        f'<span class=bar aria-hidden=true><i style="width:{100 * passed / total if total else 100:.1f}%"></i></span>'
    )


def _checks(standing: Standing) -> Iterator[str]:
    known = standing.progress.checks
    if standing.progress.error:
        yield f"<ul><li class=bad>{escape(standing.progress.error)}</li></ul>"
    if failed := standing.failed[:_SHOWN]:
        items = (
            f"<li><code>{check}</code> {escape(known[check].message)}{_input(known[check].given)}</li>"
            for check in failed
        )
        more = len(standing.failed) - len(failed)
        yield f"<ul>{''.join(items)}{f'<li class=muted>and {more} more</li>' if more else ''}</ul>"
    if standing.begun:
        items = (
            f"<li><code>{check}</code> <span class={_tone(outcome)}>{escape(outcome)}</span>"
            f" {escape(known[check].message) if check in known else ''}</li>"
            for check, outcome in standing.outcomes.items()
        )
        yield f"<details><summary>all {len(standing.outcomes)} checks</summary><ul>{''.join(items)}</ul></details>"


def _input(given: str) -> str:
    return f"<br><span class=muted>with {escape(given)}</span>" if given else ""


def _tone(outcome: str) -> str:
    return {"passed": "good", "failed": "bad"}.get(outcome, "muted")


def _cell(standing: Standing) -> str:
    if not standing.begun:
        return "<td class='number muted'>&ndash;</td>"
    kind = " good" if standing.done else ""
    share = f"{standing.passed} / {standing.total}{' <b>core</b>' if standing.core_done and not standing.done else ''}"
    return f"<td class='number{kind}'>{share}{_bar(standing.passed, standing.total)}</td>"


def _last(times: Iterator[str | None]) -> str:
    last = max((time for time in times if time), default="")
    return f"last checked {_day(last)}" if last else "not yet checked"


def _day(time: str) -> str:
    return escape(time[:16].replace("T", " "))
