import io
import json
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from groundwork.testing import unpicklings


def test_what_a_pickle_asks_for_is_seen_however_it_is_read():
    objects = np.array([OrderedDict()], dtype=object)
    buffer = io.BytesIO()
    np.save(buffer, objects, allow_pickle=True)
    buffer.seek(0)

    with unpicklings() as seen:
        pickle.loads(pickle.dumps(OrderedDict()))
        np.load(buffer, allow_pickle=True)

    assert seen.count("collections.OrderedDict") == 2


def test_reading_without_pickles_is_not_reported():
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    buffer.seek(0)

    with unpicklings() as seen:
        json.loads("{}")
        np.load(buffer)

    assert seen == []


def test_nothing_is_recorded_after_the_block_also_when_it_raised():
    with pytest.raises(RuntimeError), unpicklings() as seen:
        raise RuntimeError

    pickle.loads(pickle.dumps(OrderedDict()))

    assert seen == []
