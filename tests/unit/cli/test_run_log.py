import logging

from groundwork.cli._run_log import LogLevel, RunLog
from groundwork.resilience import Pipeline, Step

log = logging.getLogger("tests.user")


def run_logged(runs):
    root = logging.getLogger()
    before = list(root.handlers)
    with RunLog(runs, LogLevel.INFO, None) as observer:
        result = Pipeline([Step("load", lambda: log.warning("slow"))], observers=[observer], run_id="r1").run()
    assert root.handlers == before
    return result


def test_warnings_of_the_work_are_in_the_file_and_stay_on_the_terminal(tmp_path, capsys):
    (tmp_path / "r1").mkdir()

    run_logged(tmp_path)

    assert capsys.readouterr().err == "slow\n"
    assert '"message": "slow"' in (tmp_path / "r1" / "log.jsonl").read_text()


def test_a_log_that_cannot_be_written_is_told_once_and_the_run_goes_on(tmp_path, capsys):
    result = run_logged(tmp_path / "gone")

    first, *others = capsys.readouterr().err.splitlines()
    assert result.ok
    assert "cannot be written, the log goes here" in first
    assert [line.split(" ", 1)[1] for line in others] == ["WARNING r1/load slow"]
