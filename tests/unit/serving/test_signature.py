import pytest

from groundwork.serving._signature import misfit_of


def columns(required=(), **types):
    return {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in types.items()},
        "required": list(required),
        "additionalProperties": False,
    }


def values(least, most, kind="number"):
    return {"type": "array", "items": {"type": kind}, "minItems": least, "maxItems": most}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (columns(a="number"), columns(a="number"), ""),
        (columns(a="integer"), columns(a="number"), ""),
        (columns(a=["number", "null"]), columns(["a"], a="number"), ""),
        (columns(a="number"), columns(a="number", b="string"), ""),
        (columns(a="number", b="number"), {"type": "object", "properties": {"a": {}}}, ""),
        (columns(a="number"), {}, ""),
        ({}, values(2, 2), ""),
        ({"type": "object"}, columns(["a"], a="number"), ""),
        (columns(a="number"), columns(a="integer"), "the column 'a' was number and is integer"),
        (columns(a="string"), columns(a="number"), "the column 'a' was string and is number"),
        (columns(a="number"), columns(["b"], a="number", b="number"), "the column 'b' is new and has to be sent"),
        (columns(a="number", b="number"), columns(a="number"), "the column 'b' is gone"),
        (columns(a="number"), values(1, 1), "an instance was object and is array"),
        (values(3, 3), values(3, 3), ""),
        (values(3, 3), values(0, 9), ""),
        (values(3, 3), values(2, 2), "an instance had 3 values and has 2"),
        ({"type": "array"}, values(2, 2), "an instance had 0 or more values and has 2"),
        (values(2, 2, "string"), values(2, 2), "a value of an instance was string and is number"),
    ],
)
def test_rows_of_the_old_model_fit_the_new_or_it_is_said_why_not(old, new, expected):
    assert misfit_of(old, new) == expected
