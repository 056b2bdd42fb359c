import errno

import pytest
from typer.testing import CliRunner

from groundwork import cli
from groundwork.cli._main import app, main
from groundwork.errors import MLException, UsageError, WorldError


def called(*words):
    return CliRunner().invoke(app, list(words))


def test_the_version_is_told():
    assert called("--version").output.startswith("groundwork 0.")


def test_help_names_every_command_and_cuts_none_short():
    told = called("--help").output

    assert all(f"  {name} " in told for name in ("run", "runs", "report", "serve", "predict", "env", "learn"))
    assert "..." not in told.partition("Commands:")[2]


def test_run_takes_the_project_in_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    ended = called("run")

    assert isinstance(ended.exception, UsageError)
    assert "pipeline.yaml: there is no such file" in ended.exception.message


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UsageError("bad", hint="do this"), 2),
        (WorldError("gone"), 1),
        (BrokenPipeError(), 0),
    ],
)
def test_every_end_has_its_exit_code(error, code, monkeypatch, capsys):
    def fail():
        raise error

    monkeypatch.setattr("groundwork.cli._main.app", fail)
    monkeypatch.setattr("groundwork.cli._main.signal.signal", lambda *_: None)
    monkeypatch.setattr("sys.stderr.close", lambda: None)

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == code
    told = capsys.readouterr().err
    if isinstance(error, MLException):
        assert told.startswith(f"error: {error.message}\n")
        assert ("hint: do this" in told) == (error.hint is not None)


@pytest.fixture
def command(monkeypatch):
    """Lets ``groundwork learn list`` raise an error."""

    def command(error):
        def fail(*_, **__):
            raise error

        monkeypatch.setattr("groundwork.cli._main.signal.signal", lambda *_: None)
        monkeypatch.setattr("groundwork.cli._learn.all_standings", fail)
        monkeypatch.setattr("sys.argv", ["groundwork", "learn", "list"])

    return command


def test_a_reader_that_has_gone_is_no_failure(command):
    command(BrokenPipeError(errno.EPIPE, "Broken pipe"))

    with pytest.raises(SystemExit) as ended:
        main()

    assert 0 == ended.value.code


def test_a_ctrl_c_ends_with_a_word(command, capsys):
    command(KeyboardInterrupt())

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert (130, "stopped\n") == (ended.value.code, capsys.readouterr().err)


def test_a_ctrl_c_while_the_command_is_imported_ends_with_a_word(monkeypatch, capsys):
    def stop(words):
        raise KeyboardInterrupt

    monkeypatch.setattr("groundwork.cli._learn_ahead.begin", stop)

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert (130, "stopped\n") == (ended.value.code, capsys.readouterr().err)


def test_an_error_that_quotes_anything_is_no_command_to_the_terminal(monkeypatch, capsys):
    def fail():
        raise UsageError("raised E: \x1b[2J\nline 2", hint="\x07")

    monkeypatch.setattr("groundwork.cli._main.app", fail)
    monkeypatch.setattr("groundwork.cli._main.signal.signal", lambda *_: None)

    with pytest.raises(SystemExit):
        main()

    assert [r"error: raised E: \x1b[2J", "line 2", r"hint: \x07"] == capsys.readouterr().err.splitlines()


def test_a_bug_is_not_dressed_up(monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr("groundwork.cli._main.app", fail)
    monkeypatch.setattr("groundwork.cli._main.signal.signal", lambda *_: None)

    with pytest.raises(ZeroDivisionError):
        main()
