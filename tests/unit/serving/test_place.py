import pickle

import pytest

from groundwork.errors import ConfigurationError, WorldError
from groundwork.serving._place import Place


def test_a_place_without_certificate_and_grpc_speaks_plain_http_alone():
    place = Place("127.0.0.1", 8000)

    assert (None, None) == (place.tls(), place.grpc_side())


def test_both_protocols_have_one_certificate(tmp_path):
    pytest.importorskip("grpc")
    place = Place("127.0.0.1", 0, grpc_port=0, tls_cert=tmp_path / "none.pem")

    with pytest.raises(ConfigurationError, match=r"none\.pem"):
        place.tls()
    with pytest.raises(WorldError, match=r"none\.pem"):
        place.grpc_side()


def test_a_place_goes_to_other_processes():
    place = Place("127.0.0.1", 8000, grpc_port=8001)

    assert place == pickle.loads(pickle.dumps(place))
