# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The plugin interface only grows: today's C headers are compared with a frozen copy.

Structures, their members, constants, macros and function types are read from the headers; sizes,
offsets and values are what a compiler makes of them. The comparison is first tried on copies that
were changed in every way that is forbidden, and in those that are allowed.

Usage: layout_test.py --compiler CC --frozen FOLDER --current FOLDER
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

HEADERS = ("abi.h", "index.h", "quantizer.h", "compute.h")
MINOR = "THESPIS_ABI_MINOR"


def plain(text):
    return re.sub(r"\s+", " ", text).strip()


def member_name(declaration):
    function = re.search(r"\(\*(\w+)\)\(", declaration)
    if function:
        return function.group(1)
    return re.search(r"(\w+)(\[\w+\])?$", declaration).group(1)


class Interface:
    """What the headers of a folder declare, and what the compiler makes of it."""

    def __init__(self, folder, compiler):
        self.structs = {}  # name: [(member, declaration)]
        self.texts = {}  # typedefs and macros
        self.constants = []
        for header in HEADERS:
            self.read((folder / "thespis" / "plugin" / header).read_text(encoding="utf-8"))
        self.numbers = self.measure(folder, compiler)

    def read(self, text):
        text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL).replace("\\\n", " ")
        macro = r"^#define (\w+(?:\(\w[^)]*\))?) (\S.*)$"
        for name, value in re.findall(macro, text, re.MULTILINE):
            if "(" not in name and re.fullmatch(r"\d+|UINT32_C\(\d+\)", value.strip()):
                self.constants.append(name)
            else:
                self.texts["#define " + name] = plain(value)
        text = re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
        for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \w+;", text, re.DOTALL):
            members = [plain(one) for one in body.split(";") if one.strip()]
            self.structs[name] = [(member_name(one), one) for one in members]
        text = re.sub(r"typedef struct \w+ \{.*?\} \w+;", "", text, flags=re.DOTALL)
        for body in re.findall(r"enum \{(.*?)\}", text, re.DOTALL):
            self.constants += re.findall(r"(\w+) =", body)
        for one in re.findall(r"typedef [^;]*;", text):
            declaration = plain(one).rstrip(";")
            self.texts["typedef " + member_name(declaration)] = declaration

    def measure(self, folder, compiler):
        lines = ["#include <stdio.h>"]
        lines += [f"#include <thespis/plugin/{header}>" for header in HEADERS]
        lines += ["#define SAY(what, number) printf(\"%s=%lld\\n\", what, (long long)(number))",
                  "int main(void) {"]
        for name, members in self.structs.items():
            lines.append(f'SAY("{name}", sizeof({name}));')
            for member, _ in members:
                lines.append(f'SAY("{name}.{member}", offsetof({name}, {member}));')
                lines.append(f'SAY("{name}.{member} bytes", sizeof((({name}*)0)->{member}));')
        lines += [f'SAY("{name}", {name});' for name in self.constants]
        lines += ["return 0;", "}"]
        with tempfile.TemporaryDirectory() as scratch:
            source = pathlib.Path(scratch) / "measure.c"
            source.write_text("\n".join(lines) + "\n", encoding="utf-8")
            program = pathlib.Path(scratch) / "measure"
            subprocess.run([compiler, "-std=c99", f"-I{folder}", source, "-o", program], check=True)
            said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        return {name: int(value) for name, value in
                (line.rsplit("=", 1) for line in said.splitlines())}


def struct_problems(name, frozen, current):
    """How `current` breaks the struct `name` of `frozen`, and whether it appended to it."""
    before, after = frozen.structs[name], current.structs.get(name)
    if after is None:
        return [f"{name}: is gone"], False
    problems = []
    for (member, declared), (_, declares) in zip(before, after):
        if declared != declares:
            problems.append(f"{name}: `{declared}` became `{declares}`")
            continue
        for number in (f"{name}.{member}", f"{name}.{member} bytes"):
            if frozen.numbers[number] != current.numbers[number]:
                problems.append(f"{number}: {frozen.numbers[number]} became "
                                f"{current.numbers[number]}")
    if len(after) < len(before):
        problems.append(f"{name}: `{before[len(after)][1]}` is gone")
    appended = after[len(before):]
    if appended and before[0][1] != "uint32_t struct_size":
        problems.append(f"{name}: never grows, but has `{appended[0][1]}`")
    for member, _ in appended:
        # Within the padding it would seem to be there in what was made before.
        if current.numbers[f"{name}.{member}"] < frozen.numbers[name]:
            problems.append(f"{name}.{member}: lies within the frozen {frozen.numbers[name]} bytes")
    if not appended and frozen.numbers[name] != current.numbers[name]:
        problems.append(f"{name}: {frozen.numbers[name]} bytes became {current.numbers[name]}")
    return problems, bool(appended)


def compare(frozen, current):
    """Every way in which `current` is not `frozen` with something appended."""
    problems = []
    grown = set(current.structs) > set(frozen.structs)
    for name in frozen.structs:
        found, appended = struct_problems(name, frozen, current)
        problems += found
        grown = grown or appended
    for name in frozen.constants:
        if name not in current.numbers:
            problems.append(f"{name}: is gone")
        elif name != MINOR and frozen.numbers[name] != current.numbers[name]:
            problems.append(f"{name}: {frozen.numbers[name]} became {current.numbers[name]}")
    for name, text in frozen.texts.items():
        if current.texts.get(name) != text:
            problems.append(f"{name}: `{text}` became `{current.texts.get(name)}`")
    grown = grown or set(current.constants) > set(frozen.constants)
    grown = grown or set(current.texts) > set(frozen.texts)
    minors = frozen.numbers[MINOR], current.numbers[MINOR]
    if minors[1] < minors[0] or (grown and minors[1] == minors[0]):
        problems.append(f"{MINOR}: {minors[0]} became {minors[1]}"
                        + (", but something was appended" if grown else ""))
    return problems


# Header, what to find, what to put in its place, and what is to be said of it: None is allowed.
RAISED = ("abi.h", f"{MINOR} 0", f"{MINOR} 1")
CHANGES = [
    ([RAISED], None),
    ([RAISED, ("index.h", "const uint32_t* cancelled;", "const uint32_t* cancelled; int more;")],
     None),
    ([RAISED, ("abi.h", "THESPIS_CANCELLED = 8", "THESPIS_CANCELLED = 8, THESPIS_MORE = 9")], None),
    ([RAISED, ("compute.h", "typedef struct thespis_ranks_task",
               "typedef struct thespis_more { uint32_t struct_size; } thespis_more;\n"
               "typedef struct thespis_ranks_task")], None),
    ([("index.h", "const uint32_t* cancelled;", "const uint32_t* cancelled; int more;")],
     "but something was appended"),
    ([("abi.h", "THESPIS_CANCELLED = 8", "THESPIS_CANCELLED = 8, THESPIS_MORE = 9")],
     "but something was appended"),
    ([("abi.h", "THESPIS_ABI_MAJOR 1", "THESPIS_ABI_MAJOR 2")], "THESPIS_ABI_MAJOR: 1 became 2"),
    ([("abi.h", "THESPIS_IO = 5", "THESPIS_IO = 9")], "THESPIS_IO: 5 became 9"),
    ([("abi.h", "THESPIS_IO = 5,", "")], "THESPIS_IO: is gone"),
    ([("abi.h", "THESPIS_FAILURE_BYTES 512", "THESPIS_FAILURE_BYTES 1024")], "512 became 1024"),
    ([("index.h", "THESPIS_ARENA_ON_DISK UINT32_C(2)", "THESPIS_ARENA_ON_DISK UINT32_C(4)")],
     "2 became 4"),
    ([("abi.h", "UINT32_C(1) << (element)", "UINT32_C(2) << (element)")], "THESPIS_ELEMENT_BIT"),
    ([("abi.h", '"thespis_plugin"', '"thespis_entry"')], "THESPIS_PLUGIN_SYMBOL"),
    ([("abi.h", "typedef uint32_t thespis_metric;", "typedef uint64_t thespis_metric;")],
     "thespis_metric"),
    ([("abi.h", "(*thespis_parallel_body)(void* state, size_t item)",
       "(*thespis_parallel_body)(void* state, int item)")], "thespis_parallel_body"),
    ([RAISED, ("index.h", "  uint32_t slot;\n", "  uint32_t slot;\n  uint32_t shard;\n")],
     "thespis_hit: "),
    ([RAISED, ("index.h", "  float rank;\n", "  float rank;\n  float error;\n")],
     "thespis_hit: never grows"),
    ([RAISED, ("quantizer.h", "  uint64_t seed;", "  uint32_t more;\n  uint64_t seed;")],
     "thespis_quantizer_params: `uint64_t seed` became `uint32_t more`"),
    ([("quantizer.h", "  uint64_t seed;", "  int64_t seed;")], "`int64_t seed`"),
    ([("compute.h", "const float* queries;\n  uint64_t row_count;",
       "uint64_t row_count;\n  const float* queries;")], "thespis_ranks_task"),
    ([("compute.h", "const char* (*target)(void* self);", "")], "thespis_compute_table"),
    ([("compute.h", "const char* (*target)(void* self);",
       "const char* (*target)(const void* self);")], "thespis_compute_table"),
    ([("index.h", "void (*destroy)(void* self);", "void* spare;\n  void (*destroy)(void* self);")],
     "thespis_index_table"),
]


def changed_copy(folder, changes, to):
    for header in HEADERS:
        text = (folder / "thespis" / "plugin" / header).read_text(encoding="utf-8")
        for where, before, after in changes:
            if where == header:
                if before not in text:
                    sys.exit(f"{header} has no `{before}` to change")
                text = text.replace(before, after, 1)
        (to / "thespis" / "plugin").mkdir(parents=True, exist_ok=True)
        (to / "thespis" / "plugin" / header).write_text(text, encoding="utf-8")


def try_comparison(folder, frozen, compiler):
    """Whether the comparison finds what it has to, on changed copies of the frozen headers."""
    failed = []
    for changes, expected in CHANGES:
        with tempfile.TemporaryDirectory() as scratch:
            changed_copy(folder, changes, pathlib.Path(scratch))
            found = compare(frozen, Interface(pathlib.Path(scratch), compiler))
        right = not found if expected is None else any(expected in one for one in found)
        if not right:
            failed.append(f"changed by {changes}: expected {expected}, found {found}")
    return failed


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--compiler", required=True)
    words.add_argument("--frozen", required=True, type=pathlib.Path)
    words.add_argument("--current", required=True, type=pathlib.Path)
    given = words.parse_args()
    frozen = Interface(given.frozen, given.compiler)
    problems = try_comparison(given.frozen, frozen, given.compiler)
    problems += compare(frozen, Interface(given.current, given.compiler))
    for problem in problems:
        print(problem)
    print(f"{len(frozen.structs)} structures, {len(frozen.constants)} constants, "
          f"{len(frozen.texts)} types and macros, {len(CHANGES)} trials; {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
