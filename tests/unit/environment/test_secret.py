import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest
from pydantic import BaseModel, ValidationError

from groundwork.environment import Secret, format_env
from groundwork.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Login:
    user: str
    password: Secret


class LoginModel(BaseModel):
    user: str
    password: Secret


SECRET = Secret("hunter2")
HOLDERS = [
    SECRET,
    [SECRET],
    {"password": SECRET},
    Login("ada", SECRET),
    LoginModel(user="ada", password="hunter2"),
    dataclasses.asdict(Login("ada", SECRET)),
    LoginModel(user="ada", password=SECRET).model_dump(),
    UsageError("no", context={"password": SECRET}).to_dict(),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda each: type(each).__name__)
def test_no_way_to_print_shows_the_text(holder):
    ways = [str(holder), repr(holder), f"{holder}", "%s %r" % (holder, holder), ascii(holder)]  # noqa: UP031

    assert all("hunter2" not in each and "*****" in each for each in ways)


def test_reveal_alone_returns_the_text():
    assert "hunter2" == SECRET.reveal()


def test_a_secret_is_formatted_in_columns():
    assert "**********  |" == f"{SECRET:<12}|"


def test_logs_show_the_mask(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("%s %r %s", SECRET, Login("ada", SECRET), [SECRET])

    assert "hunter2" not in caplog.text


def test_a_traceback_with_its_variables_shows_the_mask():
    login = Login("ada", SECRET)

    try:
        raise RuntimeError(f"{login} refused")
    except RuntimeError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())

    assert "login = Login" in text
    assert "hunter2" not in text


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(protocol):
    with pytest.raises(UsageError, match="not pickled") as caught:
        pickle.dumps(Login("ada", SECRET), protocol)

    assert "hunter2" not in str(caught.value)


def test_an_error_that_carries_a_secret_is_pickled_with_the_mask():
    data = pickle.dumps(UsageError("no", context={"password": SECRET}))

    assert b"hunter2" not in data
    assert "Secret('**********')" == pickle.loads(data).context["password"]


def test_json_refuses_a_secret():
    with pytest.raises(TypeError, match="Secret"):
        json.dumps({"password": SECRET})


def test_a_copy_is_the_same_secret():
    assert SECRET is copy.copy(SECRET) is copy.deepcopy([SECRET])[0]


def test_secrets_are_equal_by_text_and_to_no_text():
    assert (True, False, False) == (SECRET == Secret("hunter2"), SECRET == Secret("x"), SECRET == "hunter2")
    assert {SECRET} == {SECRET, Secret("hunter2")}
    assert Secret("\udcff") == Secret("\udcff")


def test_an_empty_secret_is_false():
    assert (True, False) == (bool(SECRET), bool(Secret("")))


def test_a_secret_has_no_attributes_to_look_through():
    assert not hasattr(SECRET, "__dict__")


def test_only_text_can_be_secret():
    with pytest.raises(UsageError, match="holds text, not int"):
        Secret(5)


def test_a_secret_is_not_written_by_chance():
    with pytest.raises(UsageError, match="no text but a Secret"):
        format_env({"PASSWORD": SECRET})


def test_a_pydantic_model_reads_and_masks_a_secret():
    login = LoginModel.model_validate({"user": "ada", "password": "hunter2"})

    assert "hunter2" == login.password.reveal()
    assert '{"user":"ada","password":"**********"}' == login.model_dump_json()
    assert "string" == LoginModel.model_json_schema()["properties"]["password"]["type"]
    with pytest.raises(ValidationError, match="a secret is text"):
        LoginModel(user="ada", password=5)
