import pytest
from sklearn.linear_model import LinearRegression

from groundwork import modeling
from groundwork.errors import CheckpointCorrupt, ConfigurationError, InvalidDataError
from groundwork.serving._adapters import Block, ObjectAdapter, Predictor, example, load
from groundwork.storage import CheckpointStore


def predicted(adapter, instances):
    (answer,) = adapter.predict([adapter.parse(instances)])
    return answer


class Identity:
    def predict(self, batch):
        return batch


def test_a_checkpoint_folder_is_loaded_by_modeling(monkeypatch, tmp_path):
    asked = []

    def load_model(path, *, trust):
        asked.append((path, trust))
        return Identity()

    monkeypatch.setattr(modeling, "load_model", load_model)

    adapters = [load("m", tmp_path), load("m", str(tmp_path), trust=True)]

    assert asked == [(tmp_path, False), (tmp_path, True)]
    assert [predicted(adapter, [1]) for adapter in adapters] == [[1]] * 2


def test_a_broken_checkpoint_says_so(monkeypatch, tmp_path):
    def load_model(path, *, trust):
        raise CheckpointCorrupt("sha256 differs")

    monkeypatch.setattr(modeling, "load_model", load_model)

    with pytest.raises(CheckpointCorrupt, match="sha256 differs"):
        load("m", tmp_path)


def test_what_cannot_predict_is_refused_by_name():
    with pytest.raises(ConfigurationError, match="model 'm' is a int, which has no predict"):
        load("m", 3)


def test_an_object_without_parse_gets_the_instances_as_they_came():
    adapter = load("m", Identity())

    assert adapter.parse([1, "two"]) == Block(2, [1, "two"])
    assert (adapter.version, adapter.input_schema()) == ("1", {})
    assert isinstance(Identity(), Predictor)


def test_mistakes_that_a_parse_lists_itself_are_taken_as_they_are():
    class Listing(Identity):
        calls = 0

        def parse(self, instances):
            self.calls += 1
            raise InvalidDataError("two", context={"mistakes": [{"row": 0, "column": "a", "message": "is missing"}]})

    model = Listing()

    with pytest.raises(InvalidDataError):
        ObjectAdapter(model).parse([{}, {}])
    assert model.calls == 1


def test_a_generator_of_answers_is_taken_in_full():
    class Lazy:
        def predict(self, batch):
            return (item + 1 for item in batch)

    assert predicted(ObjectAdapter(Lazy()), [1, 2]) == [2, 3]


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {}),
        ({"examples": [{"a": 1}]}, {"a": 1}),
        ({"example": {"a": 2}}, {"a": 2}),
        (
            {
                "type": "object",
                "properties": {
                    "number": {"type": "number"},
                    "whole": {"type": "integer", "minimum": 3},
                    "choice": {"enum": ["b", "c"]},
                    "text": {"type": ["string", "null"]},
                    "flag": {"type": "boolean"},
                    "given": {"type": "number", "default": 7},
                    "anything": {},
                },
            },
            {"number": 0.0, "whole": 3, "choice": "b", "text": "", "flag": False, "given": 7, "anything": None},
        ),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
    ],
)
def test_an_example_follows_the_schema(schema, expected):
    assert example(schema) == expected


def test_a_checkpoint_of_a_bare_estimator_is_served_as_it_is(tmp_path):
    info = CheckpointStore(tmp_path).save(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), step=1)

    adapter = load("m", info.path)

    assert predicted(adapter, [[3]]) == [pytest.approx(6.0)]


def test_a_parse_in_plain_python_refuses_by_what_python_raises():
    class Plain(Identity):
        def parse(self, instances):
            return [float(instance) for instance in instances]

    with pytest.raises(InvalidDataError) as raised:
        ObjectAdapter(Plain()).parse(["1", "abc", 10**400])

    assert raised.value.context["mistakes"] == [
        {"row": 1, "column": None, "message": "is refused: could not convert string to float: 'abc'"},
        {"row": 2, "column": None, "message": "is refused: int too large to convert to float"},
    ]
