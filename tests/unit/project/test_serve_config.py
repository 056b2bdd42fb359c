import textwrap

import pytest

from groundwork.errors import ConfigurationError, MLException
from groundwork.project import find_model, load_serve_config
from groundwork.serving import Served, Versions


@pytest.fixture
def written(tmp_path):
    def write(text):
        file = tmp_path / "serve.yaml"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    return write


def mistakes(file):
    with pytest.raises(ConfigurationError) as raised:
        load_serve_config(file)
    return [
        (each["line"], each["path"], each["message"], each["suggestion"]) for each in raised.value.context["mistakes"]
    ]


def test_models_are_found_from_where_the_file_lies(written, tmp_path):
    for name in ("a.onnx", "b.onnx"):
        (tmp_path / name).touch()
    file = written("""
        workers: 2
        models:
          plain: a.onnx
          large: {source: b.onnx, executor: thread, threads: 2}
          split:
            versions: {"1": a.onnx, "2": {source: b.onnx}}
            weights: {"1": 0.75, "2": 0.25}
    """)

    config = load_serve_config(file)
    models, notices = config.find_models()

    assert (config.workers, notices) == (2, [])
    assert models["plain"] == Served(model=tmp_path / "a.onnx")
    assert models["large"] == Served(model=tmp_path / "b.onnx", executor="thread", threads=2)
    assert isinstance(models["split"], Versions)
    assert models["split"].shares == {"1": 0.75, "2": 0.25}


def test_all_mistakes_come_at_once_each_with_its_line(written):
    file = written("""\
        workers: "2"
        hots: x
        options:
          max_batch_row: 3
          threads: 0
          max_wait_s: text
        models:
          a: {source: x, executor: gpu}
    """)

    assert mistakes(file) == [
        (1, "workers", "expected a whole number, found '2'", None),
        (2, "hots", "unknown key", "host"),
        (4, "options.max_batch_row", "unknown key", "max_batch_rows"),
        (5, "options.threads", "threads is 0; it must be at least 1", None),
        (6, "options.max_wait_s", "expected a number, found 'text'", None),
        (8, "models.a.executor", "'gpu' is none of auto, inline, thread, process", None),
    ]


def test_what_models_must_be_to_themselves_is_told_too(written):
    file = written("""\
        models:
          both: {source: y, versions: {"1": z}}
          none: {threads: 2}
          weighed: {source: y, weights: {"1": 1.0}, shadow: "1"}
          split: {versions: {"1": z}, threads: 2, executor: thread}
          unknown: {versions: {"1": z}, weights: {"3": 1.0}}
        options: {idle_timeout_s: 0.0, max_instances: 2000}
    """)

    found = [(line, path) for line, path, _, _ in mistakes(file)]

    assert found == [
        (2, "models.both"),
        (3, "models.none"),
        (4, "models.weighed.weights"),
        (4, "models.weighed.shadow"),
        (5, "models.split.executor"),
        (5, "models.split.threads"),
        (6, "models.unknown"),
        (7, "options"),
        (7, "options.idle_timeout_s"),
    ]


def test_api_keys_stand_in_a_file_of_their_own(written):
    file = written("""\
        models: {a: x}
        options: {api_keys: [secret]}
    """)

    assert [(2, "options.api_keys", "unknown key", None)] == mistakes(file)


@pytest.mark.parametrize(
    ("text", "words"), [("- a\n", "expected keys"), ("a: [\n", "serve.yaml"), ("models: {}\n", "must not be empty")]
)
def test_what_is_no_configuration_is_told(written, text, words):
    with pytest.raises(ConfigurationError, match=words):
        load_serve_config(written(text))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_serve_config(tmp_path / "serve.yaml")


def test_a_file_that_is_no_text_is_told(tmp_path):
    (tmp_path / "serve.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigurationError, match="not UTF-8"):
        load_serve_config(tmp_path / "serve.yaml")


def test_a_source_that_is_nothing_is_told(tmp_path):
    with pytest.raises(MLException, match="does not exist"):
        find_model(tmp_path / "missing")


def test_files_checkpoints_and_stores_are_passed_on(tmp_path):
    (tmp_path / "model.onnx").touch()
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "manifest.json").touch()
    (tmp_path / "store" / "step-1").mkdir(parents=True)

    found = [find_model(tmp_path / name) for name in ("model.onnx", "kept", "store")]

    assert found == [(name.split(".")[0], tmp_path / name, []) for name in ("model.onnx", "kept", "store")]
