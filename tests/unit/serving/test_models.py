import pytest

from groundwork.errors import ConfigurationError
from groundwork.serving import Latest, Served, Versions, create_app


def first(batch):
    return batch


@pytest.mark.parametrize("name", [5, "", "a/b", None])
def test_a_name_that_no_address_can_hold_is_refused(name):
    with pytest.raises(ConfigurationError, match="a model is named"):
        create_app({name: first})


@pytest.mark.parametrize("model", [5, None, Served(model=5), Versions({"1": first, "2": 5})])
def test_what_is_no_model_is_refused_before_anything_is_loaded(model):
    with pytest.raises(ConfigurationError, match="has no predict"):
        create_app({"a": model})


def test_a_path_that_is_not_there_or_is_no_model_is_refused(tmp_path):
    text = tmp_path / "model.txt"
    text.touch()

    with pytest.raises(ConfigurationError, match="there is no 'nofile'"):
        create_app({"a": "nofile"})
    with pytest.raises(ConfigurationError, match=r"the file 'model\.txt' is no model"):
        create_app({"a": text})


def test_a_path_that_is_looked_for_anew_may_come_later():
    looked = []

    app = create_app({"a": Latest(lambda: looked.append("for it") or "nofile")})

    assert (True, []) == (callable(app), looked)
