"""The whole job on all flights, as a user does it."""

import http.client
import json
import shutil
import signal
import sys
import time
from contextlib import contextmanager
from datetime import datetime

import polars as pl
import pytest

from groundwork.project import load_config
from groundwork.resilience import PipelineResult, PipelineStatus
from groundwork.storage import CheckpointStore

pytestmark = pytest.mark.e2e

ROWS = 336_776
QUICK = ("--set", "model.params.max_iter=10", "--set", "gates.calibration_error='<= 1'")
ONE_FLIGHT = {
    "sched_dep_time": 1730,
    "sched_arr_time": 2018,
    "carrier": "UA",
    "origin": "EWR",
    "dest": "IAH",
    "distance": 1400,
    "time_hour": "2013-12-20T22:00:00Z",
}


@pytest.fixture(scope="module")
def scores(ran, flights_csv):
    """The whole file, scored by the run's model."""
    said = ran("predict", "runs/latest", flights_csv, "scores.parquet").stdout
    assert f"{ROWS:,} rows scored" in said
    return pl.read_parquet(ran.path / "scores.parquet")


@contextmanager
def serving(folder):
    process = folder.start("serve", "runs/latest", "--port", "0")
    try:
        line = process.stdout.readline()
        assert " on http://127.0.0.1:" in line, process.communicate(timeout=60)
        process.url = line.rpartition(" ")[2].strip()
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def server(ran):
    with serving(ran) as process:
        yield process


def ask(server, method, path, instances=None):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    # What curl -d says of a body.
    headers = {"content-type": "application/x-www-form-urlencoded"}
    connection.request(method, path, json.dumps({"instances": instances}) if instances else None, headers)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, content


def not_blank(image):
    return len(image.resize((200, 200)).getcolors(40_000)) > 20


def test_the_run_succeeds_with_an_honest_figure(ran):
    result = PipelineResult.from_dict(ran.result())

    assert result.status is PipelineStatus.SUCCESS
    assert 0.66 <= result.data["evaluate"]["metrics"]["roc_auc"] <= 0.75
    assert "SUCCESS" in ran.said


def test_every_row_is_accounted_for(ran):
    load = ran.result()["data"]["load"]

    assert load["rows_in"] == ROWS
    assert [(each["rows"], each["reason"].split(":")[0]) for each in load["dropped"]] == [(9_430, "target unknown")]
    assert load["rows"] == ROWS - 9_430
    assert "9,430" in ran.said


def test_the_configuration_reads_back_as_it_ran(ran, flights):
    kept, given = load_config(ran.latest / "config.yaml"), load_config(flights)

    assert kept.to_yaml() == given.to_yaml()


def test_the_fingerprints_name_configuration_data_code_and_environment(ran):
    prints = json.loads((ran.latest / "fingerprints.json").read_text(encoding="utf-8"))

    assert {"configuration", "data", "code", "environment"} <= prints.keys()
    assert len(prints["data"]["data/flights.csv.zip"]["sha256"]) == 64


def test_the_checkpoint_verifies(ran):
    store = CheckpointStore(ran.latest / "checkpoints")

    (info,) = store.list()

    assert store.verify() == {info.step: None}
    assert info.metrics["roc_auc"] >= 0.66


def test_the_run_is_listed(ran, flights):
    table = ran("runs", flights).stdout
    (run,) = json.loads(ran("runs", "--json").stdout)

    assert (run["project"], run["status"]) == ("flights", "SUCCESS")
    assert run["id"] in table
    assert "SUCCESS" in table


def test_the_whole_file_is_scored_with_its_columns_kept(scores, flights_csv):
    header = pl.scan_csv(flights_csv).collect_schema().names()

    assert scores.height == ROWS
    assert scores.columns == [*header, "prediction", "probability"]
    assert scores["probability"].is_between(0, 1).all()


def test_a_file_is_scored_as_the_test_rows_were(ran, scores):
    begins = ran.result()["data"]["split"]["boundaries"]["boundaries"]["test"]
    test_rows = scores.filter(pl.col("arr_delay").is_not_null(), pl.col("time_hour") >= datetime.fromisoformat(begins))

    evaluated = pl.read_parquet(ran.latest / "predictions.parquet")

    in_order = test_rows.sort("time_hour", maintain_order=True)
    assert in_order["probability"].equals(evaluated["probability"])
    assert (in_order["arr_delay"] > 15).cast(pl.Int64).equals(evaluated["outcome"])


def test_the_server_answers_at_once_when_it_says_so(ran):
    with serving(ran) as server:
        ready, predicted = ask(server, "GET", "/v2/health/ready"), ask(server, "POST", "/predict", [ONE_FLIGHT])

    assert ready[0] == 200
    assert predicted[0] == 200


def test_one_flight_is_served_as_the_file_was_scored(server, scores):
    rows = scores.filter(pl.col("arr_delay").is_not_null()).gather_every(30_000)
    names = list(ONE_FLIGHT)
    instances = [{**row, "time_hour": row["time_hour"].isoformat()} for row in rows.select(names).to_dicts()]

    alone = [json.loads(ask(server, "POST", "/predict", [instance])[1])["predictions"][0] for instance in instances]
    together = json.loads(ask(server, "POST", "/predict", instances)[1])["predictions"]

    assert alone == together == rows.select("prediction", "probability").to_dicts()


def test_a_wrong_field_is_named(server):
    status, content = ask(server, "POST", "/predict", [{**ONE_FLIGHT, "distance": "far"}])

    assert status == 422
    assert "distance" in json.loads(content)["detail"]


def test_the_server_tells_its_health_and_metrics(server):
    ask(server, "POST", "/predict", [ONE_FLIGHT])

    assert ask(server, "GET", "/v2/health/live")[0] == 200
    assert json.loads(ask(server, "GET", "/v2/health/ready")[1]) == {"ready": True}
    assert json.loads(ask(server, "GET", "/v2/models/flights")[1])["name"] == "flights"
    assert 'groundwork_batch_rows_count{model="flights"}' in ask(server, "GET", "/metrics")[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_sigterm_ends_the_server_with_0(ran):
    with serving(ran) as server:
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=60)

    assert (server.returncode, errors) == (0, "")


@pytest.mark.parametrize("width", [1200, 500])
def test_the_report_opens_in_a_browser(ran, browser, width):
    image = browser.screenshot((ran.latest / "report.html").resolve().as_uri(), width, 3000)

    assert image.size == (width, 3000)
    assert not_blank(image)


def test_the_report_shows_the_headline_figures(ran, browser):
    metrics = ran.result()["data"]["evaluate"]["metrics"]

    dom = browser.dom((ran.latest / "report.html").resolve().as_uri())

    for name in ("roc_auc", "average_precision", "brier", "calibration_error"):
        assert f"{metrics[name]:.3f}" in dom, name
    assert f"{ROWS - 9_430:,}" in dom
    assert "success" in dom.lower()


def test_the_servers_page_opens_in_a_browser_with_an_example(server, browser):
    image, dom = browser.screenshot(f"{server.url}/", 1000, 800), browser.dom(f"{server.url}/")

    assert image.size == (1000, 800)
    assert not_blank(image)
    assert "sched_dep_time" in dom


def test_a_column_that_gives_the_answer_away_and_days_on_both_sides_are_reported(folder, flights):
    exclude = [name for name in load_config(flights).exclude if name != "dep_delay"]
    split = "split={kind: random, test: 0.15, validation: 0.1}"

    said = folder("run", flights, *QUICK, "--set", f"exclude=[{', '.join(exclude)}]", "--set", split).stdout

    assert "dep_delay gives the answer away" in said
    assert any("dep_delay" in warning for warning in folder.result()["warnings"])
    assert "values of day also stand in train" in said


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL on Windows")
def test_killed_while_it_trains_the_run_goes_on_and_predicts_the_same_bytes(ran, folder, flights):
    process = folder.start("run", flights)
    deadline = time.monotonic() + 120
    while not list(folder.path.glob("runs/*/journal.jsonl")) or "train" not in folder.steps_started():
        assert process.poll() is None, process.communicate(timeout=60)
        assert time.monotonic() < deadline
        time.sleep(0.1)  # another process is at work; only real time moves it on
    process.kill()
    process.communicate()
    (killed,) = json.loads(folder("runs", "--json").stdout)

    said = folder("run", flights).stdout

    started = folder.steps_started()
    assert killed["status"] == "CRASHED"
    assert "going on with" in said
    assert (started.count("train"), len(started)) == (2, len(set(started)) + 1)  # one step was begun again, no other
    expected = (ran.latest / "predictions.parquet").read_bytes()
    assert (folder.latest / "predictions.parquet").read_bytes() == expected
    shutil.rmtree(folder.path / "runs")


def test_a_truncated_source_is_replaced_by_the_flights_of_before(ran, folder, flights):
    shutil.copytree(ran.path / "runs" / "kept", folder.path / "runs" / "kept")
    shutil.copytree(flights, folder.path / "flights")
    source = folder.path / "flights" / "data" / "flights.csv.zip"
    source.write_bytes(source.read_bytes()[:1_000_000])

    said = folder("run", "flights", *QUICK).stdout

    result = folder.result()
    (served,) = result["metadata"]["served"]
    assert ("PARTIAL_FAILURE", ROWS) == (result["status"], result["metadata"]["rows"]["in"])
    assert ("load", ran.result()["metadata"]["id"]) == (served["step"], served["run"])
    assert "pipeline.yaml expects b6b5560eeae070d8" in served["why"]
    assert f"the data of run {served['run']} served instead" in said
