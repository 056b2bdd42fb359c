"""The small commands around a run, as their users see them."""

import gzip
import subprocess
import sys
import webbrowser

import pytest

pytestmark = pytest.mark.integration

PEAK = """
import resource, sys
from groundwork.modeling import load_model
from groundwork.project import find_run, model_folder, predict_file
rows = predict_file(load_model(model_folder(find_run(sys.argv[1]))), sys.argv[2], sys.argv[3])
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.fixture
def opened(monkeypatch):
    """Addresses that were opened in a browser."""
    seen = []
    monkeypatch.setattr(webbrowser, "open", lambda url: seen.append(url) is None)
    return seen


def test_report_opens_the_page_and_prints_where_it_lies(good_run, command, opened):
    ended = command("report")

    page = good_run / "report.html"
    assert (ended.returncode, ended.stdout.strip(), opened) == (0, str(page), [page.as_uri()])


def test_report_can_be_asked_not_to_open_anything(good_run, command, opened):
    ended = command("report", "runs/latest", "--no-open")

    assert (ended.returncode, ended.stdout.strip(), opened) == (0, str(good_run / "report.html"), [])


def test_report_without_a_browser_still_says_where_it_lies(good_run, command, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: False)

    ended = command("report")

    assert (ended.returncode, ended.stdout.strip()) == (0, str(good_run / "report.html"))
    assert "no browser could be started" in ended.stderr


def test_runs_are_listed_as_a_table_the_newest_first(project, good_run, command):
    command("run", project, "--set", "gates.roc_auc=>= 0.999")

    head, newest, oldest = command("runs", project).stdout.splitlines()

    assert ["run", "project", "status", "seconds", "figure", "gates"] == head.split()
    assert ["small", "FAILURE"] == newest.split()[1:3]
    assert [good_run.name, "small", "SUCCESS"] == oldest.split()[:3]
    assert ["roc_auc", "1/1"] == [oldest.split()[4], oldest.split()[-1]]


def test_runs_of_a_project_that_has_none_says_how_to_make_one(project, command):
    assert "no runs of small in runs; groundwork run PROJECT makes one" in command("runs", project).stdout


def test_a_folder_may_be_called_like_markup_or_a_pattern(project, command):
    named = project.rename(project.parent / "[red]small")

    ran = command("run", named, "--runs", "[red]runs")
    command("predict", "[red]runs/latest", named / "rows.csv", "[b].parquet")
    scored = command("predict", "[red]runs/latest", "[b].parquet", "again.csv")

    assert "SUCCESS  [red]runs/" in ran.stdout
    assert "groundwork serve [red]runs/latest" in ran.stdout
    assert "already has a column 'prediction'" in scored.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="peak memory in KiB is Linux's")
def test_the_memory_of_predict_does_not_grow_with_the_file(project, good_run, tmp_path):
    head, *lines = (project / "rows.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    peaks = []
    for times in (500, 5_000):
        source = tmp_path / f"{times}.csv.gz"
        with gzip.open(source, "wt", compresslevel=1, encoding="utf-8") as file:
            file.write(head)
            for _ in range(times):
                file.writelines(lines)
        command = [sys.executable, "-c", PEAK, good_run, source, tmp_path / "out.parquet"]
        rows, peak = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
        assert int(rows) == times * len(lines)
        peaks.append(int(peak))

    # Ten times the rows, 4,050,000 more: held, they would take several hundred MB.
    assert peaks[1] - peaks[0] < 150e6
