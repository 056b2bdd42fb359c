import asyncio
import io
import json
import logging
import os
import stat
import threading

import pytest

from groundwork.errors import ConfigurationError, InvalidDataError
from groundwork.resilience import JsonFormatter, Pipeline, Step, configure_logging, log_context, log_events

log = logging.getLogger("tests.user")


@pytest.fixture
def lines():
    """Logs as JSON while the test runs; a function that returns what was logged."""
    stream = io.StringIO()
    with configure_logging("DEBUG", to=stream):
        yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def log_here(load=None):
    log.info("here", extra={"rows": 3})


def log_in_child():
    log.info("from the child")
    log.debug("details")
    thread = threading.Thread(target=lambda: log.warning("from its thread"))
    thread.start()
    thread.join()
    with log_context(batch="7"):
        try:
            raise InvalidDataError("bad row", context={"row": 3, "odd": threading.Lock()})
        except InvalidDataError:
            log.exception("row failed", extra={"lock": threading.Lock()})


class OddArgument:
    def __str__(self):
        raise RuntimeError("cannot say")


def log_oddly():
    log.info("%s", OddArgument())


class TestLine:
    def test_every_line_is_json_also_for_what_is_no_number(self, lines):
        log.info("loss", extra={"loss": float("nan"), "all": {"best": float("-inf")}})

        def refuse(name):
            raise ValueError(name)

        (line,) = lines()
        assert json.loads(json.dumps(line), parse_constant=refuse)["loss"] == "nan"
        assert line["all"] == "{'best': -inf}"

    def test_arguments_that_do_not_fit_their_format_are_told_beside_it(self):
        unfit = logging.makeLogRecord({"msg": "%d rows", "args": ("x",)})
        odd = logging.makeLogRecord({"msg": OddArgument(), "pathname": "work.py", "lineno": 7})

        first, second = (json.loads(JsonFormatter().format(record)) for record in (unfit, odd))

        assert first["message"] == "%d rows ('x',)"
        assert second["message"] == "a message that cannot be told, of work.py:7"

    def test_an_extra_whose_name_is_taken_is_told_beside_it(self, lines):
        with log_context(run="r1"):
            log.info("here", extra={"level": "mine", "time": 5, "run": "r9"})

        (line,) = lines()
        assert [line[name] for name in ("level", "level_", "time_", "run", "run_")] == ["INFO", "mine", 5, "r1", "r9"]

    @pytest.mark.parametrize("form", ["json", "text"])
    def test_an_id_may_be_a_number(self, form):
        stream = io.StringIO()

        with configure_logging(format=form, to=stream), log_context(batch=7):
            log.info("here")

        assert ('"batch": "7"' if form == "json" else " 7 here") in stream.getvalue()

    def test_a_line_is_one_object_with_time_level_logger_and_message(self, lines):
        log.info("loaded %d rows\nof two", 3)

        (line,) = lines()
        assert {name: line[name] for name in ("level", "logger", "message")} == {
            "level": "INFO",
            "logger": "tests.user",
            "message": "loaded 3 rows\nof two",
        }
        assert line["time"].endswith("Z")

    def test_extras_are_fields_and_odd_ones_appear_in_words(self, lines):
        log.info("x", extra={"rows": 3, "where": {1, 2}, "keys": {(1, 2): 3}})

        (line,) = lines()
        assert (line["rows"], line["where"], line["keys"]) == (3, "{1, 2}", "{(1, 2): 3}")

    def test_an_extra_cannot_pass_for_the_run(self, lines):
        with log_context(run="r1"):
            log.info("x", extra={"run": "other", "level": "none"})

        assert (lines()[0]["run"], lines()[0]["level"]) == ("r1", "INFO")

    def test_an_error_is_told_with_its_causes_and_traceback(self, lines):
        try:
            raise InvalidDataError("bad row", hint="look at it") from ValueError("worse")
        except InvalidDataError:
            log.exception("failed")

        error = lines()[0]["error"]
        assert (error["type"], error["hint"], error["cause"]["message"]) == ("InvalidDataError", "look at it", "worse")
        assert "Traceback" in error["traceback"]

    def test_text_is_a_line_for_people(self):
        stream = io.StringIO()
        with configure_logging("INFO", format="text", to=stream), log_context(run="r1", step="load"):
            log.warning("slow")
            try:
                raise ValueError("no")
            except ValueError:
                log.exception("failed")

        first, second, *rest = stream.getvalue().splitlines()
        assert first.endswith("Z WARNING r1/load slow")
        assert second.endswith("Z ERROR   r1/load failed")
        assert rest[-1] == "ValueError: no"


class TestConfiguring:
    def test_closing_restores_what_was_before(self):
        root = logging.getLogger()
        before = (list(root.handlers), root.level)

        setup = configure_logging("ERROR", to=io.StringIO())
        during = (len(root.handlers), root.level)
        setup.close()
        setup.close()

        assert during == (len(before[0]) + 1, logging.ERROR)
        assert (list(root.handlers), root.level) == before

    @pytest.mark.parametrize("options", [{"level": "LOUD"}, {"level": "NOTSET"}, {"format": "xml"}])
    def test_what_does_not_exist_is_refused(self, options):
        with pytest.raises(ConfigurationError, match="does not exist"):
            configure_logging(**options)

    def test_standard_error_is_where_it_goes_by_itself(self, capsys):
        with configure_logging("info"):
            log.info("hello")

        assert json.loads(capsys.readouterr().err)["message"] == "hello"

    def test_a_file_is_appended_to_a_line_at_a_time(self, tmp_path):
        path = tmp_path / "log.jsonl"
        path.write_text('{"message": "before"}\n')
        with configure_logging("INFO", to=path):
            log.info("w\u00fc")
            log.info("again")

        assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == [
            "before",
            "w\u00fc",
            "again",
        ]

    def test_the_same_file_again_replaces_what_was_there(self, tmp_path):
        path = tmp_path / "log.jsonl"

        with configure_logging("INFO", to=path) as first, configure_logging("INFO", to=str(path)):
            log.info("once")
            first.close()
            log.info("and on")

        assert [json.loads(line)["message"] for line in path.read_text().splitlines()] == ["once", "and on"]

    def test_closed_in_any_order_they_leave_the_level_that_was_there(self):
        root = logging.getLogger()
        before = (root.level, list(root.handlers))

        first = configure_logging("DEBUG", to=io.StringIO())
        second = configure_logging("ERROR", to=io.StringIO())
        first.close()
        between = root.level
        second.close()
        second.close()

        assert between == logging.ERROR
        assert (root.level, root.handlers) == before

    def test_the_level_is_that_of_the_latest_still_open(self):
        with configure_logging("DEBUG", to=io.StringIO()):
            with configure_logging("ERROR", to=io.StringIO()):
                assert logging.getLogger().level == logging.ERROR
            assert logging.getLogger().level == logging.DEBUG

    def test_a_place_that_cannot_be_written_is_told(self, tmp_path):
        with pytest.raises(ConfigurationError, match=r"cannot be opened: .*No such file") as refused:
            configure_logging(to=tmp_path / "nowhere" / "log.jsonl")
        with pytest.raises(ConfigurationError, match="a log cannot go to 5; give a path or a text stream"):
            configure_logging(to=5)

        assert refused.value.hint == "make its folder first, or give another file"

    @pytest.mark.parametrize(("form", "line"), [("json", '"message": "w\\udcff"'), ("text", "w\\udcff")])
    def test_a_name_that_is_no_text_is_written_all_the_same(self, tmp_path, form, line):
        path = tmp_path / "log.jsonl"
        record = logging.makeLogRecord({"msg": "w\udcff"})

        with configure_logging("INFO", format=form, to=path) as setup:
            # Straight to the handler: pytest's own capture cannot carry such text between processes.
            setup._handler.emit(record)

        assert line in path.read_text()

    def test_a_file_that_cannot_be_written_does_not_stop_the_work(self, tmp_path, capsys):
        setup = configure_logging("INFO", to=tmp_path / "log.jsonl")
        setup._handler.close()

        log.info("lost")
        setup.close()

        assert "Logging error" in capsys.readouterr().err


class TestIds:
    def test_contexts_add_to_one_another_and_end(self, lines):
        with log_context(run="r1"):
            with log_context(step="load") as inner:
                log.info("inside")
            log.info("between")
        log.info("outside")

        ids = [{name: line[name] for name in ("run", "step") if name in line} for line in lines()]
        assert ids == [{"run": "r1", "step": "load"}, {"run": "r1"}, {}]
        assert inner.ids == {"run": "r1", "step": "load"}

    def test_records_of_a_step_carry_run_and_step(self, lines):
        Pipeline([Step("load", log_here), Step("use", log_here)], observers=[log_events], run_id="r1").run()

        ids = [(line["message"], line.get("run"), line.get("step")) for line in lines() if line["message"] == "here"]
        assert ids == [("here", "r1", "load"), ("here", "r1", "use")]
        assert {line["run"] for line in lines()} == {"r1"}

    def test_coroutines_and_threads_of_a_run_carry_them_too(self, lines):
        async def log_async():
            await asyncio.to_thread(log.info, "in a thread")
            await asyncio.create_task(log_later())

        async def log_later():
            log.info("in a task")

        steps = [Step("one", log_async), Step("two", log_here), Step("three", log_async)]
        Pipeline(steps, run_id="sync").run()
        asyncio.run(Pipeline(steps, run_id="async").run_async())

        assert [(line["run"], line["step"]) for line in lines() if line["logger"] == "tests.user"] == [
            (run, step) for run in ("sync", "async") for step in ("one", "one", "two", "three", "three")
        ]

    def test_a_thread_that_a_step_started_takes_its_ids(self, lines):
        def start():
            thread = threading.Thread(target=log_here)
            thread.start()
            thread.join()

        Pipeline([Step("load", start)], run_id="r1").run()

        assert [(line["run"], line["step"]) for line in lines()] == [("r1", "load")]

    def test_a_thread_of_its_own_takes_only_what_all_runs_agree_on(self, lines):
        def within(ids, inside, go_on):
            with log_context(**ids):
                inside.wait()
                go_on.wait()

        inside, go_on = threading.Barrier(3), threading.Event()
        all_ids = [{"host": "h", "run": "r1"}, {"host": "h", "run": "r2"}]
        threads = [threading.Thread(target=within, args=(ids, inside, go_on)) for ids in all_ids]
        for thread in threads:
            thread.start()
        inside.wait()
        log.info("main")
        go_on.set()
        for thread in threads:
            thread.join()

        (line,) = lines()
        assert (line["host"], "run" in line) == ("h", False)


class TestChild:
    def test_what_a_step_in_its_own_process_logs_is_handled_here(self, lines):
        Pipeline([Step("load", log_in_child, timeout_s=60)], run_id="r1").run()

        told = lines()
        assert [line["message"] for line in told] == ["from the child", "details", "from its thread", "row failed"]
        assert {(line["run"], line["step"]) for line in told} == {("r1", "load")}
        assert told[3]["batch"] == "7"
        assert (told[3]["error"]["type"], told[3]["error"]["context"]["row"]) == ("InvalidDataError", 3)
        assert "Traceback" in told[3]["error"]["traceback"]

    def test_levels_hold_in_the_child(self, lines):
        logging.getLogger("tests.user").setLevel("WARNING")
        try:
            Pipeline([Step("load", log_in_child, timeout_s=60)]).run()
        finally:
            logging.getLogger("tests.user").setLevel("NOTSET")

        assert [line["message"] for line in lines()] == ["from its thread", "row failed"]

    def test_a_record_that_cannot_be_said_does_not_fail_the_step(self, lines):
        result = Pipeline([Step("load", log_oddly, timeout_s=60)]).run()

        assert result.ok
        assert [line["message"][:4] for line in lines()] == ["%s ("]


class TestErrorsOfRecords:
    @pytest.fixture
    def formatted(self):
        def of(form, **facts):
            stream = io.StringIO()
            with configure_logging("INFO", format=form, to=stream) as setup:
                # Straight to the handler: pytest's own would write the traceback into the record first.
                setup._handler.emit(logging.makeLogRecord({"msg": "failed", "levelname": "ERROR", **facts}))
            return stream.getvalue()

        return of

    @pytest.fixture
    def failure(self):
        try:
            raise ValueError("no")
        except ValueError as error:
            return type(error), error, error.__traceback__

    def test_a_traceback_that_came_as_text_is_told(self, formatted):
        assert formatted("text", exc_text="Traceback: elsewhere").endswith("failed\nTraceback: elsewhere\n")

    def test_a_traceback_as_text_is_told_with_the_error_that_came_with_it(self, formatted):
        line = json.loads(formatted("json", exc_text="elsewhere", groundwork_error={"message": "no"}))

        assert line["error"] == {"message": "no", "traceback": "elsewhere"}

    def test_an_error_that_came_without_a_traceback_has_none(self, formatted):
        assert json.loads(formatted("json", groundwork_error={"message": "no"}))["error"] == {"message": "no"}

    def test_the_traceback_is_that_of_the_record(self, formatted, failure):
        assert "ValueError: no" in formatted("text", exc_info=failure)
        assert json.loads(formatted("json", exc_info=failure))["error"]["traceback"].endswith("ValueError: no")

    def test_an_error_asked_for_where_there_is_none_is_not_told(self, formatted):
        assert "error" not in json.loads(formatted("json", exc_info=(None, None, None)))

    def test_text_that_another_handler_has_formatted_is_taken(self, formatted, failure):
        line = json.loads(formatted("json", exc_info=failure, exc_text="formatted once"))

        assert line["error"]["traceback"] == "formatted once"


def test_two_files_get_every_line(tmp_path):
    paths = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]

    with configure_logging("INFO", to=paths[0]), configure_logging("INFO", to=paths[1]):
        log.info("both")

    assert [json.loads(path.read_text())["message"] for path in paths] == ["both", "both"]


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no such modes")
def test_a_log_is_no_program(tmp_path):
    before = os.umask(0o022)
    try:
        configure_logging("INFO", to=tmp_path / "log.jsonl").close()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "log.jsonl").stat().st_mode) == 0o644


def test_what_a_log_could_not_take_is_told_on_standard_error(tmp_path, capsys):
    setup = configure_logging("INFO", to=tmp_path / "log.jsonl")
    setup._handler.close()

    log.info("lost words")
    setup.close()

    assert "Message: 'lost words'" in capsys.readouterr().err
