from groundwork.modeling import Metric, register


def gap(outcome, prediction):
    return abs(outcome - prediction)


def test_a_metric_computes_what_its_function_does():
    assert Metric(gap, greater_is_better=False)(3, 1) == 2


def test_a_metric_whose_function_is_defined_anew_may_be_registered_anew(forgotten):
    assert register("metric", "gap", Metric(gap)) == Metric(gap)
    assert register("metric", "gap", Metric(gap, task="regression")).task == "regression"
