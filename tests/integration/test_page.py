"""The page in a real browser: what a person does with it, by mouse, by keyboard, in the dark and on a phone."""

import asyncio
import json
import shutil
import sys
import urllib.request
from contextlib import nullcontext
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the helpers are no part of the package
import chromium
from sight_server import serving

pytestmark = pytest.mark.e2e

KEY = "k" * 20
TAKEN = "document.querySelector('#answer').textContent"


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium to open the page in")
    with chromium.browser(program, tmp_path_factory.mktemp("browser")) as address:
        yield address


@pytest.fixture(scope="module")
def served():
    with serving() as url:
        yield url


@pytest.fixture
def visit(browser, served):
    """``visit(talk)``: open the page of a server and return what ``talk(tab, url)`` returns.

    With options it is a server of its own.
    """

    def run(talk, **options):
        async def main(url):
            async with chromium.tab(browser, f"{url}/") as tab:
                return await talk(tab, url)

        with serving(**options) if options else nullcontext(served) as url:
            return asyncio.run(main(url))

    return run


def predict(url, times=20):
    body = json.dumps({"instances": [{"x": 1, "kind": "a"}] * 4}).encode()
    for _ in range(times):
        urllib.request.urlopen(f"{url}/predict?model=table", body, timeout=60).close()


def test_the_form_is_filled_in_from_the_schema_and_its_row_is_predicted(visit):
    async def talk(tab, url):
        fields = await tab.js("[...document.querySelectorAll('.field')].map(f => f.querySelector('label').textContent)")
        note = await tab.js("document.getElementById('field-note').disabled")
        await tab.js("document.getElementById('field-x').value = '21'; document.getElementById('ask').click()")
        shown = await tab.until(TAKEN)
        sent = await tab.js("document.getElementById('curl').textContent")
        return fields, note, shown, sent, await tab.js("document.getElementById('took').textContent")

    fields, note, shown, sent, took = visit(talk)

    assert fields == ["x", "kind", "note", "loud", "tags", "count"]
    assert note is True
    assert shown == "double42kindbtable, version 3"
    row = '{"instances":[{"x":21,"kind":"b","note":null,"loud":true,"tags":["one","two"],"count":3}]}'
    assert row in sent
    assert took.startswith("200 in ")


ODD = [
    ({}, {"free": [1, {"deep": None}]}),
    ({"type": "object"}, {}),
    ({"type": "number"}, 3.5),
    ({"type": "string"}, "plain"),
    ({"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3}, [1, None, -0.5]),
    ({"type": "array", "items": {"type": ["number", "null"]}}, [1, None, 2]),
    ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, [[1, 2], [3, 4]]),
    ({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "number"}}}}, {"a": [1, 2.5]}),
    ({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "object"}}}}, {"a": [{"b": 1}]}),
    ({"type": "object", "properties": {"a": {"type": ["number", "string", "null"]}}}, {"a": "word"}),
    ({"type": "object", "properties": {"a": {"type": ["string", "number"]}}}, {"a": "007"}),
    ({"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}}, {"a": None}),
    ({"type": "object", "properties": {"a": {"enum": [1, "1", None]}, "b": {"const": 5}}}, {"a": "1", "b": 5}),
    ({"type": "object", "properties": {"a": {"enum": ["x", "y"]}, "b": {"type": "boolean"}}}, {"b": False}),
    ({"type": "object", "properties": {'<"&>/~': {"type": "string"}}}, {'<"&>/~': "</script>"}),
    ({"type": "object", "properties": {"a": {}}}, {"a": {"any": 1}}),
    ({"type": "object", "properties": {"a": {}}}, {"a": "text"}),
]


def test_the_form_of_any_schema_gives_back_its_example(visit):
    async def talk(tab, url):
        given = json.dumps(ODD).replace("<", "\\u003c")
        back = "formOf(schema, example)"
        return await tab.js(
            f"({given}).map(([schema, example]) => {{ const made = {back};"
            "return JSON.stringify(made.row(made.fields.map((each) => [each.key, each.value()]))); })"
        )

    assert [json.loads(each) for each in visit(talk)] == [example for _, example in ODD]


def test_a_mistake_is_told_at_its_field_and_goes_when_it_is_mended(visit):
    async def talk(tab, url):
        await tab.js("document.getElementById('field-x').value = 'abc'; document.getElementById('ask').click()")
        told = await tab.until("document.getElementById('field-x-error').textContent")
        focused = await tab.js("document.activeElement.id + ' ' + document.activeElement.ariaInvalid")
        await tab.js("document.getElementById('field-x').value = '1'; document.getElementById('ask').click()")
        await tab.until(TAKEN + ".includes('double')")
        return told, focused, await tab.js("document.querySelectorAll('[aria-invalid]').length")

    assert visit(talk) == ("'abc' is not a number", "field-x true", 0)


def test_another_model_and_another_version_are_asked(visit):
    async def talk(tab, url):
        await tab.js("const v = document.getElementById('version'); v.selectedIndex = 1; v.onchange()")
        await tab.js("document.getElementById('ask').click()")
        version = await tab.until(TAKEN)
        await tab.js("const m = document.getElementById('model'); m.value = 'risk'; m.onchange()")
        fields = await tab.js("document.querySelectorAll('.field').length")
        await tab.js("document.getElementById('ask').click()")
        return version, fields, await tab.until(TAKEN)

    version, fields, risk = visit(talk)

    assert version.endswith("table, version 4")
    assert fields == 3
    assert risk.endswith("risk, version 1")


def test_json_and_form_show_the_same_row(visit):
    async def talk(tab, url):
        await tab.js("document.getElementById('field-x').value = '7'; document.querySelector('[value=json]').click()")
        written = json.loads(await tab.js("document.getElementById('body').value"))
        written["instances"][0]["x"] = 8
        await tab.js(f"document.getElementById('body').value = {json.dumps(json.dumps(written))}")
        await tab.js("document.querySelector('[value=form]').click()")
        x = await tab.js("document.getElementById('field-x').value")
        await tab.js("document.querySelector('[value=json]').click(); document.getElementById('body').value = '{'")
        await tab.js("document.getElementById('ask').click()")
        return written["instances"][0]["x"], x, await tab.until(TAKEN)

    written, x, refused = visit(talk)

    assert (written, x) == (8, "8")
    assert "cannot be read" in refused


def test_the_keyboard_is_enough(visit):
    async def talk(tab, url):
        await tab.js("document.getElementById('field-x').focus(); document.getElementById('field-x').select()")
        await tab.type("4")
        await tab.press("Enter", 13, "\r")
        shown = await tab.until(TAKEN)
        await tab.js("document.activeElement.blur()")
        reached = set()
        for _ in range(30):
            await tab.press("Tab", 9)
            reached.add(await tab.js("document.activeElement.id || document.activeElement.textContent"))
        return shown, reached

    shown, reached = visit(talk)

    assert shown.startswith("double8")
    assert {"Skip to the form", "pause", "model", "version", "field-x", "field-kind", "ask", "reset"} <= reached


def test_every_control_and_chart_has_a_name(visit):
    async def talk(tab, url):
        await tab.call("Accessibility.enable")
        nodes = (await tab.call("Accessibility.getFullAXTree"))["nodes"]
        asked = {"textbox", "checkbox", "combobox", "button", "radio", "image", "link", "radiogroup"}
        return [
            (node["role"]["value"], node.get("name", {}).get("value"))
            for node in nodes
            if not node["ignored"] and node["role"]["value"] in asked
        ]

    named = visit(talk)

    assert [each for each in named if not each[1]] == []
    assert {"textbox", "checkbox", "combobox", "button", "radio", "image"} <= {role for role, _ in named}


def test_throughput_latency_batches_and_queue_are_watched_live(visit):
    async def talk(tab, url):
        await tab.until("charts.throughput.lines[0].values.length")
        await asyncio.to_thread(predict, url)
        await tab.until("Math.max(...charts.throughput.lines[0].values) > 1")
        await tab.until("charts.latency.lines[1].values.some((value) => value > 0)")
        label = await tab.js("document.querySelector('#throughput svg').getAttribute('aria-label')")
        rows = await tab.js("charts.batch.lines[0].values.find(Boolean)")
        drawn = await tab.js("document.querySelector('#latency path.two').getAttribute('d')")
        return label, rows, drawn, await tab.js("charts.queue.lines[0].values.includes(0)")

    label, rows, drawn, emptied = visit(talk)

    assert label.startswith("Requests a second: now ")
    assert rows >= 4
    assert drawn.startswith("M")
    assert emptied


def test_the_page_computes_quantiles_as_prometheus_does(visit):
    async def talk(tab, url):
        found = "quantile(new Map([[1, 5], [2, 5], [Infinity, 5]]), new Map([[1, 5], [2, 15], [Infinity, 15]]), 0.5)"
        slow = "quantile(new Map(), new Map([[1, 0], [Infinity, 3]]), 0.5)"
        return await tab.js(found), await tab.js(slow), await tab.js("quantile(new Map(), new Map([[1, 0]]), 0.5)")

    assert visit(talk) == (1.5, 1, None)


def test_nothing_is_fetched_from_elsewhere_and_nothing_else_may_run(visit):
    async def talk(tab, url):
        await tab.until("charts.throughput.lines[0].values.length")
        clean = list(tab.said), [each for each in tab.asked if not each.startswith((url, "data:"))]
        await tab.js(
            "const s = document.createElement('script'); s.textContent = 'window.broke = 1'; document.body.append(s);"
            "document.body.insertAdjacentHTML('beforeend', '<img src=http://127.0.0.1:9/x>')"
        )
        while not tab.blocked:
            await asyncio.sleep(0.01)
        return *clean, tab.blocked, await tab.js("window.broke === undefined")

    assert visit(talk) == ([], [], ["csp"], True)


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (1200, True), (360, False)])
def test_it_fits_and_can_be_read(visit, width, dark):
    async def talk(tab, url):
        await tab.look(width=width, dark=dark)
        await tab.js("document.getElementById('ask').click()")
        await tab.until(TAKEN)
        contrasts = await tab.js(CONTRASTS)
        return await tab.js("document.documentElement.scrollWidth"), contrasts

    wide, contrasts = visit(talk)

    assert wide <= width
    assert len(contrasts) > 15
    assert [each for each in contrasts if each["ratio"] < 4.5] == []


CONTRASTS = """(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (c) => c.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c[3] !== 0) return c; }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll("h1,h2,p,a,label,button,figcaption,.value,small,dd,dt,summary,select,input")]
    .filter((e) => e.offsetParent && (e.textContent.trim() || e.value) && !e.disabled)
    .filter((e) => !["checkbox", "radio"].includes(e.type))
    .map((e) => {
      const [dark, bright] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((a, b) => a - b);
      return { what: e.tagName + " " + e.textContent.slice(0, 20), ratio: (bright + 0.05) / (dark + 0.05) };
    });
})()"""


def test_a_browser_that_was_given_the_key_shows_and_watches(visit):
    async def talk(tab, url):
        await tab.open(url.replace("//", f"//anybody:{KEY}@") + "/")
        await tab.until("charts.throughput.lines[0].values.length")
        await tab.js("document.getElementById('ask').click()")
        return await tab.until(TAKEN)

    assert visit(talk, api_keys=[KEY]).startswith("double3")
