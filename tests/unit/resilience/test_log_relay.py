import io
import logging

from groundwork.resilience._log_relay import LogState

log = logging.getLogger("tests.relay")


def test_what_a_childs_own_modules_installed_does_not_tell_twice():
    stream, sent = io.StringIO(), []
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        with LogState({"": logging.INFO}, {"run": "r1"}).sent_by(lambda kind, facts: sent.append(facts)):
            log.info("once")
        log.info("after")
    finally:
        logging.getLogger().removeHandler(handler)
        logging.getLogger().setLevel(logging.WARNING)

    assert [(facts["msg"], facts["groundwork_ids"]) for facts in sent] == [("once", {"run": "r1"})]
    assert stream.getvalue() == "after\n"
