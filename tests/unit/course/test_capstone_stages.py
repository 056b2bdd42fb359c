"""The stages of the capstone, held against nights that are told, not run: each names whose module is wrong."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from groundwork.course._capstone_clients import Answer
from groundwork.course._capstone_contract import CAPSTONE
from groundwork.course._capstone_expected import Model, features, figures, flights, prepared, width_by_days
from groundwork.course._capstone_source import busy_at_first, days, hangs_at_first, never_answered
from groundwork.errors import ContractBroken

KNOWN = flights()
DAYS = sorted({flight.day for flight in KNOWN.values()})
TRAIN = [number for number in KNOWN if KNOWN[number].day < DAYS[-7]]
TEST = [number for number in KNOWN if KNOWN[number].day >= DAYS[-7]]
STEPS = 39
SERVED = 35


def batches():
    chance = np.random.default_rng(3)
    orders = [chance.permutation(TRAIN).tolist() for _ in range(3)]
    return [order[start : start + 64] for order in orders for start in range(0, len(order), 64)]


BATCHES = batches()
MODEL = Model(KNOWN, TRAIN)
MODEL.learn(BATCHES)


class Told:
    """What a process has told."""

    def __init__(self, **facts):
        self.facts = {kind: each if isinstance(each, list) else [each] for kind, each in facts.items()}

    def told(self, kind):
        return self.facts.get(kind, [])

    def fact(self, kind):
        if kind not in self.facts:
            raise ContractBroken(f"the run: never told of {kind}")
        return self.facts[kind][-1]

    def wait(self, until):
        return bool(until())

    def broken(self):
        return ContractBroken("did not finish within 1 s")


class Weather:
    """What the source of the whole night was asked."""

    def __init__(self):
        twice = {*busy_at_first(), hangs_at_first()}
        self.most, self.strangers, self.turned_away = 8, 0, twice
        self.asked = Counter({path: 2 if path in twice else 1 for path in days()})
        self.holidays = Counter({"/holidays/0": 5})

    def of(self, kind):
        return self.asked if kind == "weather" else self.holidays


class Asked:
    """A server whose model is that of the night; ``answers`` may be changed."""

    def __init__(self, story):
        self.story, self.night = story, story.days
        self.status, self.shift, self.late, self.bad = 200, 0.0, 504, 500
        self.refusal = Answer(status=503, retry_after="1")

    def hold(self):
        pass

    def let_go(self):
        pass

    def terminate(self):
        pass

    def send(self, *requests, limit_s=None, **headers):
        if headers:
            answers = [Answer(status=self.late)]
        elif any(isinstance(value, str) for rows in requests for row in rows for value in row):
            answers = [Answer(status=self.bad)]
        elif len(requests[0]) == 1000:
            answers = [Answer(status=200), self.refusal]
        else:
            told = [[each + self.shift for each in MODEL.predict(rows, SERVED)] for rows in requests]
            answers = [Answer(status=self.status, body={"predictions": each}) for each in told]
        return SimpleNamespace(answers=answers, wait=lambda limit_s: answers)


def told_figures():
    predicted = MODEL.predict(features(KNOWN, TEST), STEPS)
    outcome = [KNOWN[number].delay_min for number in TEST]
    found, width = figures(outcome, predicted), width_by_days(outcome, predicted, [KNOWN[each].day for each in TEST])
    interval = {"low": found["mae"] - width / 2, "value": found["mae"], "high": found["mae"] + width / 2}
    return {"predicted": predicted, **found, **interval}


@pytest.fixture
def story(tmp_path):
    """A night in which all went well."""
    train, test = (part.tolist() for part in prepared(features(KNOWN, TRAIN), features(KNOWN, TEST)))
    steps = [{"step": step, "ids": ids} for step, ids in enumerate(BATCHES, start=1)]
    saved = [{"step": STEPS, "weight": MODEL.weights[STEPS].tolist()}]
    environment = {"findings": ["warning FLIGHTS_STATION is not set None None"], "fingerprint": {"python": "3.11"}}
    whole = Told(
        settings={
            "epochs": 3,
            "batch_size": 64,
            "learning_rate": 0.02,
            "rehearsal": False,
            "origins": ["EWR", "JFK", "LGA"],
        },
        flights={
            "ids": list(KNOWN),
            "delays": [each.delay_min for each in KNOWN.values()],
            "origins": dict(Counter(each.origin for each in KNOWN.values())),
        },
        weather={"answers": len(KNOWN)},
        result={"status": "PARTIAL_FAILURE", "errors": [], "warnings": ["holidays: 5 calls failed"]},
        split={"train": TRAIN, "test": TEST},
        scaled={"train": train, "test": test},
        batch=steps,
        saved=saved,
        figures=told_figures(),
        timed={"name": "Learner.learn", "seconds": 0.2},
        environment=environment,
    )
    resumed = Told(
        result={},
        step=[{"name": "holidays"}, {"name": "model"}, {"name": "figures"}],
        begins={"step": 15, "size": float(np.linalg.norm(MODEL.weights[15]))},
        log={"steps": [*range(1, 18), *range(16, STEPS + 1)]},
        batch=steps[15:],
        saved=saved,
    )
    told = SimpleNamespace(
        known=KNOWN,
        imported=Told(imported={}),
        judgement=judged(),
        whole=whole,
        weather=Weather(),
        steps=STEPS,
        model=MODEL,
        killed=Told(environment=environment),
        resumed=resumed,
        asked_again=0,
        limit_s=1.0,
        files_with_the_token=list,
        rows=lambda count: features(KNOWN, [TEST[nth % len(TEST)] for nth in range(count)]).tolist(),
        days=Told(
            loaded={"step": SERVED, "warnings": ["step 39: sha256 differs"]},
            changed={"lines": ["OMP_NUM_THREADS 1 -> 2"]},
            predict=[],
            ended={},
        ),
    )
    told.server = Asked(told)
    return told


def judged(trouble="", survivors=(), tests=("test_clean",)):
    run = SimpleNamespace(trouble=lambda: trouble)
    return SimpleNamespace(first=run, on_others=[run], tests=list(tests), survivors=lambda topic: list(survivors))


def failures(story):
    """Run every stage; what each says that fails."""
    found = {}
    for check in CAPSTONE:
        try:
            check.run(story, None)
        except ContractBroken as broken:
            found[check.id] = broken.message
    return found


def test_a_night_in_which_all_went_well_passes_every_stage(story):
    assert {} == failures(story)


def change(story, where, kind, **facts):
    told = getattr(story, where)
    told.facts[kind] = [{**told.fact(kind), **facts}]


MISTAKES = {
    "a module does not import": ("the_seven_come_together", "04 storage.py: raised OSError (line 3): no disk"),
    "the suite is red": ("the_suite_finds_the_planted_bug", "07 test_suite.py: test_a fails; expected every test"),
    "the suite has no tests": ("the_suite_finds_the_planted_bug", "07 test_suite.py: no test of the suite passed"),
    "the suite finds nothing": ("the_suite_finds_the_planted_bug", "07 test_suite.py: 1 of 8 modules with a planted"),
    "the file wins": ("the_settings_are_those_asked_for", "01 environment.py: the setting epochs is 9; expected 3"),
    "a flight is twice": ("no_flight_comes_twice", "02 data.py: 1009 flights, of which 1 more than once"),
    "a delay is stale": ("no_flight_comes_twice", "02 data.py: flight 1001 has a delay of 561 min; expected 61"),
    "the index miscounts": ("no_flight_comes_twice", "02 data.py: the index has {} flights by airport"),
    "a hiccup is the end": ("a_hiccup_is_asked_again", "05 resilience.py: /weather/"),
    "all at once": ("questions_are_bounded", "06 concurrency.py: at most 99 questions were open at once; expected 8"),
    "answers are lost": ("questions_are_bounded", "06 concurrency.py: 7 answers for 1008 flights"),
    "nothing is kept": ("an_answer_is_kept", "03 modeling.py: /weather/EWR/15739 was asked for 9 times"),
    "a refusal is retried": ("an_answer_is_kept", "05 resilience.py: /weather/"),
    "a day is forgotten": ("an_answer_is_kept", "03 modeling.py: /weather/EWR/15739 was never asked for"),
    "the breaker never opens": ("an_outage_is_borne", "05 resilience.py: the service that is down was asked 30 times"),
    "the run is a success": ("an_outage_is_borne", "05 resilience.py: the run ended with SUCCESS; expected PARTIAL"),
    "nobody is warned": ("an_outage_is_borne", "05 resilience.py: the run's warnings are []; expected one"),
    "a flight has no part": ("the_test_is_the_future", "02 data.py: 811 flights learn and 196 test"),
    "time is shuffled": ("the_test_is_the_future", "02 data.py: the training has flights of day"),
    "the test is small": ("the_test_is_the_future", "02 data.py: 28 of 1008 flights test"),
    "all rows are seen": ("the_test_is_not_learned_from", "03 modeling.py: the train rows, filled and scaled, are"),
    "a batch is lost": ("every_flight_is_learned_from", "02 data.py: epoch 1 has"),
    "one order for all": ("every_flight_is_learned_from", "02 data.py: two epochs have one order"),
    "rows are not their ids": ("every_flight_is_learned_from", "02 data.py: the weights are not those"),
    "another model is judged": ("the_figures_are_right", "03 modeling.py: the predictions for the test are not"),
    "r2 is a correlation": ("the_figures_are_right", "03 modeling.py: r2 is 0.5000"),
    "the interval is none": ("the_figures_are_right", "03 modeling.py: the interval is 99.0"),
    "the interval is narrow": ("the_figures_are_right", "03 modeling.py: the interval is 1.0 min wide"),
    "nothing is timed": ("the_figures_are_right", "03 modeling.py: the training was timed as wrapper"),
    "the token is not given": ("no_secret_is_left", "01 environment.py: 3 questions came without the token"),
    "the token is recorded": ("no_secret_is_left", "01 environment.py: the token stands in record.json"),
    "the token is logged": ("no_secret_is_left", "03 modeling.py: the token stands in run.log"),
    "a step runs again": ("it_goes_on_after_a_kill", "05 resilience.py: the step weather, finished before the kill"),
    "the weather is asked again": ("it_goes_on_after_a_kill", "05 resilience.py: the weather was asked for 7 more"),
    "the model is not run": ("it_goes_on_after_a_kill", "05 resilience.py: the step model, killed in the middle"),
    "it begins anew": ("it_goes_on_after_a_kill", "04 storage.py: the second half begins at step 0; expected 15"),
    "metrics are lost": ("it_goes_on_after_a_kill", "04 storage.py: the checkpoint's metrics say size None"),
    "lines are lost": ("it_goes_on_after_a_kill", "04 storage.py: the log of both halves has 24 lines"),
    "other rows follow": ("a_kill_changes_nothing", "02 data.py: step 16, after the kill, has other rows"),
    "other weights follow": ("a_kill_changes_nothing", "04 storage.py: the model of the killed night is another"),
    "the damaged is served": ("a_damaged_checkpoint_is_passed_over", "04 storage.py: step 39 is served"),
    "damage is not told": ("a_damaged_checkpoint_is_passed_over", "04 storage.py: the warnings are []"),
    "the doctor sees nothing": ("the_environment_is_recorded", "01 environment.py: the doctor's findings are []"),
    "time is in the print": ("the_environment_is_recorded", "01 environment.py: two processes of one environment"),
    "a change is not told": ("the_environment_is_recorded", "01 environment.py: the changes since the night are []"),
    "answers are another's": ("the_server_says_what_the_model_says", "06 concurrency.py: 24 of 24 clients got another"),
    "one by one": ("the_server_says_what_the_model_says", "06 concurrency.py: 24 requests that waited together made 9"),
    "a deadline is none": ("too_much_is_refused", "06 concurrency.py: a request with 0.2 s got 200"),
    "all is accepted": ("too_much_is_refused", "06 concurrency.py: 3,000 rows more than 1,024"),
    "no word of when": ("too_much_is_refused", "06 concurrency.py: the refusal has Retry-After None"),
    "a word is a number": ("too_much_is_refused", "06 concurrency.py: a row with a word in it got 200"),
    "it does not end": ("sigterm_loses_nothing", "06 concurrency.py: serve did not return after SIGTERM"),
}


def spoil(story, mistake, tmp_path):
    ids, delays = (list(story.whole.fact("flights")[name]) for name in ("ids", "delays"))
    plain = sorted(set(days()) - busy_at_first() - {hangs_at_first(), *never_answered()})
    again = [{**each} for each in story.whole.told("batch")]
    other = {"weight": [0.0] * 7}
    server, whole = story.server, story.whole
    no_disk = {"module": "storage", "error": "raised OSError", "line": 3, "detail": "no disk"}
    missed = [SimpleNamespace(breaks="C4")]
    changes = {
        "a module does not import": lambda: story.imported.facts.update(unimported=[no_disk]),
        "the suite is red": lambda: setattr(story, "judgement", judged(trouble="test_a fails")),
        "the suite has no tests": lambda: setattr(story, "judgement", judged(tests=())),
        "the suite finds nothing": lambda: setattr(story, "judgement", judged(survivors=missed)),
        "the file wins": lambda: change(story, "whole", "settings", epochs=9),
        "a flight is twice": lambda: change(story, "whole", "flights", ids=[*ids, ids[0]]),
        "a delay is stale": lambda: change(story, "whole", "flights", delays=[delays[0] + 500, *delays[1:]]),
        "the index miscounts": lambda: change(story, "whole", "flights", origins={}),
        "a hiccup is the end": lambda: story.weather.asked.update(dict.fromkeys(busy_at_first(), -1)),
        "all at once": lambda: setattr(story.weather, "most", 99),
        "answers are lost": lambda: change(story, "whole", "weather", answers=7),
        "nothing is kept": lambda: story.weather.asked.update(dict.fromkeys(plain, 8)),
        "a refusal is retried": lambda: story.weather.asked.update(dict.fromkeys(never_answered(), 3)),
        "a day is forgotten": lambda: story.weather.asked.pop(plain[0]),
        "the breaker never opens": lambda: story.weather.holidays.update({"/holidays/1": 25}),
        "the run is a success": lambda: change(story, "whole", "result", status="SUCCESS"),
        "nobody is warned": lambda: change(story, "whole", "result", warnings=[]),
        "a flight has no part": lambda: change(story, "whole", "split", train=TRAIN[1:]),
        "time is shuffled": lambda: change(story, "whole", "split", train=TEST, test=TRAIN),
        "the test is small": lambda: change(story, "whole", "split", train=[*TRAIN, *TEST[:-28]], test=TEST[-28:]),
        "all rows are seen": lambda: change(story, "whole", "scaled", train=features(KNOWN, TRAIN).tolist()),
        "a batch is lost": lambda: whole.facts["batch"].pop(3),
        "one order for all": lambda: whole.facts.update(batch=again[:13] * 3),
        "rows are not their ids": lambda: whole.facts.update(saved=[other]),
        "another model is judged": lambda: change(story, "whole", "figures", predicted=[0.0] * 196),
        "r2 is a correlation": lambda: change(story, "whole", "figures", r2=0.5),
        "the interval is none": lambda: change(story, "whole", "figures", low=99.0),
        "the interval is narrow": lambda: change(
            story, "whole", "figures", low=whole.fact("figures")["mae"] - 0.5, high=whole.fact("figures")["mae"] + 0.5
        ),
        "nothing is timed": lambda: change(story, "whole", "timed", name="wrapper"),
        "the token is not given": lambda: setattr(story.weather, "strangers", 3),
        "the token is recorded": lambda: setattr(story, "files_with_the_token", lambda: [tmp_path / "record.json"]),
        "the token is logged": lambda: setattr(story, "files_with_the_token", lambda: [tmp_path / "run.log"]),
        "a step runs again": lambda: story.resumed.facts["step"].append({"name": "weather"}),
        "the weather is asked again": lambda: setattr(story, "asked_again", 7),
        "the model is not run": lambda: story.resumed.facts.update(step=[]),
        "it begins anew": lambda: change(story, "resumed", "begins", step=0),
        "metrics are lost": lambda: change(story, "resumed", "begins", size=None),
        "lines are lost": lambda: change(story, "resumed", "log", steps=list(range(16, 40))),
        "other rows follow": lambda: story.resumed.facts.update(batch=[{**again[15], "ids": [1]}]),
        "other weights follow": lambda: story.resumed.facts.update(saved=[other]),
        "the damaged is served": lambda: change(story, "days", "loaded", step=39),
        "damage is not told": lambda: change(story, "days", "loaded", warnings=[]),
        "the doctor sees nothing": lambda: change(story, "whole", "environment", findings=[]),
        "time is in the print": lambda: change(story, "killed", "environment", fingerprint={"at": "10:49"}),
        "a change is not told": lambda: change(story, "days", "changed", lines=[]),
        "answers are another's": lambda: setattr(server, "shift", 1.0),
        "one by one": lambda: setattr(story.days, "told", told_twice()),
        "a deadline is none": lambda: setattr(server, "late", 200),
        "all is accepted": lambda: setattr(server, "refusal", Answer(status=200)),
        "no word of when": lambda: setattr(server, "refusal", Answer(status=503)),
        "a word is a number": lambda: setattr(server, "bad", 200),
        "it does not end": lambda: story.days.facts.pop("ended"),
    }
    changes[mistake]()


def told_twice():
    """Nothing at first, nine calls of the model afterwards."""
    answers = iter([[], [{}] * 9])
    return lambda kind: next(answers, [{}])


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_its_stage_and_is_told_with_the_module_it_is_in(story, mistake, tmp_path, monkeypatch):
    monkeypatch.setattr("groundwork.course._capstone_days.story_end", lambda seconds: Ended())
    spoil(story, mistake, tmp_path)
    stage, message = MISTAKES[mistake]

    with pytest.raises(ContractBroken) as broken:
        CAPSTONE[stage].run(story, None)

    assert broken.value.message.startswith(message)


class Ended:
    """An event for which nobody waits."""

    def wait(self, seconds=None):
        return True


def test_a_night_that_did_not_get_there_is_told_as_it_was(story):
    del story.whole.facts["weather"]

    with pytest.raises(ContractBroken, match="never told of weather"):
        CAPSTONE["a_hiccup_is_asked_again"].run(story, None)


def test_a_suite_that_cannot_be_collected_is_told(story):
    class Judgement:
        @property
        def first(self):
            raise ContractBroken("the suite could not be collected: its import raised SyntaxError")

    story.judgement = Judgement()

    assert failures(story) == {
        "the_suite_finds_the_planted_bug": "07 test_suite.py: the suite could not be collected: its import raised "
        "SyntaxError; expected a suite that pytest collects and runs"
    }
