#!/usr/bin/env python3
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the index plugins against hnswlib and Faiss on every data set that is there, under
filters and after deletes, and writes docs/benchmarks.md, its plots and the figures as JSON.

Data sets: Fashion-MNIST, one that is generated, and NAME_base.*, NAME_query.*, NAME_gt.ibin of
the sets named by --set in the folder --data or THESPIS_BENCH_DATA.
Usage: bench/ann.py [--build DIR] [--data DIR] [--set NAME:METRIC]... [--rows-max N] [--quick]
                    [--docs DIR]
       bench/ann.py --from FILE   writes the page anew from figures
"""

import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import ann_report

TREE = pathlib.Path(__file__).resolve().parent.parent
SUBJECTS = ["hnswlib", "faiss", "faiss_sq8", "faiss_flat", "thespis", "thespis_fast",
            "thespis_flat"]
SETS = ["sift200k:euclid", "words88k:cosine"]
FLAT_SHAPES = [(1_000_000, 128), (200_000, 784)]


def machine():
    names = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
             if line.startswith("model name")]
    return {"date": datetime.date.today().isoformat(), "cores": os.cpu_count(),
            "processor": names[0] if names else "unknown", "load": os.getloadavg()[0]}


def one_of(folder, stem):
    """The file of that stem, whatever it ends in."""
    found = sorted(folder.glob(stem + ".*"))
    return found[0] if found else None


def data_sets(options):
    """(name, arguments for the benchmarks, whether there is a file of exact answers)."""
    if options.quick:
        return [("generated", ["--rows-max", 3000, "--queries-max", 50], None)]
    sets = []
    images = options.images
    if (images / "train-images-idx3-ubyte.gz").exists():
        sets.append(("fashion-mnist", ["--base", images / "train-images-idx3-ubyte.gz", "--queries",
                                       images / "t10k-images-idx3-ubyte.gz"], None))
    for name, _, metric in (one.partition(":") for one in options.set or SETS):
        base = one_of(options.data, f"{name}_base") if options.data else None
        if base is None:
            print(f"{name}: not there, left out", file=sys.stderr)
            continue
        arguments = ["--base", base, "--queries", one_of(options.data, f"{name}_query")]
        if metric == "cosine":
            arguments.append("--cosine")
        sets.append((name, arguments, one_of(options.data, f"{name}_gt")))
    if options.rows_max:  # exact answers on file are those of the whole base
        sets = [(name, [*arguments, "--rows-max", options.rows_max], None)
                for name, arguments, _ in sets]
    rows = min(options.rows_max or 100_000, 100_000)
    sets.append(("generated", ["--rows-max", rows, "--columns", 256], None))
    return sets


def run(options, program, arguments, name=None):
    """What one benchmark reports; its name is that of the data set."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [options.build / "bin" / program, *arguments, "--json", report.name]
        subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)
        figures = json.load(report)
    if name is not None:
        figures["name"] = name
    return figures


def measure(options):
    figures = {"machine": machine(), "curves": [], "filters": [], "deletes": [], "flat": []}
    rounds = ["--rounds", 1 if options.quick else options.rounds]
    quick = ["--efs", "10,100"] if options.quick else []
    many, few = ["--queries-max", 2000], ["--queries-max", 200]  # few where a scan is measured, too
    for name, arguments, truth in data_sets(options):
        print(f"== {name}", file=sys.stderr)
        exact = ["--truth", truth] if truth else []
        figures["curves"].append(run(
            options, "thespis_bench_ann",
            [*arguments, *exact, *many, *rounds, *quick,
             "--subjects", ",".join(options.subjects)], name))
        figures["filters"].append(run(options, "thespis_bench_filters",
                                      [*arguments, *few, *rounds], name))
        figures["deletes"].append(run(options, "thespis_bench_deletes",
                                      [*arguments, *few, *rounds], name))
    for rows, columns in [(3000, 32)] if options.quick else FLAT_SHAPES:
        for metric in ([], ["--cosine"]):
            figures["flat"].append(run(options, "thespis_bench_flat",
                                       ["--rows", rows, "--columns", columns, *metric]))
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=TREE / "build/release")
    parser.add_argument("--images", type=pathlib.Path, help="folder of Fashion-MNIST",
                        default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--data", type=pathlib.Path, default=os.environ.get("THESPIS_BENCH_DATA"))
    parser.add_argument("--set", action="append", metavar="NAME:METRIC",
                        help=f"a data set of --data; without any: {' '.join(SETS)}")
    parser.add_argument("--subjects", type=lambda text: text.split(","), default=SUBJECTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows-max", type=int, help="take no more rows of any set")
    parser.add_argument("--quick", action="store_true", help="small and generated: that it works")
    parser.add_argument("--docs", type=pathlib.Path, default=TREE / "docs")
    parser.add_argument("--from", dest="figures", type=pathlib.Path, metavar="FILE")
    options = parser.parse_args()
    if options.data is not None:
        options.data = pathlib.Path(options.data)
    if ann_report.PEER not in options.subjects:
        parser.error(f"--subjects lacks {ann_report.PEER}, which all ratios are to")
    figures = json.loads(options.figures.read_text()) if options.figures else measure(options)
    ann_report.write(figures, options.docs)
    (options.docs / "benchmarks" / "ann.json").write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
