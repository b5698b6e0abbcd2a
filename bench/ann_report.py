# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Turns what bench/ann.py measured into Markdown and plots."""

import svg_plot

PEER = "hnswlib"
RECALLS = ["0.950", "0.990", "0.999"]
BEGIN = "<!-- begin: written by bench/ann.py -->"
END = "<!-- end: written by bench/ann.py -->"


def rate_cell(subject, peer, table, recall):
    rate = subject[table].get(recall)
    if not rate:
        return "–"
    theirs = peer[table].get(recall)
    return f"{rate:,.0f}" + (f" ({rate / theirs:.2f} x)" if theirs else "")


def row(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(heads, rows):
    return [row(heads), "|" + "---|" * len(heads), *(row(cells) for cells in rows), ""]


def checksum(subject):
    """One number for all answers of a subject."""
    value = 0
    for point in subject["curve"]:
        value = (value * 31 + point["checksum"]) % 2**64
    return f"`{value:016x}`"


def raw_bytes(run):
    return run["rows"] * run["dimension"] * 4


def plot_of(run):
    panels = []
    for title, rate in (("1 thread", "queries_per_s"),
                        (f"{run['search_threads']} threads", "queries_per_s_multi")):
        curves = {name: [(point["recall"], point[rate]) for point in subject["curve"]
                         if point[rate] > 0 and point["recall"] >= 0.5]
                  for name, subject in run["subjects"].items()}
        if any(curves.values()):
            panels.append((title, curves))
    return svg_plot.plot(f"{run['name']}: queries/s at recall@{run['k']}", panels)


def curves_section(run):
    subjects = run["subjects"]
    peer = subjects[PEER]
    threads = run["search_threads"]
    yield (f"### {run['name']}: {run['rows']:,} x {run['dimension']}, {run['metric']}, "
           f"{run['queries']:,} queries")
    yield ""
    yield f"![recall and rate](benchmarks/{run['name']}.svg)"
    yield ""
    heads = ["", *(f"{recall[1:]}" for recall in RECALLS),
             *(f"{recall[1:]}, {threads} threads" for recall in RECALLS)]
    yield from table(heads, [
        [name,
         *(rate_cell(one, peer, "queries_per_s_at_recall", recall) for recall in RECALLS),
         *(rate_cell(one, peer, "queries_per_s_multi_at_recall", recall) for recall in RECALLS)]
        for name, one in subjects.items()])
    raw = raw_bytes(run)
    yield from table(
        ["", "build s", "hnswlib's / its own", "links and codes MB", "of the raw vectors",
         "process grew MB", "answers"],
        [[name, f"{one['build_s']:.1f}", f"{peer['build_s'] / max(one['build_s'], 1e-3):,.2f} x",
          f"{one['index_bytes'] / 1e6:.1f}", f"{one['index_bytes'] / raw:.2f} x",
          f"{one['resident_bytes'] / 1e6:.1f}", checksum(one)] for name, one in subjects.items()])


def filters_section(run):
    yield (f"### {run['name']}, preset {run['preset']}, default effort")
    yield ""
    yield from table(
        ["rows admitted", "lie", "recall@10", "queries/s", "exact scan", "ratio", "answers"],
        [[f"{one['percent']:g} %",
          {"none": "at random", "with": "about the query",
           "opposite": "far from the query"}[one["correlation"]],
          f"{one['recall']:.4f}", f"{one['queries_per_s']:,.0f}",
          f"{one['exact_queries_per_s']:,.0f}",
          f"{one['queries_per_s'] / one['exact_queries_per_s']:.1f} x",
          f"`{one['checksum']:016x}`"] for one in run["filters"]])


def deletes_section(run):
    yield f"### {run['name']}"
    yield ""
    yield from table(
        ["rows deleted", "state", "ef", "recall@10", "queries/s", "answers"],
        [[f"{one['percent']} %", one["state"], one["ef"], f"{one['recall']:.4f}",
          f"{one['queries_per_s']:,.0f}", f"`{one['checksum']:016x}`"] for one in run["deletes"]])


def flat_section(runs):
    yield from table(
        ["rows", "one query GB/s", "stream GB/s", "share", "batch", "GFLOP/s", "peak", "share",
         "half admitted"],
        [[f"{one['rows']:,} x {one['dimension']} {one['metric']}",
          f"{one['query_bytes_per_s'] / 1e9:.1f}", f"{one['stream_bytes_per_s'] / 1e9:.1f}",
          f"{one['query_bytes_per_s'] / one['stream_bytes_per_s']:.0%}", one["queries"],
          f"{one['batch_flops'] / 1e9:.0f}", f"{one['peak_flops'] / 1e9:.0f}",
          f"{one['batch_flops'] / one['peak_flops']:.0%}",
          f"{one['half_flops'] / one['peak_flops']:.0%}"] for one in runs])


def markdown(figures):
    machine = figures["machine"]
    first = figures["curves"][0]
    lines = [
        BEGIN,
        "## Index plugins and their peers, in one process",
        "",
        f"Measured on {machine['date']}: {machine['cores']} cores of {machine['processor']}, load "
        f"{machine['load']:.1f} when it began. Graphs with m = {first['m']}, ef_construct = "
        f"{first['ef_construct']}, built on {first['build_threads']} threads. `thespis` is the "
        "plugin `hnsw` with its default preset, `thespis_fast` with the preset `fast`, "
        "`thespis_flat` the exact plugin, all through the plugin host, as the server asks them: "
        "the graphs one query at a time, the exact plugin in batches. "
        "hnswlib and Faiss are Debian's packages; what calls them "
        "is compiled `-O3 -march=native`, but Faiss itself is built for any x86-64. Faiss is given "
        "all queries in one call. Queries per second at a recall are interpolated on the curve; "
        f"each point is the best of {first['rounds']} rounds that go from subject to subject. "
        "In brackets: the ratio to hnswlib.",
        "",
    ]
    for run in figures["curves"]:
        lines += curves_section(run)
    lines += ["## Filters", "",
              "The share of the rows that a query admits, and where they lie. Every answer was "
              "checked to be admitted and to have k hits.", ""]
    for run in figures["filters"]:
        lines += filters_section(run)
    lines += ["## Deletes", "",
              "After rows were deleted from a running index, and after a restart that found their "
              "vectors gone.", ""]
    for run in figures["deletes"]:
        lines += deletes_section(run)
    lines += ["## The exact plugin", "",
              "One query against the rate at which one core reads memory, and a batch against its "
              "peak of multiply-adds, all in the same run.", ""]
    lines += flat_section(figures["flat"])
    lines.append(END)
    return "\n".join(lines)


def write(figures, docs):
    """Writes plots and the part of benchmarks.md between its marks into the folder `docs`."""
    plots = docs / "benchmarks"
    plots.mkdir(parents=True, exist_ok=True)
    for run in figures["curves"]:
        (plots / f"{run['name']}.svg").write_text(plot_of(run))
    page = docs / "benchmarks.md"
    text = page.read_text() if page.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    if BEGIN not in text or END not in text:
        raise SystemExit(f"{page}: the marks between which this writes are missing")
    page.write_text(text[:text.index(BEGIN)] + markdown(figures) +
                    text[text.index(END) + len(END):])
