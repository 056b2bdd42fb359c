import io
import logging
import pickle
import sys
from pathlib import Path

from groundwork.resilience._log_relay import LogState, handle_here

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


def sent_while(work):
    sent = []
    try:
        with LogState({"": logging.INFO}, {}).sent_by(lambda kind, facts: sent.append((kind, facts))):
            work()
    finally:
        logging.getLogger().setLevel(logging.WARNING)
    return sent


def test_what_is_sent_is_plain_and_tells_what_the_record_did():
    [(kind, facts)] = sent_while(
        lambda: log.warning("step %s of %d", "load", 3, extra={"rows": 7, "share": 0.5, "none": None, "at": Path("a")})
    )

    assert kind == "logged"
    assert (facts["msg"], facts["args"], facts["levelname"]) == ("step load of 3", None, "WARNING")
    assert [facts[name] for name in ("rows", "share", "none", "at")] == [7, 0.5, None, repr(Path("a"))]
    assert pickle.loads(pickle.dumps(facts)) == facts
    assert "exc_info" not in facts
    assert logging.makeLogRecord(facts).getMessage() == "step load of 3"


def test_an_error_is_sent_as_text_and_as_what_a_result_tells_of_it():
    def fail():
        try:
            raise OSError("disk is full")
        except OSError:
            log.exception("step failed")

    [(_, facts)] = sent_while(fail)

    assert facts["exc_text"].startswith("Traceback")
    assert facts["exc_text"].endswith("OSError: disk is full")
    assert facts["groundwork_error"]["message"] == "disk is full"


def test_an_error_asked_for_where_there_is_none_is_not_told():
    [(_, facts)] = sent_while(lambda: log.info("fine", exc_info=sys.exc_info()))

    assert facts["exc_text"] is None
    assert "groundwork_error" not in facts


def test_a_line_that_cannot_be_sent_is_told_as_any_handler_does(capsys):
    def broken(kind, facts):
        raise BrokenPipeError("gone")

    try:
        with LogState({"": logging.INFO}, {}).sent_by(broken):
            log.info("lost words")
    finally:
        logging.getLogger().setLevel(logging.WARNING)

    told = capsys.readouterr().err
    assert "BrokenPipeError: gone" in told
    assert "Message: 'lost words'" in told


def test_a_record_from_elsewhere_goes_by_the_level_of_its_logger(caplog):
    caplog.set_level("INFO")
    log.setLevel("ERROR")
    try:
        handle_here({"name": log.name, "levelno": logging.WARNING, "msg": "not asked for"})
        handle_here({"name": log.name, "levelno": logging.ERROR, "msg": "asked for"})
    finally:
        log.setLevel(logging.NOTSET)

    assert caplog.messages == ["asked for"]
