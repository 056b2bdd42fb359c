"""The style sheet of a page about a table; it follows the reader's light or dark theme and prints well."""

STYLE = """
:root { color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --ink: #1b1e24; --muted: #626975; --line: #dfe1e5; --accent: #2463d4;
  --good: #16794a; --bad: #c02b32; --care: #966200; }
@media (prefers-color-scheme: dark) { :root {
  --page: #111317; --card: #1a1d23; --ink: #e9ebef; --muted: #9aa3b2; --line: #30353f; --accent: #7db0ff;
  --good: #5ed39a; --bad: #ff8086; --care: #f0bd5c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 12px; }
h3 { font-size: 15px; margin: 0; overflow-wrap: anywhere; }
p { margin: 0 0 10px; }
.muted { color: var(--muted); } .small { font-size: 13px; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { display: inline-block; padding: 1px 9px; border-radius: 99px; font-size: 12px; font-weight: 620;
  white-space: nowrap; color: var(--tone); background: color-mix(in srgb, var(--tone) 14%, transparent); }
.good { --tone: var(--good); } .bad { --tone: var(--bad); } .care { --tone: var(--care); }
  .plain { --tone: var(--muted); }
a { color: var(--accent); text-decoration: none; } a:hover { text-decoration: underline; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px;
  min-width: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 12px; margin-top: 18px; }
.cards b { display: block; font-size: 24px; line-height: 1.25; font-weight: 640; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums; }
.cards span { color: var(--muted); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
th { text-align: left; color: var(--muted); font-weight: 550; font-size: 12.5px; white-space: nowrap; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child > td { border-bottom: 0; } th:last-child, td:last-child { padding-right: 0; }
th.number { text-align: right; }
td.cut { max-width: 260px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.columns { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 500px), 1fr)); gap: 14px;
  align-items: start; }
.column { scroll-margin-top: 12px; }
.column header { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; margin-bottom: 10px; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); gap: 6px 14px; margin: 0 0 12px;
  font-size: 13.5px; }
dl div { min-width: 0; } dt { color: var(--muted); font-size: 12.5px; }
dd { margin: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font: 11px system-ui, sans-serif; fill: var(--muted); font-variant-numeric: tabular-nums; }
svg text.name { fill: var(--ink); }
svg .mark { fill: var(--accent); } svg .track { fill: color-mix(in srgb, var(--muted) 16%, transparent); }
svg .gap { fill: var(--care); } svg .second { fill: var(--care); } svg .axis { stroke: var(--line); }
svg.spark { width: 96px; height: 24px; } svg.gaps { width: 90px; height: 8px; }
.key { display: inline-block; width: 10px; height: 10px; border-radius: 2px; background: var(--accent);
  margin-right: 4px; } .key.second { background: var(--care); }
footer { margin-top: 40px; color: var(--muted); font-size: 13px; }
@media (max-width: 560px) { main { padding: 18px 12px 40px; } .card { padding: 12px; }
  .cards { grid-template-columns: 1fr 1fr; gap: 8px; } .cards b { font-size: 20px; } }
@media print { body { background: none; } .card { break-inside: avoid; } }
"""
