import copy
import gc
import traceback
from dataclasses import InitVar, dataclass, field
from typing import Annotated, Literal

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, HttpUrl, SecretStr, field_validator, model_validator

from groundwork.environment import Secret, Source, format_env, load_settings, sources
from groundwork.environment import _settings as inner
from groundwork.errors import ConfigurationError, UnsupportedFormatError, UsageError


@dataclass(frozen=True)
class Database:
    url: str
    password: Secret
    pool: int = 5


@dataclass(frozen=True)
class App:
    database: Database
    port: int = 8080
    debug: bool = False
    mode: Literal["fast", "exact"] = "fast"
    hosts: list[str] = field(default_factory=list)
    weights: dict[str, float] = field(default_factory=dict)
    cache: Database | None = None


@dataclass(frozen=True)
class Flat:
    number: int = 0


@dataclass(frozen=True)
class Pool:
    size: int = 1
    name: str = "main"


@dataclass(frozen=True)
class Pools:
    first: Pool
    second: Pool = Pool(2, "spare")
    third: Pool | None = field(default_factory=lambda: Pool(3, "last"))


@pytest.fixture
def file(tmp_path):
    def write(text, name="app.yaml"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def mistakes(schema, **given_):
    """Load what must fail; the mistakes, one a line, without the folder of the files."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(schema, **{"environ": {}, **given_})
    told = str(caught.value)
    for name in ("file", "env_file"):
        if name in given_:
            told = told.replace(f"{given_[name].parent}/", "")
    lines = told.splitlines()
    assert len(lines) == 1 or lines[0] == f"{len(lines) - 1} mistakes in the settings"
    assert len(caught.value.context["mistakes"]) == max(1, len(lines) - 1)
    return lines[-len(caught.value.context["mistakes"]) :]


LAYERS = ["file", "env_file", "environ", "arguments"]


@hypothesis_settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(LAYERS), st.integers(), max_size=4))
def test_the_last_layer_that_gives_a_value_wins(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("layers")
    (folder / "a.json").write_text(f'{{"number": {values["file"]}}}' if "file" in values else "{}")
    (folder / ".env").write_text(format_env({"N_NUMBER": str(values["env_file"])}) if "env_file" in values else "")

    loaded = load_settings(
        Flat,
        file=folder / "a.json",
        env_file=folder / ".env",
        environ={"N_NUMBER": str(values["environ"])} if "environ" in values else {},
        prefix="N_",
        arguments={"number": values.get("arguments")},
    )

    last = next((name for name in reversed(LAYERS) if name in values), None)
    kinds = {"environ": "environment", "arguments": "argument", None: "default"}
    assert values.get(last, 0) == loaded.number
    assert kinds.get(last, last) == sources(loaded)["number"].layer


def test_every_layer_gives_its_part_and_its_place(file):
    env_file = file("APP_DATABASE__PASSWORD='x'\n", ".env")

    app = load_settings(
        App,
        file=file("debug: yes\ndatabase:\n  url: here\n  pool: 7\n"),
        env_file=env_file,
        environ={"APP_HOSTS": "a, b", "APP_DATABASE__POOL": "8"},
        prefix="APP_",
        arguments={"mode": "exact", "database": {"pool": 9}, "port": None},
    )

    assert App(Database("here", Secret("x"), 9), 8080, True, "exact", ["a", "b"]) == app
    assert {
        "database.url": "app.yaml:3",
        "database.password": ".env:1 APP_DATABASE__PASSWORD",
        "database.pool": "argument database.pool",
        "port": "default",
        "debug": "app.yaml:1",
        "mode": "argument mode",
        "hosts": "environment variable APP_HOSTS",
        "weights": "default",
        "cache": "default",
    } == {name: str(source).replace(f"{env_file.parent}/", "") for name, source in sources(app).items()}


def test_the_environment_of_the_process_is_read_and_not_changed(file, monkeypatch):
    monkeypatch.setenv("GW_NUMBER", "3")
    env_file = file("GW_NUMBER=4\nGW_OTHER=5\n", ".env")

    assert 3 == load_settings(Flat, prefix="GW_").number
    with pytest.raises(ConfigurationError, match="GW_OTHER"):
        load_settings(Flat, env_file=env_file, prefix="GW_")
    assert "GW_OTHER" not in inner.os.environ


def test_false_as_text_is_false():
    assert load_settings({"debug": bool}, environ={"DEBUG": "False"})["debug"] is False


def test_a_env_file_need_not_exist(tmp_path):
    assert Flat() == load_settings(Flat, env_file=tmp_path / ".env", environ={})


def test_a_file_must_exist(tmp_path):
    assert ["app.toml: cannot be read: No such file or directory"] == mistakes(Flat, file=tmp_path / "app.toml")
    with pytest.raises(UnsupportedFormatError):
        load_settings(Flat, file="app.ini")


def test_every_mistake_of_every_layer_is_told_at_once(file):
    env_file = file("APP_PROT=1\nAPP_PORT=eighty\n", ".env")

    told = mistakes(
        App,
        file=file("debug: perhaps\ndatabase:\n  ulr: x\n  password: [1]\ncache: 5\n"),
        env_file=env_file,
        environ={"APP_MODE": "fats", "APP_DATABASE__URLS": "x"},
        prefix="APP_",
        arguments={"weights": {"a": "heavy"}, "databas.pool": 1},
    )

    assert [
        "app.yaml:3: database.ulr: there is no such setting; did you mean 'database.url'?",
        "app.yaml:5: cache: a group of settings (url, password, pool), not one value",
        ".env:1 APP_PROT: there is no such setting; did you mean 'APP_PORT'?",
        "argument databas: there is no such setting; did you mean 'database'?",
        (
            "database.url: not set, and there is no default; set APP_DATABASE__URL; "
            "APP_DATABASE__URLS is set, which no setting reads"
        ),
        "app.yaml:4: database.password: the value is a list, not text",
        ".env:2 APP_PORT: port: 'eighty' is not a whole number such as 8080",
        "app.yaml:1: debug: 'perhaps' is not true or false",
        "environment variable APP_MODE: mode: 'fats' is none of fast, exact; did you mean 'fast'?",
        "argument weights: a: 'heavy' is not a number such as 0.5 or 1e-4",
    ] == told


def test_the_mistakes_are_data_too():
    with pytest.raises(ConfigurationError) as caught:
        load_settings(Flat, environ={"NUMBER": "x"}, arguments={"nummer": 1})

    assert [
        ("nummer", None, "nummer", "number"),
        ("number", None, "NUMBER", None),
    ] == [(m["setting"], m["file"], m["name"], m["suggestion"]) for m in caught.value.context["mistakes"]]


def test_what_a_broken_file_would_have_given_is_not_called_missing(file):
    told = mistakes(App, file=file("database: ["), env_file=file("A\n", ".env"), environ={"PORT": "x"})

    assert [
        "app.yaml:1: is not valid YAML: expected the node content, but found …",
        ".env:1: the line is no NAME=value; put a value of several lines in quotes",
        "environment variable PORT: port: 'x' is not a whole number such as 8080",
    ] == told


@pytest.mark.parametrize(("content", "words"), [(b"A=1\nB='\xff'\n", ".env:2: is not UTF-8"), (None, "cannot be read")])
def test_a_env_file_that_cannot_be_read_is_a_mistake(tmp_path, content, words):
    path = tmp_path / ".env"
    path.mkdir() if content is None else path.write_bytes(content)

    (told,) = mistakes(App, env_file=path)

    assert words in told


def test_without_a_prefix_other_names_of_a_env_file_are_left_alone(file):
    assert Flat() == load_settings(Flat, env_file=file("OTHER=1\n", ".env"), environ={})


def test_a_group_keeps_the_rest_of_its_default():
    pools = load_settings(Pools, environ={"SECOND__SIZE": "9", "THIRD__SIZE": "8"})

    assert Pools(Pool(1, "main"), Pool(9, "spare"), Pool(8, "last")) == pools
    assert "default" == sources(pools)["second.name"].layer


def test_a_default_is_made_once_and_for_each_anew():
    made = []

    @dataclass
    class Counted:
        items: list = field(default_factory=lambda: made.append(1) or [])

    one, other = load_settings(Counted, environ={}), load_settings(Counted, environ={})

    assert one.items is not other.items
    assert 2 == len(made)


def test_a_group_that_may_be_absent_is_made_when_any_of_it_is_given(file):
    environ = {"DATABASE__URL": "a", "DATABASE__PASSWORD": "b", "CACHE__URL": "c"}

    assert mistakes(App, environ=environ) == ["cache.password: not set, and there is no default; set CACHE__PASSWORD"]
    assert load_settings(App, environ={**environ, "CACHE__PASSWORD": "d"}).cache == Database("c", Secret("d"))


def test_null_in_a_file_is_none_for_a_group_that_may_be_absent(file):
    pools = load_settings(Pools, file=file('{"third": null}', "a.json"), environ={})

    assert (None, "a.json:1") == (pools.third, str(sources(pools)["third"])[-8:])


def test_a_mapping_of_types_gives_a_dict(file):
    schema = {"token": Secret, "limit": int | None, "server": {"port": int}}

    loaded = load_settings(schema, environ={"TOKEN": "x", "SERVER__PORT": "1"})

    assert {"token": Secret("x"), "limit": None, "server": {"port": 1}} == loaded
    assert Source("environment", "SERVER__PORT") == sources(loaded)["server.port"]


class Endpoint(BaseModel):
    address: HttpUrl
    retries: int = Field(default=3, le=10, alias="maxRetries")
    key: SecretStr = SecretStr("none")
    names: list[Annotated[str, Field(max_length=3)]] = []
    made: list[int] = Field(default_factory=list)
    copied: int = Field(default_factory=lambda data: data.get("retries", 0))

    @field_validator("retries")
    @classmethod
    def odd(cls, value):
        if value % 2 == 0:
            raise ValueError(f"{value} is even")
        return value


class Service(BaseModel):
    endpoint: Endpoint
    backup: Endpoint | None = None
    token: Secret = Secret("t0ken")

    @model_validator(mode="after")
    def long_enough(self):
        if len(self.token.reveal()) < 4:
            raise ValueError(f"the token {self.token.reveal()} is too short")
        return self


def test_a_pydantic_model_is_a_schema_by_the_names_of_its_fields():
    service = load_settings(
        Service,
        environ={"ENDPOINT__ADDRESS": "http://here/", "ENDPOINT__RETRIES": "5", "ENDPOINT__KEY": "k", "TOKEN": "abcd"},
    )

    expected = Service(endpoint=Endpoint(address="http://here/", maxRetries=5, key="k"), token=Secret("abcd"))
    assert expected == service
    assert 5 == service.endpoint.copied
    assert "default" == sources(service)["endpoint.names"].layer


def test_rules_of_a_pydantic_model_are_told_with_the_others():
    told = mistakes(
        Service,
        environ={
            "ENDPOINT__ADDRESS": "nowhere",
            "ENDPOINT__RETRIES": "4",
            "ENDPOINT__NAMES": "ab,abcde",
            "BACKUP__ADDRESS": "http://there/",
            "BACKUP__RETRIES": "11",
        },
    )

    assert [
        (
            "environment variable ENDPOINT__ADDRESS: endpoint.address: 'nowhere' is refused: "
            "Input should be a valid URL, relative URL without a base"
        ),
        "environment variable ENDPOINT__RETRIES: endpoint.retries: Value error, 4 is even",
        "environment variable ENDPOINT__NAMES: endpoint.names: item 2: String should have at most 3 characters",
        "environment variable BACKUP__RETRIES: backup.retries: Input should be less than or equal to 10",
    ] == told


def test_a_rule_over_all_settings_does_not_tell_a_secret():
    assert ["Value error, the token ********** is too short"] == mistakes(
        Service, environ={"ENDPOINT__ADDRESS": "http://here/", "TOKEN": "pw1"}
    )


@dataclass
class Judged:
    low: int
    high: int
    api_key: str = ""
    passphrases: dict[str, str] = field(default_factory=dict)
    max_tokens: int = 5
    url: Literal["a"] = "a"

    def __post_init__(self):
        if self.low > self.high:
            raise ValueError(f"low {self.low} is above high {self.high} (key {self.api_key})")
        if self.low < 0:
            raise UsageError("low is negative")


def test_the_rules_of_a_dataclass_are_a_mistake_without_secrets():
    environ = {"LOW": "5", "HIGH": "3", "API_KEY": "hunter2"}

    assert ["low 5 is above high 3 (key **********)"] == mistakes(Judged, environ=environ)
    assert ["low is negative"] == mistakes(Judged, environ={"LOW": "-5", "HIGH": "3"})


@pytest.mark.parametrize("password", ["hunter2", "hunt/er2", "hunt@er2", "hunt'er2"])
def test_the_password_of_an_address_is_masked_whatever_it_holds(password):
    told = mistakes(Judged, environ={"LOW": "1", "HIGH": "2", "URL": f"https://ada:{password}@here/"})

    assert [True, False] == ["**********@here/" in told[0], "er2" in told[0]]


def test_a_telling_name_is_masked_whatever_its_type_and_a_number_is_not():
    told = mistakes(
        Judged,
        environ={
            "LOW": "1",
            "HIGH": "2",
            "PASSPHRASES": "hunter2",
            "MAX_TOKENS": "many",
            "URL": "https://ada:hunter2@here/" + "x" * 80,
        },
    )

    assert [
        "environment variable PASSPHRASES: passphrases: the value is not valid JSON",
        "environment variable MAX_TOKENS: max_tokens: 'many' is not a whole number such as 8080",
        f"environment variable URL: url: 'https://**********@here/{'x' * 34}… is none of a",
    ] == told


def test_a_secret_of_several_parts_is_kept_out_of_the_words_of_others():
    class Model(BaseModel):
        secrets: dict[str, list[Secret]]
        one: SecretStr = SecretStr("")
        words: str = ""

        @field_validator("words")
        @classmethod
        def refuse(cls, value):
            raise ValueError(f"no {value}")

        @field_validator("one")
        @classmethod
        def refuse_one(cls, value):
            raise ValueError(f"no {value.get_secret_value()}")

    told = mistakes(
        Model,
        environ={"WORDS": "first-second-third", "ONE": "fourth"},
        arguments={"secrets": {"x": ["first", Secret("second")], "y": ["third", None]}},
    )

    assert [
        "argument secrets: the value is null, not text",
        "environment variable ONE: one: the value is refused: value_error",
        "environment variable WORDS: words: Value error, no **********-**********-**********",
    ] == told


def test_a_secret_that_begins_like_another_hides_nothing_less():
    @dataclass
    class Both:
        short: Secret
        long: Secret

        def __post_init__(self):
            raise ValueError(f"{self.long.reveal()} and {self.short.reveal()}")

    assert ["********** and **********"] == mistakes(Both, environ={"SHORT": "hunter", "LONG": "hunter2"})


def test_a_misspelt_secret_option_is_not_shown():
    schema = {"token": Literal["alpha", "beta"]}

    assert ["environment variable TOKEN: token: the value is refused"] == mistakes(schema, environ={"TOKEN": "alpa"})


def test_an_error_carries_nothing_that_is_secret_even_in_its_variables(monkeypatch):
    monkeypatch.setenv("DATABASE__PASSWORD", f"hunter-{1 + 1}")

    try:
        load_settings(App, arguments={"port": "x"})
    except ConfigurationError as error:
        told = traceback.TracebackException.from_exception(error, capture_locals=True)

    assert "hunter-2" not in "".join(told.format())
    assert told.__context__ is None


class Recursive(BaseModel):
    inner: "Recursive | None" = None


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (5, "5 is no schema of settings"),
        (int, "is no schema"),
        (Flat(), "is no schema"),
        (Recursive, "the schema Recursive contains itself"),
        ({"a__b": int, "a": {"b": int}}, "a__b and a.b would both be read from A__B"),
    ],
)
def test_a_schema_that_cannot_work_is_refused(schema, words):
    with pytest.raises(ConfigurationError, match=words):
        load_settings(schema, environ={})


def test_a_type_that_cannot_be_found_is_named():
    @dataclass
    class Lost:
        value: "Nowhere"  # noqa: F821

    with pytest.raises(ConfigurationError, match="a type of Lost cannot be found: Nowhere"):
        load_settings(Lost, environ={})


def test_what_a_dataclass_sets_itself_is_not_asked_for():
    @dataclass
    class Own:
        given: int
        derived: int = field(init=False)
        scale: InitVar[int] = 2

        def __post_init__(self, scale):
            self.derived = self.given * scale

    own = load_settings(Own, environ={"GIVEN": "2", "DERIVED": "7"})

    assert (2, 4) == (own.given, own.derived)


def test_a_copy_has_no_sources():
    loaded = load_settings(Flat, environ={})

    with pytest.raises(UsageError, match="nothing is known of where this Flat came from"):
        sources(copy.copy(loaded))


def test_settings_with_slots_load_and_with_room_for_a_reference_have_sources():
    @dataclass(slots=True)
    class Slim:
        number: int = 0

    @dataclass(slots=True, weakref_slot=True)
    class Roomy:
        number: int = 0

    assert {"number": Source("default")} == sources(load_settings(Roomy, environ={}))
    with pytest.raises(UsageError, match="Slim"):
        sources(load_settings(Slim, environ={}))


def test_sources_go_with_their_settings():
    loaded = load_settings(Flat, environ={})
    known = id(loaded)

    del loaded
    gc.collect()

    assert known not in inner._SOURCES
