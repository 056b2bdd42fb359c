"use strict";
const $ = (id) => document.getElementById(id);
const { models, loading } = JSON.parse($("models").textContent);

// A page whose address holds a key may not fetch by a relative one.
const at = (path) => location.origin + path;

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// What a schema says of one value: its types, and the branch that is not null.
function flat(schema) {
  const branches = schema.anyOf || schema.oneOf;
  if (!branches) return schema;
  const inner = branches.filter((each) => each.type !== "null");
  const types = branches.flatMap((each) => each.type || []);
  return { ...schema, ...(inner.length === 1 ? inner[0] : {}), type: types };
}

function kindOf(schema, example) {
  const given = schema.enum || ("const" in schema ? [schema.const] : null);
  const types = [schema.type || []].flat();
  const nullable = types.includes("null") || example === null || Boolean(given && given.includes(null));
  const rest = types.filter((type) => type !== "null");
  if (given) return { kind: "choice", nullable, choices: given.filter((value) => value !== null) };
  const items = flat(schema.items || {});
  const flatItems = ["number", "integer", "string"].includes(items.type) ? items.type : null;
  if (rest.length === 1 && rest[0] === "array" && flatItems) return { kind: "list", nullable, items: flatItems };
  if (rest.length === 1 && ["boolean", "number", "integer", "string"].includes(rest[0])) return { kind: rest[0], nullable };
  if (rest.length === 2 && rest.includes("number") && rest.includes("integer")) return { kind: "number", nullable };
  // Where both a text and a number would do, the example says what digits are.
  if (rest.length && rest.every((type) => ["number", "integer", "string"].includes(type))) {
    return { kind: typeof example === "string" ? "string" : "number", nullable };
  }
  if (!rest.length && typeof example === "number") return { kind: "number", nullable: true };
  return { kind: "json", nullable };
}

function hintOf(schema, { kind, items }) {
  const words = [];
  const named = { integer: "whole number", number: "number", list: `${items === "string" ? "one" : "one number"} a line`, json: "JSON" };
  if (named[kind]) words.push(named[kind]);
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) words.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) words.push(`${minimum} or more`);
  else if (maximum !== undefined) words.push(`${maximum} or less`);
  if (schema.format) words.push(schema.format);
  if (schema.pattern) words.push(`like ${schema.pattern}`);
  if (schema.description) words.push(schema.description);
  return words.join("; ");
}

function control(kind, id, value) {
  if (kind.kind === "choice") {
    const select = make("select", { id });
    kind.choices.forEach((each, index) => select.add(new Option(typeof each === "string" ? each : JSON.stringify(each), index)));
    select.selectedIndex = Math.max(0, kind.choices.indexOf(value));
    return { element: select, read: () => kind.choices[select.selectedIndex] };
  }
  if (kind.kind === "boolean") {
    const box = make("input", { id, type: "checkbox", checked: value === true });
    return { element: box, read: () => box.checked };
  }
  if (kind.kind === "list") {
    const lines = make("textarea", { id, rows: 3, value: Array.isArray(value) ? value.join("\n") : "" });
    const one = (line) => (kind.items === "string" ? line : number(line));
    return { element: lines, read: () => (lines.value === "" ? [] : lines.value.split("\n").map(one)) };
  }
  if (kind.kind === "json") {
    const text = make("textarea", { id, rows: 4, spellcheck: false, value: JSON.stringify(value === undefined ? null : value, null, 1) });
    return { element: text, read: () => JSON.parse(text.value) };
  }
  const text = make("input", { id, type: "text", autocomplete: "off", value: value === undefined || value === null ? "" : String(value) });
  if (kind.kind === "string") return { element: text, read: () => text.value };
  text.inputMode = kind.kind === "integer" ? "numeric" : "decimal";
  return { element: text, read: () => number(text.value) };
}

// What is no number goes to the server as it is: what it says of it is shown at the field.
const number = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text);

function field(key, given, example, required) {
  const schema = flat(given), kind = kindOf(schema, example), id = `field-${key}`;
  const { element, read } = control(kind, id, example);
  const hint = make("p", { className: "hint", id: `${id}-hint`, textContent: hintOf(schema, kind) });
  const error = make("p", { className: "error", id: `${id}-error`, hidden: true });
  const name = make("div", { className: "name" }, make("label", { htmlFor: id, textContent: schema.title || (key === "" ? "instance" : key) }));
  element.setAttribute("aria-describedby", `${hint.id} ${error.id}`);
  let gap = null;
  if (kind.nullable || !required) {
    gap = make("input", { type: "checkbox", checked: example === null || example === undefined });
    gap.onchange = () => { element.disabled = gap.checked; };
    gap.setAttribute("aria-label", `${key}: ${kind.nullable ? "null" : "leave out"}`);
    gap.onchange();
    name.append(make("label", { className: "gap" }, gap, kind.nullable ? " null" : " leave out"));
  }
  const row = make("div", { className: "field" }, name, element, hint, error);
  hint.hidden = !hint.textContent;
  const say = (words) => {
    error.textContent = words || "";
    error.hidden = !words;
    if (words) element.setAttribute("aria-invalid", "true");
    else element.removeAttribute("aria-invalid");
  };
  const value = () => (gap && gap.checked ? (kind.nullable ? null : undefined) : read());
  return { key, row, element, say, value };
}

// The fields of one row, and how a row is made of their values.
function formOf(schema, example) {
  const properties = Object.entries(schema.properties || {});
  if (properties.length) {
    const required = schema.required || (schema.additionalProperties === false ? [] : Object.keys(example || {}));
    const fields = properties.map(([key, inner]) => field(key, inner, (example || {})[key], required.includes(key)));
    return { fields, row: (values) => Object.fromEntries(values.filter(([, value]) => value !== undefined)) };
  }
  const items = flat(schema.items || {});
  if (schema.type === "array" && Array.isArray(example) && example.length && example.length <= 64 && items.type !== "array" && items.type !== "object") {
    const fields = example.map((value, index) => field(String(index), items, value, true));
    return { fields, row: (values) => values.map(([, value]) => value) };
  }
  return { fields: [field("", schema.type ? { ...schema, type: schema.type === "object" ? "json" : schema.type } : {}, example, true)], row: ([[, value]]) => value };
}

let form = null;
const chosen = () => models[$("model").selectedIndex].versions[$("version").selectedIndex];
const inJson = () => document.querySelector("[name=view]:checked").value === "json";

function url() {
  const model = models[$("model").selectedIndex];
  const query = new URLSearchParams({ model: model.name });
  if (model.versions.length > 1) query.set("version", chosen().version);
  return `/predict?${query}`;
}

function readForm() {
  let bad = null;
  const values = form.fields.map((each) => {
    each.say("");
    try { return [each.key, each.value()]; }
    catch (error) { each.say(`not JSON: ${error.message}`); bad = bad || each; return [each.key, null]; }
  });
  if (bad) bad.element.focus();
  return bad ? null : JSON.stringify({ instances: [form.row(values)] }, null, 2);
}

function request() { return inJson() ? $("body").value : readForm(); }

function shell(body) {
  let short = body;
  try { short = JSON.stringify(JSON.parse(body)); } catch { /* shown as it is */ }
  $("curl").textContent = `curl -H 'content-type: application/json' -d '${short.replaceAll("'", "'\\''")}' '${location.origin}${url()}'`;
}

function fill(example) {
  const { schema } = chosen();
  form = formOf(schema, example);
  $("fields").replaceChildren(...form.fields.map((each) => each.row));
  $("body").value = JSON.stringify({ instances: [example] }, null, 2);
  $("body").removeAttribute("aria-invalid");
  shell($("body").value);
}

function pickModel() {
  const { versions } = models[$("model").selectedIndex];
  $("version").replaceChildren(...versions.map(({ version }) => new Option(version, version)));
  $("version").disabled = versions.length < 2;
  pickVersion();
}

function pickVersion() {
  $("answer").replaceChildren();
  $("raw").textContent = $("took").textContent = "";
  fill(chosen().example);
}

function switchView() {
  if (inJson()) {
    const body = readForm();
    if (body === null) { document.querySelector("[value=form]").checked = true; return; }
    $("body").value = body;
  } else {
    try { fill(JSON.parse($("body").value).instances[0]); }
    catch (error) {
      document.querySelector("[value=json]").checked = true;
      complain(`The form cannot show this: ${error.message}`);
      $("body").setAttribute("aria-invalid", "true");
    }
  }
  $("fields").hidden = inJson();
  $("json").hidden = !inJson();
}

function complain(words) { $("answer").replaceChildren(make("p", { className: "bad", textContent: words })); }

function shown(value) {
  if (value === null || typeof value !== "object") return make("div", { className: "big", textContent: typeof value === "string" ? value : JSON.stringify(value) });
  if (Array.isArray(value)) return make("pre", { textContent: JSON.stringify(value) });
  const rows = Object.entries(value).flatMap(([name, each]) => [
    make("dt", { textContent: name }), make("dd", { textContent: typeof each === "string" ? each : JSON.stringify(each) })]);
  return make("dl", {}, ...rows);
}

function showAnswer(answer) {
  const { predictions, model, version } = answer;
  const list = predictions.length === 1 ? shown(predictions[0]) : make("ol", {}, ...predictions.map((each) => make("li", {}, shown(each))));
  $("answer").replaceChildren(list, make("p", { className: "quiet", textContent: `${model}, version ${version}` }));
}

const place = (pointer) => (pointer || "").split("/").map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));

function showProblem(problem) {
  const elsewhere = [];
  let first = null;
  for (const { pointer, detail } of problem.errors || []) {
    const [, instances, row, key] = place(pointer);
    const found = !inJson() && instances === "instances" && row === "0" && form.fields.find((each) => each.key === key || each.key === "");
    if (found) { found.say(detail.replace(/^instances\[0\](\[\d+\]|\.[^:]*)?: /, "")); first = first || found; }
    else elsewhere.push(detail);
  }
  const words = [problem.title + (first || elsewhere.length ? "" : `: ${problem.detail}`)];
  $("answer").replaceChildren(make("p", { className: "bad", textContent: words[0] }), ...elsewhere.map((each) => make("p", { className: "error", textContent: each })));
  if (first) first.element.focus();
  if (inJson()) $("body").setAttribute("aria-invalid", "true");
}

async function ask(event) {
  event.preventDefault();
  const body = request();
  if (body === null) return;
  shell(body);
  $("body").removeAttribute("aria-invalid");
  $("ask").disabled = true;
  const start = performance.now();
  try {
    const response = await fetch(at(url()), { method: "POST", headers: { "content-type": "application/json" }, body });
    const text = await response.text();
    $("took").textContent = `${response.status} in ${(performance.now() - start).toFixed(1)} ms`;
    let answer = null;
    try { answer = JSON.parse(text); $("raw").textContent = JSON.stringify(answer, null, 2); }
    catch { $("raw").textContent = text; }
    $("ask").disabled = false;
    if (response.ok && answer) showAnswer(answer);
    else if (answer) showProblem(answer);
    else complain(`The server answered ${response.status}.`);
  } catch (error) {
    $("took").textContent = "";
    complain(`No answer: ${error.message}`);
  } finally {
    $("ask").disabled = false;
  }
}

if (loading.length) {
  $("state").textContent = `Loading: ${loading.join(", ")}`;
  const again = setInterval(async () => {
    const ready = await fetch(at("/v2/health/ready")).then((answer) => answer.ok, () => false);
    if (ready) { clearInterval(again); location.reload(); }
  }, 1000);
}
$("try").hidden = !models.length;
if (models.length) {
  $("model").replaceChildren(...models.map(({ name }) => new Option(name, name)));
  $("model").onchange = pickModel;
  $("version").onchange = pickVersion;
  $("reset").onclick = pickVersion;
  $("form").onsubmit = ask;
  for (const radio of document.getElementsByName("view")) radio.onchange = switchView;
  pickModel();
}
