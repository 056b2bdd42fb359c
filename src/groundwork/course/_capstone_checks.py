"""The stages of the capstone up to the end of a night: modules, suite, settings, data, weather, model."""

from collections import Counter
from typing import Any

from groundwork.course._capstone_process import label_of
from groundwork.course._capstone_rules import blame, stage
from groundwork.errors import ContractBroken
from groundwork.testing import Level


@stage(
    "01",
    Level.BASIC,
    rule="The seven modules can be imported together, and have what the story takes from them.",
    why="Modules that were each tried alone may hide one another, or be named as something else.",
    hint="groundwork learn check NN of the module that is named; its README.md lists the names.",
)
def the_seven_come_together(story: Any, lab: Any) -> None:
    """In one process."""
    night = story.imported
    if problems := night.told("unimported"):
        told = [
            f"{label_of(each['module'])}: {each['error']}" + (f" (line {each['line']})" if each["line"] else "")
            + f": {each['detail']}".rstrip(": ")
            for each in problems
        ]  # fmt: skip
        raise ContractBroken("; ".join(told))
    night.fact("imported")


@stage(
    "07",
    Level.MUTATION,
    rule="Your suite passes the module that cleans for the run, and finds it broken before the run goes on with it.",
    why="A mean in the place of a median goes through every step of the night, and into every prediction.",
    hint="groundwork learn check 07 --only it_finds_wrong_cleaning --only it_finds_wrong_scaling",
    after=["the_seven_come_together"],
)
def the_suite_finds_the_planted_bug(story: Any, lab: Any) -> None:
    """Each way of cleaning and scaling wrongly, one planted after the other, in an order that nobody knows."""
    from groundwork.testing.contracts.testing import wrong

    try:
        runs, passed = [story.judgement.first, *story.judgement.on_others], story.judgement.tests
    except ContractBroken as broken:
        blame("07", broken.message, "a suite that pytest collects and runs")
    if trouble := next(filter(None, (run.trouble() for run in runs)), None):
        blame("07", trouble, "every test to pass on a module that is right")
    if not passed:
        blame("07", "no test of the suite passed", "test functions, test_...")
    for topic in ("cleaning", "scaling"):
        if missed := story.judgement.survivors(topic):
            found = f"{len(missed)} of {len(wrong()[topic])} modules with a planted bug in {topic} pass all its tests"
            blame("07", f"{found}; they break {', '.join(sorted({each.breaks for each in missed}))}", "none to pass")


@stage(
    "01",
    Level.BASIC,
    rule="The run's settings are what .env, the environment and the arguments say, the later over the earlier.",
    why="A night that trains with the batch size of a forgotten file costs a night.",
    hint="groundwork learn check 01 --only the_later_source_wins",
    after=["the_seven_come_together", "the_suite_finds_the_planted_bug"],
)
def the_settings_are_those_asked_for(story: Any, lab: Any) -> None:
    """Nine epochs, 32 rows and False in .env, 64 rows in the environment, three epochs as an argument."""
    told = story.whole.fact("settings")
    expected = {
        "epochs": 3,
        "batch_size": 64,
        "learning_rate": 0.02,
        "rehearsal": False,
        "origins": ["EWR", "JFK", "LGA"],
    }
    for name, value in expected.items():
        if told.get(name) != value:
            blame("01", f"the setting {name} is {told.get(name)!r}", repr(value))


@stage(
    "02",
    Level.BASIC,
    rule="Each flight is in the table once, as it was corrected last.",
    why="A flight that is there twice, or with the delay that was a misprint, is learned from as if it had happened.",
    hint='groundwork learn check 02, its topic deduplicate: keep="last".',
    after=["the_settings_are_those_asked_for"],
)
def no_flight_comes_twice(story: Any, lab: Any) -> None:
    """Forty of the lines were corrected by a later one."""
    told = story.whole.fact("flights")
    twice = [number for number, count in Counter(told["ids"]).items() if count > 1]
    if twice or len(told["ids"]) != len(story.known):
        found = f"{len(told['ids'])} flights, of which {len(twice)} more than once"
        blame("02", found, f"{len(story.known)}, each once")
    delays = dict(zip(told["ids"], told["delays"], strict=True))
    if stale := [number for number, delay in delays.items() if delay != story.known[number].delay_min]:
        blame(
            "02", f"flight {stale[0]} has a delay of {delays[stale[0]]:g} min", f"{story.known[stale[0]].delay_min:g}"
        )
    by_origin = dict(Counter(flight.origin for flight in story.known.values()))
    if told["origins"] != by_origin:
        blame("02", f"the index has {told['origins']} flights by airport", str(by_origin))


@stage(
    "05",
    Level.FAULT,
    rule="A question that meets a hiccup is asked again, one that hangs is cut and asked again.",
    why="A night that ends at each hiccup of a service ends every night.",
    hint="groundwork learn check 05, its topic retry.",
    after=["no_flight_comes_twice"],
)
def a_hiccup_is_asked_again(story: Any, lab: Any) -> None:
    """Twelve days are answered at the second time only, one gets no answer at first."""
    from groundwork.course._capstone_source import busy_at_first, hangs_at_first

    story.whole.fact("weather")
    asked = story.weather.of("weather")
    for path in (*sorted(busy_at_first()), hangs_at_first()):
        if asked[path] == 1 and path in story.weather.turned_away:
            blame("05", f"{path}, which was not answered, was asked for once", "twice")


@stage(
    "06",
    Level.LOAD,
    rule="The weather is asked for by eight at once, never by more.",
    why="One at a time takes the night; all at once, and the service bars us.",
    hint="groundwork learn check 06 --only a_limit_is_kept_and_used",
    after=["a_hiccup_is_asked_again"],
)
def questions_are_bounded(story: Any, lab: Any) -> None:
    """A thousand flights, counted by the service."""
    answers = story.whole.fact("weather")["answers"]
    if story.weather.most != 8:
        blame("06", f"at most {story.weather.most} questions were open at once", "8")
    if answers != len(story.known):
        blame("06", f"{answers} answers for {len(story.known)} flights", "one each")


@stage(
    "03",
    Level.EDGE,
    rule="No day's weather is asked for twice: what was answered is kept.",
    why="A thousand flights on a hundred days are nine questions of ten too many.",
    hint="groundwork learn check 03 --only tasks_compute_it_once",
    after=["questions_are_bounded"],
)
def an_answer_is_kept(story: Any, lab: Any) -> None:
    """Each is asked for by some ten flights, several of them at the same time."""
    from groundwork.course._capstone_source import busy_at_first, days, hangs_at_first, never_answered

    asked = story.weather.of("weather")
    plain = set(days()) - busy_at_first() - {hangs_at_first()} - set(never_answered())
    if again := sorted(path for path in plain if asked[path] > 1):
        blame("03", f"{again[0]} was asked for {asked[again[0]]} times, and {len(again) - 1} more", "once each")
    wanted = {f"/weather/{flight.origin}/{flight.day}" for flight in story.known.values()}
    if again := [path for path in never_answered() if asked[path] > 1]:
        blame("05", f"{again[0]}, which the service does not know, was asked for {asked[again[0]]} times", "once")
    if missed := sorted(wanted - set(asked)):
        blame("03", f"{missed[0]} was never asked for", "once")


@stage(
    "05",
    Level.FAULT,
    rule="A service that is down is not hammered: the breaker opens, the fallback serves, and the run says so.",
    why="A night that ends as a success although a part is missing is found out by the passengers.",
    hint="groundwork learn check 05, its topics breaker and pipeline.",
    after=["questions_are_bounded"],
)
def an_outage_is_borne(story: Any, lab: Any) -> None:
    """Thirty questions about holidays; after five failures no more."""
    told = story.whole.fact("result")
    if (asked := story.weather.of("holidays").total()) != 5:
        blame("05", f"the service that is down was asked {asked} times", "5, then the breaker is open")
    if told["status"] != "PARTIAL_FAILURE":
        because = f": {told['errors'][0][:80]}" if told["errors"] else ""
        blame("05", f"the run ended with {told['status']}{because}", "PARTIAL_FAILURE: a fallback served")
    if "holidays" not in str(told["warnings"]):
        blame("05", f"the run's warnings are {str(told['warnings'])[:100]}", "one about holidays")


@stage(
    "02",
    Level.BASIC,
    rule="The test is the future: no flight of its days, or after them, is learned from.",
    why="A bad day is bad for all of its flights; whoever learns from one of them knows the others.",
    hint='groundwork learn check 02, its topic split: kind="time".',
    after=["an_outage_is_borne"],
)
def the_test_is_the_future(story: Any, lab: Any) -> None:
    """Some two hundred of a thousand flights, whole days."""
    told = story.whole.fact("split")
    train, test = told["train"], told["test"]
    if sorted([*train, *test]) != sorted(story.known):
        blame("02", f"{len(train)} flights learn and {len(test)} test", f"all {len(story.known)}, each once")
    last, first = max(story.known[each].day for each in train), min(story.known[each].day for each in test)
    if last >= first:
        blame("02", f"the training has flights of day {last}, the test begins on day {first}", "the test to be later")
    if not 170 <= len(test) <= 235:
        blame("02", f"{len(test)} of {len(story.known)} flights test", "a fifth, in whole days")


@stage(
    "03",
    Level.BASIC,
    rule="Gaps are filled and columns scaled as learned from the training's rows alone.",
    why="A mean that has seen the test is the future in the model's hands.",
    hint="groundwork learn check 03 --only the_test_is_not_learned_from",
    after=["the_test_is_the_future"],
)
def the_test_is_not_learned_from(story: Any, lab: Any) -> None:
    """Compared with what was calculated from the raw data."""
    from groundwork.course._capstone_expected import close, features, prepared

    told, parts = story.whole.fact("scaled"), story.whole.fact("split")
    train, test = (features(story.known, parts[name]) for name in ("train", "test"))
    for name, expected in zip(("train", "test"), prepared(train, test), strict=True):
        if not close(told[name], expected):
            blame("03", f"the {name} rows, filled and scaled, are others", "median and deviation of the training rows")


@stage(
    "02",
    Level.EDGE,
    rule="Each flight is learned from once an epoch, in another order each time.",
    why="Rows that no batch has are never learned, and nobody misses them.",
    hint="groundwork learn check 02, its topic batches.",
    after=["the_test_is_not_learned_from"],
)
def every_flight_is_learned_from(story: Any, lab: Any) -> None:
    """Three epochs, and the model that follows from their batches."""
    from groundwork.course._capstone_expected import close

    train, batches = story.whole.fact("split")["train"], [each["ids"] for each in story.whole.told("batch")]
    length = story.steps // 3
    epochs = [[number for batch in batches[start : start + length] for number in batch] for start in _starts(story)]
    for nth, epoch in enumerate(epochs, start=1):
        if sorted(epoch) != sorted(train):
            missing = len(set(train) - set(epoch))
            found = f"epoch {nth} has {len(epoch)} rows, {missing} of {len(train)} flights are missing"
            blame("02", found, "each flight once")
    if epochs[0] == epochs[1]:
        blame("02", "two epochs have one order", "a new one each")
    saved = story.whole.fact("saved")
    if not close(saved["weight"], story.model.weights[story.steps]):
        blame("02", "the weights are not those that these batches give", "the rows of a batch to be those of its ids")


def _starts(story: Any) -> range:
    length = story.steps // 3
    return range(0, 3 * length, length)


@stage(
    "03",
    Level.BASIC,
    rule="The figures are those of the test days, with an interval that draws whole days.",
    why="An interval over single flights promises more than 200 flights on seven days can hold.",
    hint="groundwork learn check 03, its topic evaluation.",
    after=["every_flight_is_learned_from"],
)
def the_figures_are_right(story: Any, lab: Any) -> None:
    """Calculated again from the raw data."""
    from groundwork.course._capstone_expected import close, features, figures, width_by_days

    told, test = story.whole.fact("figures"), story.whole.fact("split")["test"]
    predicted = story.model.predict(features(story.known, test), story.steps)
    if not close(told["predicted"], predicted):
        blame("03", "the predictions for the test are not those of the model", "those of the last checkpoint")
    outcome = [story.known[number].delay_min for number in test]
    for name, value in figures(outcome, predicted).items():
        if not close(told[name], value):
            blame("03", f"{name} is {told[name]:.4f}", f"{value:.4f}")
    width = width_by_days(outcome, predicted, [story.known[number].day for number in test])
    if not told["low"] <= told["value"] <= told["high"] or not close(told["value"], told["mae"]):
        blame("03", f"the interval is {told['low']:.1f}, {told['value']:.1f}, {told['high']:.1f}", "low, mae, high")
    if not 0.8 * width <= told["high"] - told["low"] <= 1.5 * width:
        blame("03", f"the interval is {told['high'] - told['low']:.1f} min wide", f"about {width:.1f}: days are drawn")
    timed = story.whole.fact("timed")
    if not str(timed["name"]).endswith("learn") or not 0 < timed["seconds"] < 60:
        blame("03", f"the training was timed as {timed['name']}, {timed['seconds']:.3g} s", "its name and its seconds")


@stage(
    "01",
    Level.FAULT,
    rule="No file of the run has the service's token in it.",
    why="A record is kept for years and shown to whoever asks; a token in it opens the service to them.",
    hint="groundwork learn check 01 --only a_secret_is_never_shown; of a log: 03, a_secret_is_not_logged.",
    after=["an_outage_is_borne"],
)
def no_secret_is_left(story: Any, lab: Any) -> None:
    """Searched for in all of them, and in what was printed."""
    story.whole.fact("result")
    if story.weather.strangers:
        blame("01", f"{story.weather.strangers} questions came without the token of .env", "Secret.reveal() to give it")
    if found := story.files_with_the_token():
        names = sorted({path.name for path in found})
        logged = all(name == "run.log" for name in names)
        blame("03" if logged else "01", f"the token stands in {', '.join(names)}", "it to be masked")
