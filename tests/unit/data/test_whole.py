"""Sizes, counts and seeds are whole numbers, or it is said which."""

import numpy as np
import pytest

from groundwork.data._whole import require_whole
from groundwork.errors import ConfigurationError


@pytest.mark.parametrize("value", [0, 3, np.int64(3), np.uint8(9)])
def test_a_whole_number_comes_back_as_pythons_own(value):
    number = require_whole("seed", value, 0, 9)

    assert (type(number), number) == (int, int(value))


@pytest.mark.parametrize("value", [-1, 10, 3.0, True, "3", None])
def test_what_is_none_in_the_range_is_named(value):
    with pytest.raises(ConfigurationError) as caught:
        require_whole("seed", value, 0, 9)

    assert caught.value.message == f"seed {value!r} is no whole number from 0 to 9"


def test_the_hint_is_a_number_that_will_do():
    with pytest.raises(ConfigurationError) as caught:
        require_whole("batch_size", 0, 1)

    assert (caught.value.message, caught.value.hint) == ("batch_size 0 is no whole number from 1", "as batch_size=1")
