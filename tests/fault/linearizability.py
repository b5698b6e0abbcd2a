# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Clients write and read a few hot points, beside kills and restarts; is what each of them saw of
each point the history of one register?

Every point is a register that holds a number or nothing. Writes are upserts (with a new vector, or
with the vector that is known and a new payload) and deletes; reads are by id, one or several, by
exact search with and without payload, by scroll, by count and by a question for existence. An
operation without an answer may have happened until its server was dead, or never. A few points
are always written together: no read may show one request half done, and so they count as one more
register. All connections together make one history, so that an acknowledged write that another
connection does not see at once, and a view that goes back in time, break it.

Usage: THESPIS_BINARY=... linearizability.py [--seconds S] [--seed S] [--clients C] [--calm]
"""

import argparse
import bisect
import collections
import http.client
import itertools
import math
import pathlib
import random
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from register_history import ABSENT, PRESENT, READ, WRITE, NotLinearizable, Operation, check
from thespis_server import Server, ServerFailed

DIM = 8
HOT = [1, 2, "7d1b4c52-0c7c-4a38-9d4e-2b8f4c6f9a01", "a hot point"]
TOGETHER = [101, 102, "a third of three"]
GROUP = "the three together"
ALONE = 1  # The only point of its collection, so that a count tells of it.
MANY = "many"
ONE = "one"
UPTIME_S = (0.5, 2.5)
# Answers that leave open whether a write was done.
OPEN_STATUSES = (503, 504)


class Broken(Exception):
    """A promise was broken."""


def vector_of(number):
    """A vector that only this number has, exact in float32."""
    return [float((number >> (3 * digit)) & 7) + 1.0 for digit in range(DIM)]


class Over(Exception):
    """The time is over, or another client failed."""


class Recorder:
    """The operations of all clients, by register, and the times at which servers were dead."""

    def __init__(self):
        self.operations = collections.defaultdict(list)
        self.deaths = []
        self.numbers = itertools.count(1)
        self.vectors = {}  # Number of a write to the number that its vector stands for.

    def note(self, register, operation):
        self.operations[register].append(operation)

    def bounded(self, operation):
        """A lost operation cannot have happened after its server was dead."""
        at = bisect.bisect_right(self.deaths, operation.start)
        end = self.deaths[at] if at < len(self.deaths) else math.inf
        return Operation(operation.kind, operation.start, end, operation.value, True,
                         operation.client)

    def histories(self):
        for register, operations in self.operations.items():
            yield register, [self.bounded(one) if one.optional else one for one in operations]


class Hot:
    """The server, which is replaced now and then."""

    def __init__(self, server, recorder):
        self.server = server
        self.recorder = recorder
        self.generation = 0
        self.over = threading.Event()
        self.kills = 0
        self.stops = 0

    def replace(self, source):
        orderly = source.random() < 0.3
        if orderly:
            if self.server.stop() != 0:
                raise Broken(f"an orderly end failed:\n{self.server.output()[-3000:]}")
            self.stops += 1
        else:
            self.server.kill()
            self.kills += 1
        self.recorder.deaths.append(time.monotonic())
        self.server.start()
        self.generation += 1


class Client(threading.Thread):
    """One connection at a time, one operation after another."""

    def __init__(self, number, hot, recorder, source):
        super().__init__(daemon=True)
        self.number = number
        self.hot = hot
        self.recorder = recorder
        self.source = source
        self.connection = None
        self.generation = 0  # Of the server that it is connected to.
        self.failure = None
        self.answered = 0
        self.lost = 0
        self.steps = [(6, self.write), (2, self.change_payload), (3, self.delete),
                      (5, self.read_one), (2, self.read_many), (4, self.search),
                      (2, self.search_bare), (2, self.scroll), (2, self.count), (1, self.exists),
                      (2, self.write_together), (1, self.delete_together)]

    def run(self):
        weights = [weight for weight, _ in self.steps]
        calls = [call for _, call in self.steps]
        try:
            while not self.hot.over.is_set():
                self.source.choices(calls, weights)[0]()
        except Over:
            pass
        except Exception as failure:
            self.failure = failure
            self.hot.over.set()
        finally:
            self.disconnect()

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def connect(self):
        """Waits for a server; what is asked before there is one is not asked at all."""
        while self.connection is None:
            if self.hot.over.is_set():
                raise Over
            self.generation = self.hot.generation
            self.connection = self.hot.server.client()
            try:
                self.connection.connection.connect()
            except OSError:
                self.disconnect()
                time.sleep(0.01)

    def give_up(self, start):
        """An operation may stay open until its server is dead, so the next one waits for that:
        the number of open ones is what makes a history hard to judge."""
        self.disconnect()
        self.lost += 1
        while self.generation == self.hot.generation and not self.hot.over.is_set():
            time.sleep(0.005)
        return None, start, math.inf

    def ask(self, method, path, body=None, statuses=(200,)):
        """The answer and the time around it; no answer: None and the time of the start."""
        self.connect()
        start = time.monotonic()
        try:
            answer = self.connection.request(method, path, body)
        except (OSError, http.client.HTTPException):
            return self.give_up(start)
        end = time.monotonic()
        if answer.status in OPEN_STATUSES:
            return self.give_up(start)
        if answer.headers.get("connection", "").lower() == "close":
            self.disconnect()
        if answer.status not in statuses:
            raise Broken(f"{method} {path} {body}: {answer.status} {answer.body[:500]!r}")
        self.answered += 1
        return answer, start, end

    def note(self, register, kind, start, end, value=ABSENT, optional=False):
        self.recorder.note(register, Operation(kind, start, end, value, optional, self.number))

    # Writes.

    def some_key(self):
        return (ONE, ALONE) if self.source.random() < 0.2 else (MANY, self.source.choice(HOT))

    def put(self, collection, registers, keys, number, vector_number):
        self.recorder.vectors[number] = vector_number
        points = [{"id": key, "vector": vector_of(vector_number), "payload": {"n": number}}
                  for key in keys]
        answer, start, end = self.ask("PUT", f"/collections/{collection}/points?wait=true",
                                      {"points": points})
        for register in registers:
            self.note(register, WRITE, start, end, number, optional=answer is None)

    def remove(self, collection, registers, keys):
        answer, start, end = self.ask("POST", f"/collections/{collection}/points/delete?wait=true",
                                      {"points": keys})
        for register in registers:
            self.note(register, WRITE, start, end, ABSENT, optional=answer is None)

    def write(self):
        collection, key = self.some_key()
        number = next(self.recorder.numbers)
        self.put(collection, [(collection, key)], [key], number, number)

    def change_payload(self):
        collection, key = self.some_key()
        answer, start, end = self.ask("GET", self.path_of(collection, key), statuses=(200, 404))
        if answer is None:
            return
        seen = self.seen(answer.result) if answer.status == 200 else ABSENT
        self.note((collection, key), READ, start, end, seen)
        if seen is ABSENT:
            return
        self.put(collection, [(collection, key)], [key], next(self.recorder.numbers),
                 self.recorder.vectors[seen])

    def delete(self):
        collection, key = self.some_key()
        self.remove(collection, [(collection, key)], [key])

    def write_together(self):
        number = next(self.recorder.numbers)
        self.put(MANY, [(MANY, GROUP)], TOGETHER, number, number)

    def delete_together(self):
        self.remove(MANY, [(MANY, GROUP)], TOGETHER)

    # Reads.

    @staticmethod
    def path_of(collection, key):
        return f"/collections/{collection}/points/{str(key).replace(' ', '%20')}"

    def seen(self, point):
        """The number that a point holds; its vector must be the one written with it."""
        number = point["payload"]["n"]
        if point["vector"] != vector_of(self.recorder.vectors[number]):
            raise Broken(f"point {point['id']} has the payload of write {number} and the vector "
                         f"{point['vector']} of another")
        return number

    def note_all(self, collection, found, start, end, keys):
        """Notes what one request showed of several points: id to number."""
        group = {found.get(key, ABSENT) for key in TOGETHER if key in keys}
        if len(group) > 1:
            raise Broken(f"client {self.number} saw a request half done: "
                         f"{ {key: found.get(key) for key in TOGETHER} }")
        if group:
            self.note((collection, GROUP), READ, start, end, group.pop())
        for key in keys:
            if key not in TOGETHER:
                self.note((collection, key), READ, start, end, found.get(key, ABSENT))

    def by_id(self, points):
        found = {}
        for point in points:
            if point["id"] in found:
                raise Broken(f"point {point['id']} occurs twice in one answer: {points}")
            found[point["id"]] = self.seen(point)
        return found

    def read_one(self):
        collection, key = self.some_key()
        answer, start, end = self.ask("GET", self.path_of(collection, key), statuses=(200, 404))
        if answer is not None:
            seen = self.seen(answer.result) if answer.status == 200 else ABSENT
            self.note((collection, key), READ, start, end, seen)

    def read_points(self, path, body, points_of):
        answer, start, end = self.ask("POST", f"/collections/{MANY}/points{path}", body)
        if answer is not None:
            found = self.by_id(points_of(answer.result))
            self.note_all(MANY, found, start, end, HOT + TOGETHER)

    def read_many(self):
        body = {"ids": HOT + TOGETHER, "with_payload": True, "with_vector": True}
        self.read_points("", body, lambda points: points)

    def scroll(self):
        body = {"limit": 100, "with_payload": True, "with_vector": True}
        self.read_points("/scroll", body, lambda page: page["points"])

    def query(self, limit):
        number = max(1, next(self.recorder.numbers) - self.source.randrange(20))
        return {"query": vector_of(number), "limit": limit, "params": {"exact": True}}

    def search(self):
        body = {**self.query(100), "with_payload": True, "with_vector": True}
        self.read_points("/query", body, lambda hits: hits["points"])

    def search_bare(self):
        """Ids and scores alone, which come from memory and not from storage."""
        answer, start, end = self.ask("POST", f"/collections/{MANY}/points/query", self.query(100))
        if answer is None:
            return
        ids = [hit["id"] for hit in answer.result["points"]]
        if len(set(ids)) != len(ids):
            raise Broken(f"a search names a point twice: {ids}")
        together = {key in ids for key in TOGETHER}
        if len(together) > 1:
            raise Broken(f"client {self.number} saw a request half done: a search shows {ids}")
        for register, there in [*((key, key in ids) for key in HOT), (GROUP, together.pop())]:
            self.note((MANY, register), PRESENT if there else READ, start, end)

    def count(self):
        answer, start, end = self.ask("POST", f"/collections/{ONE}/points/count", {"exact": True})
        if answer is None:
            return
        count = answer.result["count"]
        if count not in (0, 1):
            raise Broken(f"a collection with one id counts {count} points")
        self.note((ONE, ALONE), PRESENT if count else READ, start, end)

    def exists(self):
        collection, key = self.some_key()
        answer, start, end = self.ask("GET", f"{self.path_of(collection, key)}/exists")
        if answer is not None:
            there = answer.result["exists"]
            self.note((collection, key), PRESENT if there else READ, start, end)


def make_collections(server):
    client = server.client()
    for collection in (MANY, ONE):
        made = client.put(f"/collections/{collection}",
                          {"vectors": {"size": DIM, "distance": "Euclid"}})
        if made.result is not True:
            raise Broken(f"collection {collection} was not made")
    client.close()


def judge(recorder):
    judged = 0
    for (collection, key), operations in recorder.histories():
        operations.sort(key=lambda one: one.start)
        try:
            check(operations)
        except NotLinearizable as failure:
            raise Broken(f"{collection}, {key!r}: not linearizable: {failure}") from failure
        judged += len(operations)
    return judged


def run(options, folder):
    source = random.Random(options.seed)
    recorder = Recorder()
    with Server(folder / "data") as server:
        server.start()
        make_collections(server)
        hot = Hot(server, recorder)
        clients = [Client(number, hot, recorder, random.Random(source.getrandbits(64)))
                   for number in range(options.clients)]
        for client in clients:
            client.start()
        end = time.monotonic() + options.seconds
        try:
            while time.monotonic() < end and not hot.over.is_set():
                hot.over.wait(min(source.uniform(*UPTIME_S), max(0, end - time.monotonic())))
                if not options.calm and not hot.over.is_set() and time.monotonic() < end:
                    hot.replace(source)
        except ServerFailed as failure:
            raise Broken(str(failure)) from failure
        finally:
            hot.over.set()
            for client in clients:
                client.join()
        for client in clients:
            if client.failure is not None:
                raise Broken(f"client {client.number}: {client.failure!r}\n"
                             f"{server.output()[-3000:]}") from client.failure
    judged = judge(recorder)
    answered = sum(client.answered for client in clients)
    lost = sum(client.lost for client in clients)
    if options.calm and lost:
        raise Broken(f"{lost} requests were not answered although the server was up")
    print(f"{judged} operations on {len(recorder.operations)} registers by {len(clients)} clients, "
          f"{answered} requests answered, {lost} lost, "
          f"{hot.kills} kills, {hot.stops} orderly restarts: linearizable")
    if answered < 20 * options.seconds:
        raise Broken("too little was done for this to prove anything")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--calm", action="store_true", help="no kills and no restarts")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-linear-"))
    try:
        run(options, folder)
    except Broken as failure:
        print(f"FAILED (seed {options.seed}, data in {folder}): {failure}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
