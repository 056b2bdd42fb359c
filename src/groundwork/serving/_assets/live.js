"use strict";
const POINTS = 120;
const ASKS_MODEL = new Set(["/predict", "/v2/models/{name}/infer"]);

// Prometheus's text format, as far as the server uses it.
function samples(text) {
  const found = [];
  for (const line of text.split("\n")) {
    const match = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!match) continue;
    const labels = {};
    for (const [, name, value] of (match[2] || "").matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)) labels[name] = value;
    found.push({ name: match[1], labels, value: match[3] === "+Inf" ? Infinity : Number(match[3]) });
  }
  return found;
}

function sums(text) {
  const total = { good: 0, bad: 0, queue: 0, batches: 0, rows: 0, buckets: new Map() };
  for (const { name, labels, value } of samples(text)) {
    if (name === "groundwork_queue_rows") total.queue += value;
    else if (name === "groundwork_batch_rows_count") total.batches += value;
    else if (name === "groundwork_batch_rows_sum") total.rows += value;
    else if (!ASKS_MODEL.has(labels.route)) continue;
    else if (name === "groundwork_requests_total") total[labels.status[0] === "2" ? "good" : "bad"] += value;
    else if (name === "groundwork_request_seconds_bucket") {
      const bound = labels.le === "+Inf" ? Infinity : Number(labels.le);
      total.buckets.set(bound, (total.buckets.get(bound) || 0) + value);
    }
  }
  return total;
}

// The quantile of what came since, as if evenly spread in its bucket.
function quantile(before, now, share) {
  const bounds = [...now.keys()].sort((one, other) => one - other);
  const counts = bounds.map((bound) => now.get(bound) - (before.get(bound) || 0));
  const all = counts[counts.length - 1];
  if (!(all > 0)) return null;
  const rank = share * all;
  const at = counts.findIndex((count) => count >= rank);
  const low = at ? bounds[at - 1] : 0, under = at ? counts[at - 1] : 0;
  if (bounds[at] === Infinity) return low;
  return low + ((bounds[at] - low) * (rank - under)) / (counts[at] - under || 1);
}

const short = (value) => {
  if (value === null) return "–";
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1).replace(/\.0$/, "") : value.toFixed(2).replace(/\.?0+$/, "");
};

const SVG = "http://www.w3.org/2000/svg";
const drawn = (tag, properties) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  return element;
};

class Chart {
  constructor(id, title, unit, lines) {
    this.title = title; this.unit = unit;
    this.lines = lines.map((name) => ({ name, values: [] }));
    this.figure = make("figure", { id });
    this.value = make("div", { className: "value", textContent: "–" });
    this.foot = make("div", { className: "foot" });
    this.svg = drawn("svg", { viewBox: "0 0 119 40", preserveAspectRatio: "none", role: "img", tabindex: "0" });
    this.at = null;
    this.svg.onpointermove = (event) => {
      const { left, width } = this.svg.getBoundingClientRect();
      this.point(Math.round(((event.clientX - left) / width) * (POINTS - 1)));
    };
    this.svg.onpointerleave = this.svg.onblur = () => this.point(null);
    this.svg.onkeydown = (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) { event.preventDefault(); this.point((this.at === null ? POINTS : this.at) + step); }
    };
    this.figure.append(make("figcaption", { textContent: title }), this.value, this.svg, this.foot);
    this.draw();
  }

  add(...values) {
    this.lines.forEach((line, index) => {
      line.values.push(values[index]);
      if (line.values.length > POINTS) line.values.shift();
    });
    this.draw();
  }

  point(at) {
    this.at = at === null ? null : Math.min(POINTS - 1, Math.max(0, at));
    this.draw();
  }

  told(index) {
    const parts = this.lines.map(({ name, values }) => {
      const value = values[values.length - POINTS + index];
      return `${name ? `${name} ` : ""}${value === undefined ? "–" : short(value)}`;
    });
    return parts.join(", ") + (this.unit ? ` ${this.unit}` : "");
  }

  draw() {
    const known = this.lines.flatMap(({ values }) => values.filter((value) => value !== null));
    const top = Math.max(...known, 0) || 1;
    const height = (value) => 39 - (37 * value) / top;
    const parts = [drawn("path", { class: "grid", d: "M0 2H119M0 20.5H119M0 39H119", "vector-effect": "non-scaling-stroke" })];
    this.lines.forEach(({ values }, number) => {
      let path = "", area = "", open = false, last = 0;
      values.forEach((value, index) => {
        const x = POINTS - values.length + index;
        if (value === null) { if (open) area += `L${last} 39Z`; open = false; return; }
        const y = height(value).toFixed(2);
        path += open ? `L${x} ${y}` : `M${x} ${y}h0.01`;
        area += open ? `L${x} ${y}` : `M${x} 39L${x} ${y}`;
        open = true; last = x;
      });
      if (open) area += `L${last} 39Z`;
      if (this.lines.length === 1 && area) parts.push(drawn("path", { class: "area", d: area }));
      if (path) parts.push(drawn("path", { class: number ? "two" : "one", d: path }));
    });
    if (this.at !== null) parts.push(drawn("path", { class: "cross", d: `M${this.at} 0V40` }));
    this.svg.replaceChildren(...parts);
    const unit = make("small", { textContent: this.unit ? ` ${this.unit}` : "" });
    this.value.replaceChildren(this.lines.map(({ values }) => short(values.length ? values[values.length - 1] : null)).join(" / "), unit);
    const highest = known.length ? short(Math.max(...known)) : "–";
    this.svg.setAttribute("aria-label", `${this.title}: now ${this.told(POINTS - 1)}; highest ${highest}, in two minutes`);
    if (this.at !== null) {
      this.foot.replaceChildren(make("span", { textContent: `${POINTS - 1 - this.at} s ago` }), make("span", { textContent: this.told(this.at) }));
      return;
    }
    const keys = this.lines.filter(({ name }) => name).map(({ name }, index) => make("span", { className: index ? "key two" : "key", textContent: name }));
    this.foot.replaceChildren(make("span", {}, ...keys.flatMap((key) => [key, " "]), this.note || ""), make("span", { textContent: `highest ${highest}` }));
  }
}

const charts = {
  throughput: new Chart("throughput", "Requests a second", "", [""]),
  latency: new Chart("latency", "Latency", "ms", ["p50", "p99"]),
  batch: new Chart("batch", "Rows a batch", "", [""]),
  queue: new Chart("queue", "Rows waiting", "", [""]),
};
$("charts").replaceChildren(...Object.values(charts).map((chart) => chart.figure));

let before = null, beforeAt = 0, paused = false;

async function look() {
  if (paused) return;
  try {
    const response = await fetch(at("/metrics"), { cache: "no-store" });
    if (!response.ok) throw new Error(`/metrics answered ${response.status}`);
    const now = sums(await response.text()), moment = performance.now();
    $("blind").hidden = true;
    // A counter that went back belongs to a server that was started anew.
    const same = before && now.good >= before.good && now.batches >= before.batches;
    if (same) {
      const seconds = (moment - beforeAt) / 1000, batches = now.batches - before.batches;
      const ms = (share) => { const found = quantile(before.buckets, now.buckets, share); return found === null ? null : 1000 * found; };
      const failed = (now.bad - before.bad) / seconds;
      charts.throughput.note = failed > 0 ? `${short(failed)} a second not 2xx` : "";
      charts.throughput.add((now.good + now.bad - before.good - before.bad) / seconds);
      charts.latency.add(ms(0.5), ms(0.99));
      charts.batch.add(batches > 0 ? (now.rows - before.rows) / batches : null);
      charts.queue.add(now.queue);
    }
    before = now; beforeAt = moment;
  } catch (error) {
    $("blind").hidden = false;
    $("blind").textContent = `Nothing to see: ${error.message}`;
    before = null;
  }
}

async function watch() {
  const start = performance.now();
  if (!document.hidden) await look();
  setTimeout(watch, Math.max(100, 1000 - (performance.now() - start)));
}

$("pause").onclick = () => {
  paused = !paused;
  before = null;
  $("pause").setAttribute("aria-pressed", String(paused));
  $("pause").textContent = paused ? "Go on" : "Pause";
};
watch();
