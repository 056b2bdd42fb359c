"""Steps of plugins: between groundwork's own, with what they ask for, or refused before anything runs."""

import pytest

from groundwork.environment._plugin_kinds import KINDS
from groundwork.errors import ConfigurationError
from groundwork.modeling import register
from groundwork.project import STEP_NAMES, Job, load_config
from groundwork.project._plugin_steps import plugin_step, step_order
from groundwork.project._run import STEPS

pytestmark = pytest.mark.usefixtures("forgotten")

PIPELINE = """
name: small
source: {path: rows.csv}
target: late
split: {kind: random}
model: {estimator: sklearn.linear_model.LogisticRegression}
extra_steps:
"""


@pytest.fixture
def config(tmp_path):
    def load(steps):
        (tmp_path / "pipeline.yaml").write_text(PIPELINE + steps, encoding="utf-8")
        return load_config(tmp_path)

    return load


def card(job, evaluate, *, title="Model"):
    return {"title": title, "of": job.run_id, "figures": evaluate["metrics"]}


def told(config, steps):
    with pytest.raises(ConfigurationError) as caught:
        config(steps)
    (mistake,) = caught.value.context["mistakes"]
    return mistake


def test_steps_run_after_the_one_that_they_name_in_the_order_of_the_file(config):
    for name in ("card", "upload", "look"):
        register("step", name, lambda job: None)

    read = config("  upload: {}\n  look: {after: load}\n  card: {after: load, optional: true, timeout_s: 5}\n")

    order = ["environment", "load", "look", "card", "split", "profile", "train", "evaluate", "checkpoint", "upload"]
    assert order == list(step_order(read))
    assert (read.policy("card").timeout_s, read.policy("card").optional, read.policy("load").optional) == (
        5,
        True,
        False,
    )


def test_a_step_is_given_the_job_what_earlier_steps_made_and_its_params(config, tmp_path):
    register("step", "card", card)
    job = Job(config("  card: {params: {title: Late}}\n"), tmp_path, "run-1")

    made = plugin_step(job, "card")(evaluate={"metrics": {"r2": 1.0}})

    assert made == {"title": "Late", "of": "run-1", "figures": {"r2": 1.0}}


def test_a_step_that_nobody_has_is_a_mistake(config):
    register("step", "card", card)

    mistake = told(config, "  crad: {}\n")

    assert mistake["path"] == "extra_steps.crad"
    assert (mistake["message"], mistake["suggestion"]) == ("there is no step 'crad'; there is card", "card")


@pytest.mark.parametrize(
    ("step", "text", "place", "message"),
    [
        (card, "card: {after: load}", "card", "asks for the output of evaluate, which runs later; say after: evaluate"),
        (card, "card: {params: {titel: x}}", "card.params.titel", "step 'card' has no parameter 'titel'"),
        (lambda job, colour: None, "card: {}", "card", "step 'card' asks for 'colour'; give it in params"),
        (min, "card: {}", "card", "does not say what it takes"),
    ],
)
def test_a_step_that_could_not_be_called_is_a_mistake(config, step, text, place, message):
    register("step", "card", step)

    mistake = told(config, f"  {text}\n")

    assert (mistake["path"], message in mistake["message"]) == (f"extra_steps.{place}", True)


@pytest.mark.parametrize("text", ["card: {after: gates}", "card: {fallback: previous}"])
def test_a_place_or_policy_that_there_is_not_is_a_mistake(config, text):
    register("step", "card", card)

    assert told(config, f"  {text}\n")["path"].startswith("extra_steps.card.")


def test_a_step_may_take_any_parameter_and_have_defaults(config):
    def open_to_all(job, train, colour="red", **more):
        return None

    register("step", "card", open_to_all)

    assert config("  card: {params: {shape: round}}\n").extra_steps["card"].params == {"shape": "round"}


def test_no_plugin_can_have_the_name_of_a_step_of_groundwork():
    assert {*STEP_NAMES, "gates"} == KINDS["step"].built_in
    assert list(STEPS) == list(STEP_NAMES)
