# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Draws curves of recall and queries per second as SVG, by hand: logarithmic on both axes, with
one minus recall growing to the left.
"""

import html
import math

COLOURS = ["#4e79a7", "#e15759", "#59a14f", "#f28e2b", "#b07aa1", "#76b7b2", "#9c755f"]
PANEL_WIDTH, PANEL_HEIGHT, MARGIN, LEGEND_LINE = 420, 320, 56, 18
RECALL_TICKS = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999]
MISSES_MIN = 1e-4  # a recall of 1 is drawn at the right edge


def across(recall):
    """A recall as a position: equal steps are equal factors of what is missed."""
    return -math.log10(max(1 - recall, MISSES_MIN))


class Panel:
    """One coordinate system and the curves in it."""

    def __init__(self, left, top, title, curves):
        self.left, self.top, self.title, self.curves = left, top, title, curves
        recalls = [recall for points in curves.values() for recall, _ in points]
        rates = [rate for points in curves.values() for _, rate in points]
        self.low_x = across(max(min(recalls), RECALL_TICKS[0]))
        self.high_x = -math.log10(MISSES_MIN)
        self.low_y = math.floor(3 * math.log10(min(rates))) / 3
        self.high_y = math.ceil(3 * math.log10(max(rates))) / 3

    def x(self, recall):
        share = (across(recall) - self.low_x) / (self.high_x - self.low_x)
        return self.left + max(share, 0) * PANEL_WIDTH

    def y(self, rate):
        share = (math.log10(rate) - self.low_y) / max(self.high_y - self.low_y, 1e-9)
        return self.top + PANEL_HEIGHT - share * PANEL_HEIGHT

    def grid(self):
        bottom, right = self.top + PANEL_HEIGHT, self.left + PANEL_WIDTH
        yield (f'<rect x="{self.left}" y="{self.top}" width="{PANEL_WIDTH}" '
               f'height="{PANEL_HEIGHT}" class="frame"/>')
        yield (f'<text x="{self.left + PANEL_WIDTH / 2}" y="{self.top - 10}" '
               f'class="middle">{html.escape(self.title)}</text>')
        for recall in RECALL_TICKS:
            if across(recall) < self.low_x:
                continue
            at = self.x(recall)
            yield f'<path d="M{at:.1f} {self.top}V{bottom}" class="grid"/>'
            text = "1" if 1 - recall <= MISSES_MIN else f"{recall:g}"
            yield f'<text x="{at:.1f}" y="{bottom + 16}" class="middle">{text}</text>'
        for power in range(math.floor(self.low_y), math.ceil(self.high_y) + 1):
            for step in (1, 2, 5):
                rate = step * 10**power
                if not self.low_y <= math.log10(rate) <= self.high_y:
                    continue
                at = self.y(rate)
                yield f'<path d="M{self.left} {at:.1f}H{right}" class="grid"/>'
                yield f'<text x="{self.left - 6}" y="{at + 4:.1f}" class="end">{rate:,.0f}</text>'

    def lines(self, colours):
        for name, points in self.curves.items():
            shown = sorted(points)
            path = "M" + "L".join(f"{self.x(r):.1f} {self.y(q):.1f}" for r, q in shown)
            if len(shown) > 1:
                yield f'<path d="{path}" class="curve" stroke="{colours[name]}"/>'
            for recall, rate in shown:
                yield (f'<circle cx="{self.x(recall):.1f}" cy="{self.y(rate):.1f}" r="3" '
                       f'fill="{colours[name]}"/>')


def plot(title, panels):
    """SVG text of `panels`: (title, {curve: [(recall, rate), ...]}), side by side."""
    panels = [(name, {curve: points for curve, points in curves.items() if points})
              for name, curves in panels]
    names = list(dict.fromkeys(name for _, curves in panels for name in curves))
    colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
    width = len(panels) * (PANEL_WIDTH + 2 * MARGIN)
    top = 2 * MARGIN - 20
    height = top + PANEL_HEIGHT + MARGIN + LEGEND_LINE * ((len(names) + 3) // 4)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}">',
           "<style>text{font:12px sans-serif;fill:#333}.middle{text-anchor:middle}"
           ".end{text-anchor:end}.title{font-size:15px;text-anchor:middle}"
           ".frame{fill:none;stroke:#888}.grid{stroke:#ddd}"
           ".curve{fill:none;stroke-width:2}</style>",
           f'<rect width="{width}" height="{height}" fill="#fff"/>',
           f'<text x="{width / 2}" y="26" class="title">{html.escape(title)}</text>']
    for i, (name, curves) in enumerate(panels):
        panel = Panel(i * (PANEL_WIDTH + 2 * MARGIN) + MARGIN + 12, top, name, curves)
        out += [*panel.grid(), *panel.lines(colours)]
    for i, name in enumerate(names):
        x = MARGIN + i % 4 * (width - MARGIN) / 4
        y = top + PANEL_HEIGHT + 44 + i // 4 * LEGEND_LINE
        out.append(f'<rect x="{x:.0f}" y="{y - 9}" width="10" height="10" fill="{colours[name]}"/>')
        out.append(f'<text x="{x + 16:.0f}" y="{y}">{html.escape(name)}</text>')
    out.append("</svg>")
    return "\n".join(out) + "\n"
