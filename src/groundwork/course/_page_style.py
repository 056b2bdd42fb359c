"""The style sheet of the course's pages; it follows the reader's light or dark theme and prints well."""

STYLE = """
:root { color-scheme: light dark;
  --page: #f6f6f3; --card: #ffffff; --ink: #1b1e24; --muted: #5d6470; --line: #dfe1e5; --track: #e6e8ec;
  --good: #16794a; --bad: #c02b32; --bar: #2463d4; }
@media (prefers-color-scheme: dark) { :root {
  --page: #111317; --card: #1a1d23; --ink: #e9ebef; --muted: #9aa3b2; --line: #30353f; --track: #2b303a;
  --good: #5ed39a; --bad: #ff8086; --bar: #7db0ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 60px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -.015em; }
h2 { font-size: 16px; margin: 0; } section > h2 { font-size: 18px; margin: 36px 0 12px; }
p { margin: 0; } .muted { color: var(--muted); font-size: 13px; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 18px 0; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px;
  margin-bottom: 12px; min-width: 0; }
.cards .card { margin: 0; } .cards b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; }
.card > header { display: flex; flex-wrap: wrap; gap: 2px 12px; align-items: baseline; margin-bottom: 8px; }
.card > header span { margin-left: auto; }
.good { color: var(--good); } .bad { color: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr max-content; gap: 4px 12px; align-items: center; margin: 0;
  font-size: 13.5px; font-variant-numeric: tabular-nums; }
dl dd { margin: 0; }
.bar { display: block; height: 8px; border-radius: 4px; background: var(--track); overflow: hidden; }
.bar i { display: block; height: 100%; border-radius: 4px; background: var(--bar); }
ul { margin: 8px 0 0; padding-left: 18px; font-size: 13.5px; } li { overflow-wrap: anywhere; }
details { margin-top: 8px; font-size: 13.5px; } summary { cursor: pointer; color: var(--muted); }
code { font: 13px ui-monospace, "SFMono-Regular", Consolas, monospace; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--muted); font-weight: 550; white-space: nowrap; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); }
tr:last-child > td { border-bottom: 0; } td.number, th.number { text-align: right; white-space: nowrap; }
td .bar { width: 64px; height: 6px; margin: 3px 0 2px auto; }
@media (max-width: 560px) { main { padding: 18px 12px 40px; } .card { padding: 12px; } }
@media print { body { background: none; } .card { break-inside: avoid; } }
"""
