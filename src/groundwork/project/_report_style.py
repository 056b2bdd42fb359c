"""The style sheet of a report; it follows the reader's light or dark theme and prints well."""

STYLE = """
:root { color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --ink: #1b1e24; --muted: #626975; --line: #dfe1e5; --accent: #2463d4;
  --warm: #d2571c;
  --good: #16794a; --bad: #c02b32; --care: #966200; }
@media (prefers-color-scheme: dark) { :root {
  --page: #111317; --card: #1a1d23; --ink: #e9ebef; --muted: #9aa3b2; --line: #30353f; --accent: #7db0ff;
  --warm: #ff9d66;
  --good: #5ed39a; --bad: #ff8086; --care: #f0bd5c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 40px 0 12px; letter-spacing: -.01em; }
h3 { font-size: 14px; margin: 0 0 8px; }
p { margin: 0 0 10px; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
.muted { color: var(--muted); }
.small { font-size: 13px; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
header { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; }
header .about { flex-basis: 100%; color: var(--muted); margin: 0; }
.badge { display: inline-block; padding: 2px 10px; border-radius: 99px; font-size: 12px; font-weight: 650;
  letter-spacing: .02em;
  white-space: nowrap; color: var(--tone); background: color-mix(in srgb, var(--tone) 14%, transparent); }
.good { --tone: var(--good); } .bad { --tone: var(--bad); } .care { --tone: var(--care); }
  .plain { --tone: var(--muted); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 14px; font-size: 13px; }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  min-width: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin-top: 20px; }
.cards .card { padding: 12px; }
.cards b { display: block; font-size: 25px; line-height: 1.25; font-weight: 640; font-variant-numeric: tabular-nums;
  letter-spacing: -.02em; white-space: nowrap; }
.cards span { color: var(--muted); font-size: 13px; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 14px; }
.plot { display: block; width: 100%; height: auto; }
.notice { border-left: 4px solid var(--tone); margin-top: 14px; }
.notice p:last-child { margin: 0; }
.notice b { color: var(--tone); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; color: var(--muted); font-weight: 550; font-size: 12.5px; white-space: nowrap; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child > td { border-bottom: 0; } th:last-child, td:last-child { padding-right: 0; }
th.number { text-align: right; }
.bar { position: relative; height: 8px; border-radius: 4px; min-width: 60px;
  background: color-mix(in srgb, var(--muted) 16%, transparent); }
.bar i { position: absolute; top: 0; bottom: 0; border-radius: 4px; background: var(--tone, var(--accent));
  min-width: 2px; }
.wide { width: 46%; }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 7px 14px; align-items: center;
  font-size: 13.5px; }
.bars .bar { height: 12px; }
.bars .bar u { position: absolute; top: 5px; height: 2px; background: var(--ink); opacity: .55; }
.confusion { display: grid; grid-template-columns: max-content 1fr 1fr; gap: 6px; font-size: 13px;
  align-items: stretch; }
.confusion > * { padding: 8px 10px; border-radius: 8px; }
.confusion .head { color: var(--muted); padding: 2px 4px; align-self: center; text-align: center; }
.confusion .cell { text-align: center; background: color-mix(in srgb, var(--tone) var(--share), var(--card));
  border: 1px solid var(--line); }
.confusion .cell b { display: block; font-size: 20px; font-variant-numeric: tabular-nums; }
.spark { display: block; width: 96px; height: 24px; fill: var(--accent); opacity: .85; }
.range { display: inline-block; min-width: 190px; }
.step { display: contents; }
.steps { display: grid; grid-template-columns: max-content max-content 1fr max-content; gap: 8px 14px;
  align-items: center; font-size: 13.5px; }
.steps .bar { height: 12px; } .steps .error { grid-column: 1 / -1; color: var(--bad); font-size: 13px;
  margin-top: -4px; }
details + details { margin-top: 10px; } summary { cursor: pointer; font-weight: 550; }
  details[open] > summary { margin-bottom: 10px; }
pre { margin: 0; overflow-x: auto; white-space: pre; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 0; font-size: 13.5px; }
dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
footer { margin-top: 44px; color: var(--muted); font-size: 13px; }
@media (max-width: 560px) { main { padding: 18px 12px 40px; } h1 { font-size: 23px; } .card { padding: 12px; }
  .cards { grid-template-columns: 1fr 1fr; gap: 8px; } .cards b { font-size: 21px; }
  .steps { display: block; } .step { display: grid;
  grid-template: "name label took" auto "bar bar bar" auto / 1fr max-content max-content;
    gap: 4px 10px; margin-bottom: 12px; } .step .bar { grid-area: bar; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 8px; } }
@media print { body { background: none; } .card { break-inside: avoid; } nav { display: none; } }
"""
