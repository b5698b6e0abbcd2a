# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Runs every example of docs/api.md, in the order of the page, against one server.

A section `### ...` describes an operation. Its routes stand on a line of their own, in backquotes:
`PUT /collections/{collection}`, `GET /health`. It has at least one example, and one for each of its
routes. An example is a fenced block `http` and the block `json STATUS` or `text STATUS` behind it:

    ```http
    POST /collections/books/points/count
    content-type: application/json

    {"exact": true}
    ```

    ```json 200
    {"result": {"count": 3}, "status": "ok", "time": 0.0001}
    ```

Header lines and the body may be missing. The reply has the status, every member that the example
has, and lists of the same length; it may have more members. `time` is any number. Beyond that, a
string "…" stands for any value, `…` within a string for any text, and <name> in the place of a
whole string for a value that later requests and replies repeat by the same <name>. Lines of a
`text` reply occur in this order.
"""

import json
import math
import pathlib
import re
import tempfile
import unittest

from thespis_server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "api.md"
ROUTES = re.compile(r'\{\s*method::(\w+),\s*"(/[^"]*)"')
METHODS = {"del": "DELETE"}
ROUTE_LINE = re.compile(r"^(`[A-Z]+ /[^`]*`(, )?)+$")
NAME = re.compile(r"<([a-z_]+)>")
ANY = "…"


class Example:
    """One request and what it is answered."""

    def __init__(self, line, request):
        self.line = line
        head, _, self.body = "\n".join(request).partition("\n\n")
        first, *headers = head.split("\n")
        self.method, self.target = first.split(" ", 1)
        self.headers = dict(re.split(r":\s*", header, maxsplit=1) for header in headers)
        self.kind = None
        self.status = None
        self.reply = None

    def is_of(self, route):
        method, pattern = route.split(" ", 1)
        path = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern))
        return method == self.method and re.fullmatch(path, self.target.partition("?")[0])


class Section:
    def __init__(self, line, title):
        self.line = line
        self.title = title
        self.routes = []
        self.examples = []


def read_page(text):
    """Sections of operations; raises ValueError where the page breaks its form."""
    sections = []
    fence, content, begin = None, [], 0
    waiting = None
    for number, line in enumerate(text.split("\n"), start=1):
        if fence is not None:
            if line != "```":
                content.append(line)
                continue
            waiting = end_of_block(sections, waiting, fence, content, begin)
            fence = None
        elif line.startswith("```"):
            fence, content, begin = line[3:].split(), [], number
        elif line.startswith("#"):
            if waiting:
                raise ValueError(f"line {waiting.line}: no reply behind the request")
            if line.startswith("### "):
                sections.append(Section(number, line[4:]))
            elif not line.startswith("####"):
                sections.append(None)  # an example here is of no operation
        elif ROUTE_LINE.match(line) and sections and sections[-1]:
            sections[-1].routes += re.findall(r"`([^`]*)`", line)
    if fence is not None or waiting:
        raise ValueError(f"line {begin}: the last block does not end, or a reply is missing")
    return [section for section in sections if section]


def end_of_block(sections, waiting, fence, content, begin):
    """The example that waits for its reply behind this block, if any."""
    if fence == ["http"]:
        if waiting:
            raise ValueError(f"line {waiting.line}: no reply behind the request")
        return Example(begin, content)
    if not waiting:
        return None
    if len(fence) != 2 or fence[0] not in ("json", "text"):
        raise ValueError(f"line {begin}: expected a reply as `json STATUS` or `text STATUS`")
    if not sections or not sections[-1]:
        raise ValueError(f"line {waiting.line}: an example outside of a section of an operation")
    waiting.kind, waiting.status, waiting.reply = fence[0], int(fence[1]), "\n".join(content)
    sections[-1].examples.append(waiting)
    return None


def routes_of_the_server():
    found = set()
    for source in sorted((ROOT / "protocols" / "rest").glob("*.cpp")):
        for method, pattern in ROUTES.findall(source.read_text(encoding="utf-8")):
            found.add(f"{METHODS.get(method, method.upper())} {pattern}")
    return found


class Judge:
    """Compares replies with examples; remembers what names stand for."""

    def __init__(self):
        self.names = {}

    def filled(self, text):
        return NAME.sub(lambda name: str(self.names.get(name[1], name[0])), text)

    def differences(self, expected, actual, where="reply"):
        if isinstance(expected, str):
            yield from self.of_text(expected, actual, where)
        elif isinstance(expected, dict) and isinstance(actual, dict):
            for key, value in expected.items():
                if key not in actual:
                    yield f"{where}.{key} is missing"
                elif where == "reply" and key == "time":
                    yield from self.of_number(0, actual[key], f"{where}.{key}", any_value=True)
                else:
                    yield from self.differences(value, actual[key], f"{where}.{key}")
        elif isinstance(expected, list) and isinstance(actual, list):
            if len(expected) != len(actual):
                yield f"{where} has {len(actual)} elements, expected {len(expected)}"
            for at, (one, other) in enumerate(zip(expected, actual)):
                yield from self.differences(one, other, f"{where}[{at}]")
        elif isinstance(expected, (int, float)) and not isinstance(expected, bool):
            yield from self.of_number(expected, actual, where)
        elif expected is not actual:  # true, false and null, or of another kind
            yield f"{where} is {actual!r}, expected {expected!r}"

    def of_number(self, expected, actual, where, any_value=False):
        if isinstance(actual, bool) or not isinstance(actual, (int, float)):
            yield f"{where} is {actual!r}, expected a number"
        elif not any_value and not math.isclose(expected, actual, rel_tol=1e-5, abs_tol=1e-9):
            yield f"{where} is {actual!r}, expected {expected!r}"

    def of_text(self, expected, actual, where):
        name = NAME.fullmatch(expected)
        if expected == ANY:
            return
        if name and name[1] not in self.names:
            self.names[name[1]] = actual
            return
        if name:
            if self.names[name[1]] != actual:
                yield f"{where} is {actual!r}, expected {self.names[name[1]]!r}"
            return
        pattern = ".*".join(re.escape(part) for part in self.filled(expected).split(ANY))
        if not isinstance(actual, str) or not re.fullmatch(pattern, actual, re.DOTALL):
            yield f"{where} is {actual!r}, expected {expected!r}"

    def lines(self, expected, actual):
        rest = iter(actual.split("\n"))
        for line in expected.split("\n"):
            if not any(not list(self.of_text(line, other, "line")) for other in rest):
                yield f"no line {line!r} in {actual[:2000]!r}"


def problems_of(example, judge, client):
    body = judge.filled(example.body) if example.body else None
    reply = client.request(example.method, judge.filled(example.target), body, headers={
        name: judge.filled(value) for name, value in example.headers.items()})
    if reply.status != example.status:
        return [f"status {reply.status}, expected {example.status}: {reply.body[:2000]!r}"]
    if example.kind == "text":
        return list(judge.lines(example.reply, reply.body.decode()))
    found = list(judge.differences(json.loads(example.reply), reply.json))
    return found and found + [f"the reply: {reply.body[:2000]!r}"]


class ApiExamplesTest(unittest.TestCase):
    def setUp(self):
        self.sections = read_page(PAGE.read_text(encoding="utf-8"))

    def report(self, problems):
        if problems:
            self.fail("\n" + "\n".join(problems))

    def test_examples_are_answered_as_they_say(self):
        problems = []
        judge = Judge()
        with (tempfile.TemporaryDirectory() as folder,
              Server(pathlib.Path(folder) / "data") as server):
            client = server.start().client()
            for section in self.sections:
                for example in section.examples:
                    problems += [f"{PAGE.name}:{example.line}: {section.title}: {problem}"
                                 for problem in problems_of(example, judge, client)]
            client.close()
            self.assertEqual(server.stop(), 0)
        self.report(problems)

    def test_every_section_has_an_example_of_each_of_its_routes(self):
        problems = []
        for section in self.sections:
            if not section.examples:
                problems.append(f"{PAGE.name}:{section.line}: '{section.title}' has no example")
            problems += [f"{PAGE.name}:{section.line}: no example of {route}"
                         for route in section.routes
                         if not any(example.is_of(route) for example in section.examples)]
        self.report(problems)

    def test_every_route_has_a_section(self):
        served = routes_of_the_server()
        described = [route for section in self.sections for route in section.routes]
        self.assertGreater(len(served), 20)
        self.assertEqual(sorted(served - set(described)), [], "routes without a section")
        self.assertEqual(sorted(set(described) - served), [], "sections without a route")
        self.assertEqual(len(described), len(set(described)), "a route has two sections")


class RunnerTest(unittest.TestCase):
    """That the runner finds what is wrong."""

    def test_what_differs_is_told(self):
        same = [(1, 1.0), ("…", None), ("a…c", "abc"), ({"time": 0}, {"time": 9.5, "more": 1}),
                ([{}], [{"a": 1}]), (None, None), (0.1, 0.1000000001)]
        other = [(1, 2), (1, True), (True, 1), (None, 0), ("a…c", "abd"), ("a", 1), ([], [1]),
                 ([1], []), ({"a": 1}, {}), ({}, []), ({"time": 0}, {"time": "0"}), (0, None),
                 ({"a": {"time": 1}}, {"a": {"time": 2}}), (False, None)]
        for expected, actual in same:
            self.assertEqual(list(Judge().differences(expected, actual)), [], (expected, actual))
        for expected, actual in other:
            self.assertNotEqual(list(Judge().differences(expected, actual)), [], (expected, actual))

    def test_a_name_stands_for_one_value(self):
        judge = Judge()
        self.assertEqual(list(judge.differences({"id": "<operation>"}, {"id": 7})), [])
        self.assertEqual(judge.filled("/operations/<operation>?wait=<more>"),
                         "/operations/7?wait=<more>")
        self.assertNotEqual(list(judge.differences("<operation>", 8)), [])

    def test_lines_come_in_order(self):
        self.assertEqual(list(Judge().lines("b…\nd", "a\nbc\nd\n")), [])
        self.assertNotEqual(list(Judge().lines("d\nb", "a\nb\nd")), [])

    def test_a_page_that_breaks_its_form_is_refused(self):
        request = "```http\nGET /\n```\n"
        for text in ["### A\n" + request, "### A\n" + request + request, request + "### A\n",
                     "### A\n" + request + "```json\n{}\n```\n", "### A\n```http\nGET /\n",
                     "## A\n" + request + "```json 200\n{}\n```\n"]:
            with self.assertRaises(ValueError, msg=text):
                read_page(text)

    def test_a_section_is_read_whole(self):
        section, = read_page("### A\n\n`GET /a/{id}`, `PUT /b`\n\n```http\nPUT /b?c=1\nd: e: f\n\n"
                             "{\n\n}\n```\n\nso\n\n```json 404\n{}\n```\n")
        self.assertEqual(section.routes, ["GET /a/{id}", "PUT /b"])
        example, = section.examples
        self.assertEqual((example.method, example.target, example.headers, example.body),
                         ("PUT", "/b?c=1", {"d": "e: f"}, "{\n\n}"))
        self.assertEqual((example.status, example.reply), (404, "{}"))
        self.assertTrue(example.is_of("PUT /b"))
        self.assertFalse(example.is_of("GET /b"))
        self.assertFalse(example.is_of("PUT /b/{id}"))


if __name__ == "__main__":
    unittest.main()
