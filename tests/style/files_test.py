# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What every source file keeps to: licence, name, length, documentation.

Usage: files_test.py [--self-test]
"""

import re
import sys

import source_tree

LINE_CHARS_MAX = 100
HEADER_LINES_MAX = 250
SOURCE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "types", "misc", "stuff"}
LICENCE = ("Copyright 2026 The Thespis authors", "SPDX-License-Identifier: Apache-2.0")
SCRIPT_SUFFIXES = {".py", ".sh", ".js", ".mjs"}
# Words that mark unfinished work, spelled so that this file does not contain them.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
BANNER = re.compile(r"^\s*(//|#|\*)\s*[-=*#/~]{8,}\s*$")
NOT_A_FUNCTION = re.compile(r"^(namespace|extern|struct|class|enum|union|inline namespace)\b")


def functions(lines):
    """(first line, length) of every block at the left margin that is a function."""
    start = None
    head = ""
    for number, line in enumerate(lines, start=1):
        if start is not None:
            if line.startswith("}"):
                yield start, number - start + 1
                start, head = None, ""
            continue
        if line and not line[0].isspace() and line[0] not in "#/}" and "template <" not in line:
            head = head or line
        if head and line.endswith("{"):
            if not NOT_A_FUNCTION.match(head) and not line.endswith(("= {", "{{")):
                start = number
            head = ""
        elif line.endswith((";", "}")) or not line:
            head = ""


def names_problem(path):
    words = set(re.split(r"[_.\-]", path.name.lower())) | {part.lower() for part in path.parts}
    vague = words & VAGUE_NAMES
    return f"the name says nothing: {sorted(vague)[0]}" if vague else None


def length_problems(path, lines):
    # A file that says at its top why it is longer may be: a comment that begins `Length:`.
    if any(re.match(r"\s*(//|#)\s*Length: \S", line) for line in lines[:15]):
        return
    bound = HEADER_LINES_MAX if path.suffix in source_tree.HEADER_SUFFIXES else SOURCE_LINES_MAX
    if len(lines) > bound:
        yield 1, f"{len(lines)} lines, at most {bound}"
    if path.suffix in source_tree.CPP_SUFFIXES:
        for start, length in functions(lines):
            if length > FUNCTION_LINES_MAX:
                yield start, f"a function of {length} lines, at most {FUNCTION_LINES_MAX}"


def header_problems(lines):
    text = "\n".join(lines)
    if "///" not in text and "/**" not in text:
        yield 1, "a header without `///` documentation"
    if "#pragma once" not in text and not re.search(r"^#ifndef THESPIS_", text, re.MULTILINE):
        yield 1, "a header without an include guard"


def problems_of(path, text):
    """(line, what is wrong) for one file."""
    lines = text.splitlines()
    if names_problem(path):
        yield 1, names_problem(path)
    first = [line.lstrip("/*#! ").rstrip(" */") for line in lines if not line.startswith("#!")][:2]
    if tuple(first) != LICENCE:
        yield 1, "the two-line licence header is missing"
    for number, line in enumerate(lines, start=1):
        if len(line) > LINE_CHARS_MAX:
            yield number, f"{len(line)} characters, at most {LINE_CHARS_MAX}"
        if UNFINISHED.search(line):
            yield number, "a mark of unfinished work"
        if BANNER.match(line):
            yield number, "a banner line"
        if line != line.rstrip():
            yield number, "white space at the end of the line"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"
    yield from length_problems(path, lines)
    if path.suffix in source_tree.HEADER_SUFFIXES:
        yield from header_problems(lines)


def check_tree():
    checked = source_tree.files(source_tree.CPP_SUFFIXES | SCRIPT_SUFFIXES)
    problems = []
    for path in checked:
        text = (source_tree.ROOT / path).read_text(encoding="utf-8")
        problems += [f"{path}:{line}: {problem}" for line, problem in problems_of(path, text)]
    source_tree.report(problems, len(checked))


def self_test():
    """Each rule, broken once."""
    head = f"// {LICENCE[0]}\n// {LICENCE[1]}\n\n"
    good = head + "#pragma once\n\n/// One.\nint one();\n"
    body = "void f() {\n" + "  g();\n" * FUNCTION_LINES_MAX + "}\n"
    cases = [
        ("core/one.hpp", good, None),
        ("core/one.cpp", head + "// Length: a table.\n" + "int a;\n" * 600, None),
        ("core/one.hpp", good.replace("Apache", "Other"), "licence"),
        ("core/one_utils.hpp", good, "says nothing"),
        ("core/helpers/one.hpp", good, "says nothing"),
        ("core/one.hpp", good.replace("/// One.", "// One."), "documentation"),
        ("core/one.hpp", good.replace("#pragma once", ""), "guard"),
        ("core/one.hpp", good + "// " + "a" * LINE_CHARS_MAX + "\n", "characters"),
        ("core/one.hpp", good + "int a;\n" * HEADER_LINES_MAX, "lines"),
        ("core/one.cpp", head + "int a;\n" * SOURCE_LINES_MAX, "lines"),
        ("core/one.cpp", head + "namespace a {\n\n" + body + "\n}\n", "a function of"),
        ("core/one.cpp", head + "namespace a {\n\n" + body.replace("  g();\n", "", 2), None),
        ("core/one.cpp", head + "template <class T>\n" + body, "a function of"),
        ("core/one.cpp", head + "const int all[] = {\n" + "    1,\n" * 100 + "};\n", None),
        ("core/one.cpp", head + "struct all {\n" + "  int f();\n" * 100 + "};\n", None),
        ("core/one.cpp", head + "// " + "=" * 20 + "\n", "banner"),
        ("core/one.cpp", head + "// TO" + "DO: later\n", "unfinished"),
        ("core/one.cpp", head + "int a; \n", "white space"),
        ("core/one.cpp", head + "int a;", "newline"),
    ]
    problems = []
    for name, text, expected in cases:
        path = source_tree.pathlib.PurePosixPath(name)
        found = [problem for _, problem in problems_of(path, text)]
        if (expected is None and found) or (expected and not any(expected in f for f in found)):
            problems.append(f"{name}: expected {expected}, found {found}")
    source_tree.report(problems, len(cases))


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    check_tree()
