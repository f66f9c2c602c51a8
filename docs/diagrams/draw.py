#!/usr/bin/env python3
"""Draws each sequence diagram of this directory: <name>.txt to <name>.svg, for light and dark pages. --check only compares.

A text has the participants in its first line, separated by commas, and then a line for each arrow, `from -> to: words`, or note, `note who: words`.
"""
import html
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).parent
COLUMN, ROW, TOP, MARGIN = 250, 46, 56, 110
STYLE = """text { fill: #1f2328; font: 14px system-ui, sans-serif; text-anchor: middle } .who { font-weight: 600 }
.life { stroke: #d0d7de; stroke-dasharray: 3 4 } .arrow { stroke: #0969da; stroke-width: 1.6 } .head { fill: #0969da }
rect { fill: #f6f8fa; stroke: #d0d7de } .note { fill: #fff8c5; stroke: #d4a72c66 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .life { stroke: #3d444d } .arrow { stroke: #4493f8 } .head { fill: #4493f8 }
rect { fill: #151b23; stroke: #3d444d } .note { fill: #272115; stroke: #bb800966 } }"""


def draw(text):
    first, *lines = [line.strip() for line in text.splitlines() if line.strip()]
    columns = {name.strip(): MARGIN + COLUMN * index for index, name in enumerate(first.split(","))}
    width, height = MARGIN * 2 + COLUMN * (len(columns) - 1), TOP + ROW * len(lines) + 20
    parts = []
    for name, x in columns.items():
        parts.append(f'<line class="life" x1="{x}" x2="{x}" y1="40" y2="{height - 10}"/>')
        parts.append(f'<rect x="{x - 85}" y="8" width="170" height="32" rx="6"/><text class="who" x="{x}" y="29">{html.escape(name)}</text>')
    for index, line in enumerate(lines):
        y = TOP + ROW * index + 24
        if note := re.fullmatch(r"note (.+?): (.+)", line):
            x, words = columns[note[1]], html.escape(note[2])
            half = 4 * len(note[2]) + 12
            parts.append(f'<rect class="note" x="{x - half}" y="{y - 18}" width="{2 * half}" height="28" rx="4"/><text x="{x}" y="{y + 1}">{words}</text>')
            continue
        start, end, words = re.fullmatch(r"(.+?) -> (.+?): (.+)", line).groups()
        a, b = columns[start], columns[end]
        tip = b - 8 if b > a else b + 8
        parts.append(f'<line class="arrow" x1="{a}" x2="{tip}" y1="{y}" y2="{y}"/><path class="head" d="M {b} {y} L {tip} {y - 5} L {tip} {y + 5} Z"/>')
        parts.append(f'<text x="{(a + b) / 2:g}" y="{y - 7}">{html.escape(words)}</text>')
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n<style>{STYLE}</style>\n{body}\n</svg>\n'


stale = []
for source in sorted(HERE.glob("*.txt")):
    picture, svg = source.with_suffix(".svg"), draw(source.read_text())
    if "--check" in sys.argv:
        if not picture.exists() or picture.read_text() != svg:
            stale.append(picture.name)
    else:
        picture.write_text(svg)
sys.exit(f"older than their texts: {', '.join(stale)}; run docs/diagrams/draw.py" if stale else 0)
