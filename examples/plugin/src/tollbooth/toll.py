"""What wrong predictions cost."""

from groundwork.modeling import Metric

MISSED, FALSE_ALARM = 5.0, 1.0


def toll_per_row(outcome, probability):
    """Mean cost of a row where one acts from that probability on which makes acting worth while."""
    acts = probability >= FALSE_ALARM / (FALSE_ALARM + MISSED)
    missed, alarms = (outcome == 1) & ~acts, (outcome == 0) & acts
    return (MISSED * missed.sum() + FALSE_ALARM * alarms.sum()) / len(outcome)


toll = Metric(toll_per_row, greater_is_better=False, task="classification")
