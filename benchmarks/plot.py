"""Bars with their ranges as plain SVG that reads well on a light page and on a dark one."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LABELS, FIGURES, BAR, GAP, TOP = 760, 250, 90, 18, 10, 46

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px } .head { font-weight: 600 } .note { fill: #59636e; font-size: 12px }
  .peer { fill: #8c959f } .ours { fill: #0f7680 } .limit { fill: #bf8700 } .range { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .note { fill: #9198a1 }
    .peer { fill: #6e7681 } .ours { fill: #39b5c2 } .limit { fill: #d29922 } .range { stroke: #e6edf3 }
  }
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """`low` ≤ `middle` ≤ `high`; `kind` is limit, ours or peer; `figure` is how the middle is written."""

    label: str
    kind: str
    low: float
    middle: float
    high: float
    figure: str


def bars(title: str, note: str, rows: Sequence[Bar | str]) -> str:
    """An SVG of horizontal bars from nought, one a row, the range as a line over the end of each; a text heads those below it."""
    height = TOP + len(rows) * (BAR + GAP) + GAP
    scale = (WIDTH - LABELS - FIGURES) / max(row.high for row in rows if isinstance(row, Bar))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="0" y="16">{escape(title)}</text>',
        f'<text class="note" x="0" y="34">{escape(note)}</text>',
    ]
    for at, row in enumerate(rows):
        y = TOP + at * (BAR + GAP)
        middle, text_y = y + BAR / 2, y + BAR - 5
        if isinstance(row, str):
            out.append(f'<text class="head" x="{LABELS}" y="{text_y}">{escape(row)}</text>')
            continue
        low, end, high = (LABELS + scale * value for value in (row.low, row.middle, row.high))
        out += [
            f'<text x="{LABELS - 8}" y="{text_y}" text-anchor="end">{escape(row.label)}</text>',
            f'<rect class="{row.kind}" x="{LABELS}" y="{y}" width="{end - LABELS:.1f}" height="{BAR}" rx="2"/>',
            f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>',
            f'<text x="{max(end, high) + 8:.1f}" y="{text_y}">{escape(row.figure)}</text>',
        ]
    return "\n".join([*out, "</svg>", ""])
