"""The look of a report: on light ground, on dark where the reader's system is dark, and on paper."""

from __future__ import annotations

from collections.abc import Sequence

from resviz.report.palette import named_colour
from resviz.report.subject import Subject

_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #16202b; --muted: #546374; --line: #d5dce5;
  --soft: #f4f6f9; --accent: #1765c1; }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #14171c; --text: #e8ecf1; --muted: #9aa7b6;
  --line: #333c48; --soft: #1b1f26; --accent: #4c9be8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1040px; padding: 40px 40px 64px; background: var(--ground);
  color: var(--text); font-variant-numeric: tabular-nums;
  font: 16px/1.55 Inter, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 20px; margin: 48px 0 12px; padding-top: 16px; border-top: 1px solid var(--line); }
h3 { font-size: 16px; margin: 24px 0 8px; }
p, ul { margin: 0 0 12px; max-width: 72ch; }
ul { padding-left: 20px; }
a { color: var(--accent); }
.quiet { color: var(--muted); font-size: 14px; }
.verdict { margin: 24px 0 8px; padding: 16px 20px; border-left: 4px solid var(--accent);
  background: var(--soft); border-radius: 0 6px 6px 0; }
.verdict p { margin: 0; font-size: 18px; font-weight: 600; }
.verdict p + p { margin-top: 6px; }
.verdict p.so { font-size: 15px; font-weight: 400; color: var(--muted); }
.scroll { overflow-x: auto; } .scroll + .scroll { margin-top: 20px; }
table { border-collapse: collapse; width: 100%; font-size: 13.5px; line-height: 1.35; }
th { text-align: left; font-weight: 600; color: var(--muted); vertical-align: bottom; }
th, td { padding: 7px 10px 7px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; } td.number { white-space: nowrap; }
td small { display: block; color: var(--muted); font-size: 12px; font-weight: 400; }
td:first-child { font-weight: 600; overflow-wrap: anywhere; min-width: 8em; }
tfoot td { border-bottom: 0; font-weight: 600; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 7px;
  background: var(--run); }
.figures { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 32px 24px; }
figure { margin: 0; break-inside: avoid; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
figure h3 { margin: 0; }
figcaption { font-size: 13.5px; line-height: 1.45; color: var(--muted); margin-top: 4px; max-width: 84ch; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 13px; margin: 2px 0 6px;
  min-height: 20px; }
:not(svg) > svg { display: block; width: 100%; height: auto; }
svg text { font: 12px Inter, system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  fill: var(--text); font-variant-numeric: tabular-nums; }
svg .tick { fill: var(--muted); font-size: 11.5px; }
svg .note { fill: var(--run, var(--muted)); font-size: 11.5px; }
svg .name { fill: var(--run); font-weight: 600; }
svg .grid { stroke: var(--line); } svg .axis { stroke: var(--muted); }
svg .frame { fill: none; stroke: var(--line); }
svg path { fill: none; stroke: var(--run); stroke-width: 1.75; stroke-linejoin: round; }
svg path.dashed { stroke-dasharray: 5 3.5; stroke-width: 1.5; }
svg path.faint { stroke-width: 1.1; opacity: .45; }
svg path.arc { stroke-width: 1.25; opacity: .8; }
svg .level { stroke: var(--run, var(--muted)); opacity: .5; }
svg .dot { fill: var(--run); } svg .block { fill: var(--run); } svg .light { fill: var(--line); }
svg .cells { image-rendering: pixelated; }
details { margin: 8px 0; } summary { cursor: pointer; color: var(--accent); font-size: 14px; }
pre { background: var(--soft); padding: 12px 16px; border-radius: 6px; font-size: 12.5px; line-height: 1.45;
  overflow-x: auto; }
footer { margin-top: 56px; padding-top: 12px; border-top: 1px solid var(--line); color: var(--muted);
  font-size: 13px; }
@media screen and (max-width: 760px) { body { padding: 24px 16px; }
  .figures { grid-template-columns: minmax(0, 1fr); } }
@page { margin: 16mm 14mm; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } h2, h3 { break-after: avoid; }
  h1 { font-size: 20pt; } h2 { margin-top: 28px; } tr, .network { break-inside: avoid; }
  .figures { gap: 18px 20px; } .verdict p { font-size: 12pt; } .verdict p.so { font-size: 10pt; }
  details:not([open]) { display: none; } a { color: inherit; text-decoration: none; }
  table { font-size: 8.5pt; } th, td { padding-right: 7px; }
  .verdict, .swatch, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""


def style(subjects: Sequence[Subject]) -> str:
    """Return the style sheet, with the colour of each run on both grounds."""

    def colours(dark: bool) -> str:
        pairs = ((s.number, named_colour(s.colour, dark=dark)) for s in subjects)
        return " ".join(f".r{number} {{ --run: {colour}; }}" for number, colour in pairs)

    return f"{_STYLE}{colours(False)}\n@media screen and (prefers-color-scheme: dark) {{ {colours(True)} }}\n"
