import pytest

from groundwork.errors import UsageError
from groundwork.testing import Golden


def golden(folder, test="test_x", update=False):
    return Golden(folder, test, update=update)


@pytest.mark.parametrize(
    ("value", "other", "said"),
    [
        ("a\nb\n", "a\nc\n", "-b\n+c"),
        (b"\0\1", b"\0\2\3", "byte 1 differs, 3 bytes instead of 2"),
        ({"b": 1}, {"b": 2}, '+  "b": 2'),
    ],
)
def test_what_was_written_is_what_is_compared(tmp_path, value, other, said):
    golden(tmp_path, update=True)(value)

    golden(tmp_path)(value)
    with pytest.raises(AssertionError) as caught:
        golden(tmp_path)(other)

    assert said in str(caught.value)
    assert "--update-golden" in str(caught.value)


def test_without_a_file_the_test_fails(tmp_path):
    with pytest.raises(AssertionError, match=r"test_x\.txt yet; .* --update-golden"):
        golden(tmp_path)("value")

    assert list(tmp_path.iterdir()) == []


def test_parameters_and_names_make_files_of_their_own(tmp_path):
    kept = golden(tmp_path / "deep", "test_x[a/b c]", update=True)

    kept("one")
    kept("two", "second value")

    assert ["test_x-a-b-c-second-value.txt", "test_x-a-b-c.txt"] == sorted(
        p.name for p in (tmp_path / "deep").iterdir()
    )


def test_a_second_value_needs_a_name(tmp_path):
    kept = golden(tmp_path, update=True)
    kept("one")

    with pytest.raises(UsageError, match=r"compared test_x\.txt already"):
        kept("two")


def test_what_json_cannot_hold_is_refused(tmp_path):
    for value in (object(), float("nan")):
        with pytest.raises(UsageError, match="cannot be kept"):
            golden(tmp_path, update=True)(value)


def test_bytes_that_end_early_and_line_ends_alone_are_told(tmp_path):
    kept = golden(tmp_path, update=True)
    kept(b"abc")
    kept("a\r\nb")

    with pytest.raises(AssertionError, match="byte 2 differs, 2 bytes instead of 3"):
        golden(tmp_path)(b"ab")
    with pytest.raises(AssertionError, match="line ends differ"):
        golden(tmp_path)("a\nb")


def test_a_long_difference_is_cut(tmp_path):
    golden(tmp_path, update=True)("\n".join("a" * 100))

    with pytest.raises(AssertionError, match=r"and \d+ more lines"):
        golden(tmp_path)("\n".join("b" * 100))
