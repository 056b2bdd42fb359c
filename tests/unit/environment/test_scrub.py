import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.environment import _check, _subject, check
from groundwork.environment._finding import Finding
from groundwork.environment._scrub import scrub


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://ada:hunter2@index.example/simple", "https://***@index.example/simple"),
        ("at https://hunter2@index.example, twice", "at https://***@index.example, twice"),
        ("https://a:p/w@d@index.example/x", "https://***@index.example/x"),
        ("https://a:hun'ter2@index.example/x", "https://***@index.example/x"),
        ("https://index.example/x?token=hunter2&page=2", "https://index.example/x?token=***&page=2"),
        ("https://index.example/x?a=1&X-Amz-Signature=hunter2", "https://index.example/x?a=1&X-Amz-Signature=***"),
        ("Authorization: Basic aHVudGVyMg==", "Authorization: Basic ***"),
        ("Authorization: hunter2", "Authorization: ***"),
        ("sent Bearer hunter2", "sent Bearer ***"),
        ("numpy 2.4.5 in /home/ada/.venv", "numpy 2.4.5 in /home/ada/.venv"),
        ("https://index.example/simple", "https://index.example/simple"),
    ],
)
def test_credentials_are_masked_and_nothing_else(text, shown):
    assert scrub(text, {}) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("HF_TOKEN", "hunter2", "it said ***"),
        ("DB_PASSWORD", "hunter2", "it said ***"),
        ("UV_INDEX_PRIVATE_PASSWORD", "hunter2", "it said ***"),
        ("DB_PASS", "hunter2", "it said ***"),
        ("GPG_PASSPHRASE", "hunter2", "it said ***"),
        ("COMPASS_HOME", "hunter2", "it said hunter2"),
        ("USER", "hunter2", "it said hunter2"),
        ("GIT_AUTHOR_NAME", "hunter2", "it said hunter2"),
        ("MY_TOKEN", "said", "it said hunter2"),
    ],
)
def test_values_of_variables_called_as_secrets_are_masked(name, value, shown):
    assert scrub("it said hunter2", {name: value}) == shown


def test_secret_that_begins_with_another_is_masked_to_its_end():
    assert scrub("it said hunter2-long", {"A_TOKEN": "hunter2", "B_TOKEN": "hunter2-long"}) == "it said ***"


def test_path_in_a_variable_called_as_a_secret_is_no_secret(tmp_path):
    assert scrub(f"{tmp_path} is gone", {"SSH_AUTH_SOCK": str(tmp_path)}) == f"{tmp_path} is gone"


@settings(deadline=None, max_examples=50)
@given(st.text("abc/@:#?%x19", min_size=6, max_size=20), st.sampled_from(["https://u:{}@host/x", "ssh://{}@host"]))
def test_no_password_in_an_address_is_ever_shown(password, address):
    password = f"Z{password}Z"

    assert password not in scrub(f"pip said: {address.format(password)} failed", {})


def test_no_finding_shows_a_secret_however_it_came_in(tmp_path, monkeypatch, subject):
    def leak(subject):
        yield Finding(
            "leak", "error", "https://ada:hunter2@x/", "https://ada:hunter2@x/", "pip -i https://a:hunter2@x/"
        )

    def crash(subject):
        raise RuntimeError("index https://ada:hunter2@x/ and hunter3")

    monkeypatch.setenv("MY_API_KEY", "hunter3")
    monkeypatch.setattr(_check, "CHECKS", {"leak": leak, "crash": crash})
    monkeypatch.setattr(_subject, "_subject", lambda *_, **__: subject())
    (tmp_path / "work").mkdir()

    findings = check(workdir=tmp_path / "work")

    assert len(findings) == 2
    assert "hunter" not in repr(findings) + str([one.to_dict() for one in findings])


def test_address_in_a_lock_is_not_quoted_with_its_password(tmp_path):
    (tmp_path / "requirements.lock").write_text("--index-url https://ada:hunter2@index.example/simple\nx==1\n")

    findings = check(only="packages", workdir=tmp_path)

    assert (findings[0].severity, "hunter2" in repr(findings)) == ("error", False)
