import pytest

from groundwork.environment import check


@pytest.fixture
def settings(tmp_path):
    def write(example, actual=None):
        (tmp_path / ".env.example").write_text(example)
        if actual is not None:
            (tmp_path / ".env").write_text(actual)
        return check(only="dotenv", workdir=tmp_path)

    return write


def test_without_an_example_nothing_is_compared(tmp_path):
    (one,) = check(only="dotenv", workdir=tmp_path)

    assert one.severity == "ok"


def test_all_names_set_is_fine(settings):
    (one,) = settings("# a comment\nURL=\nexport TOKEN = x\n", "URL=a\nTOKEN=b\n")

    assert (one.severity, one.found) == ("ok", "all 2 names of .env.example are set")


def test_missing_and_unknown_names_are_told_apart(settings):
    missing, unknown = settings("DATABASE_URL=\n", "DATABSE_URL=postgres://secret\n")

    assert (missing.severity, missing.found) == ("error", "DATABASE_URL is not set; DATABSE_URL is")
    assert missing.fix.startswith("rename DATABSE_URL to DATABASE_URL")
    assert (unknown.severity, unknown.found) == ("warning", "DATABSE_URL is set, but not in .env.example")


def test_name_set_in_the_process_counts(settings, monkeypatch):
    monkeypatch.setenv("GROUNDWORK_TEST_NAME", "x")

    (one,) = settings("GROUNDWORK_TEST_NAME=\n")

    assert one.severity == "ok"


def test_no_file_at_all_misses_every_name(settings):
    (one,) = settings("GROUNDWORK_UNSET=\n")

    assert (one.severity, one.fix.startswith("add GROUNDWORK_UNSET=")) == ("error", True)


def test_values_are_never_shown(settings):
    findings = settings("A_KEY=secret-example\nB_KEY=\n", "C_KEY=secret-value\nB_KEY=secret-too\nsecret line\n")

    assert "secret" not in str([one.to_dict() for one in findings])
