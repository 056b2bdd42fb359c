"""A run as one HTML file that one can send to a colleague.

Rule: the page holds all that it shows (no script, no font, no address is fetched), the same run gives the same bytes,
and whatever a run lacks is said to be missing instead of failing. Cost: about a second, most of it for the plots.
"""

from collections.abc import Mapping
from typing import Any

from groundwork.project import _report_sections as sections
from groundwork.project._report_html import badge, text
from groundwork.project._report_style import STYLE

_VERDICTS = {
    "SUCCESS": "Every step finished and every gate was kept.",
    "PARTIAL_FAILURE": "The run finished, but an optional step failed or a fallback served.",
    "FAILURE": "The run ended without what was asked of it.",
    "CANCELLED": "The run was stopped; the same command goes on where it left off.",
    "CRASHED": "The run broke off; the same command goes on where it left off.",
    "RUNNING": "The run has not ended yet.",
}

_SECTIONS = (
    ("gates", "Gates", sections.gates),
    ("performance", "Performance on the test rows", sections.performance),
    ("importance", "Importance of the features", sections.importance),
    ("rows", "Rows", sections.rows),
    ("leakage", "Leakage", sections.leakage),
    ("profile", "Data", sections.profile),
    ("timeline", "Steps", sections.timeline),
    ("origins", "Configuration and fingerprints", sections.origins),
)


def render_report(run: Mapping[str, Any]) -> str:
    """Render a run as self-contained HTML.

    Args:
        run: Plain data. Every key but ``project``, ``id`` and ``status`` may be absent, None or empty::

                project             name of the project
                id                  of the run
                status              SUCCESS, PARTIAL_FAILURE, FAILURE, CANCELLED, CRASHED or RUNNING
                created             ISO 8601
                description         what it predicts, one sentence
                metrics             name -> number, on the test rows
                gates               [{"metric", "rule", "value", "passed"}]
                evaluation          {"threshold", "threshold_chosen_by", "confusion": [[tn, fp], [fn, tp]], "rows",
                                    "curves": what modeling.evaluation.curves returns, or of a regression "fit" and
                                    "errors"}; threshold_chosen_by is f1,
                                    youden, accuracy, fixed or a phrase as "best f1 on the validation rows"
                importance          [{"column", "mean", "std"}]
                profile             {"rows", "columns": [{"name", "dtype", "missing", "distinct", "minimum", "maximum",
                                    "mean", "top", "histogram"}]}
                rows                {"in", "used", "train", "validation", "test": counts, "dropped": [{"reason",
                                    "rows"}]}
                leakage             [{"kind", "severity": "warning" or "error", "message"}]; empty: looked, found none
                steps               [{"name", "status", "started_s", "seconds", "attempts", "reused", "error"}]
                served              [{"step", "what", "run", "why"}]: what earlier runs had, for steps that failed
                warnings            [sentence]
                errors              [{"type", "message", "hint"}]
                config              the resolved pipeline.yaml
                fingerprints        {"environment", "data", "code": each a mapping}
                peak_memory_bytes   a count

    Returns:
        An HTML document.
    """
    project, status = text(run.get("project")), str(run.get("status") or "RUNNING")
    built = [(key, title, section(run)) for key, title, section in _SECTIONS]
    links = "".join(f'<a href="#{key}">{title}</a>' for key, title, content in built if content)
    body = "".join(f'<h2 id="{key}">{title}</h2>\n{content}\n' for key, title, content in built if content)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{project}: {text(status.lower().replace("_", " "))}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{project}</h1> {badge(status.replace("_", " "), sections.tone_of(status))}
<p class="about">{_about(run, status)}</p>
</header>
{sections.summary(run)}
{sections.notices(run)}
<nav>{links}</nav>
{body}{_missing([title for _, title, content in built if not content])}
<footer>Run {text(run.get("id"))}, made by groundwork.</footer>
</main>
</body>
</html>
"""


def _about(run: Mapping[str, Any], status: str) -> str:
    # A missed gate ends a run whose steps all finished; say which of the two it was.
    missed = [gate["metric"] for gate in run.get("gates") or () if not gate["passed"]]
    verdict = f"Missed the gate on {', '.join(missed)}." if missed else _VERDICTS.get(status, "")
    # Whose figures they are must stand before the figures.
    verdict += "".join(
        f" The {each['what']} of run {each['run']} served, as step {each['step']} failed."
        for each in run.get("served") or ()
    )
    facts = [f"Run <code>{text(run.get('id'))}</code>"]
    if run.get("created"):
        facts.append(f"<time>{text(str(run['created']).replace('T', ' ')[:19])}</time>")
    described = f"{text(run['description'])}<br>" if run.get("description") else ""
    return f"{described}{text(verdict)} {' · '.join(facts)}"


def _missing(titles: list[str]) -> str:
    if not titles:
        return ""
    names = ", ".join(title[0].lower() + title[1:] for title in titles)
    return f'<h2>Not in this report</h2>\n<p class="muted">The run has nothing for: {text(names)}.</p>\n'
