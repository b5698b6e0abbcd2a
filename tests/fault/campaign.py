# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Rounds of work that a strike ends, each followed by a check of everything that was promised.

A `Rig` knows where the data lies and how a server is struck: by kill -9 (`kills.py`) or by a power
cut (`power_cut.py`). A round is: workers write, the strike comes at a random moment or while the
server is in a phase that the plan names, in some rounds again while it starts, then the oracle
checks, the server is killed and started again, and nothing may have changed. The same server goes
on with the next round.
"""

import collections
import os
import pathlib
import random
import re
import signal
import sys
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import oracle
from ledger import Book, Broken
from phases import Marksman, Phases
from thespis_server import Server, ServerFailed
from workload import CollectionLife, IndexChecker, PointWriter, random_id

SCHEMAS = {
    "single": {"": (16, "Euclid")},
    "named": {"image": (12, "Cosine"), "text": (5, "Dot")},
}
# Graphs answer from the first point on.
GRAPH = {"hnsw_config": {"full_scan_threshold": 0}}
CODES = {"hnsw_config": {"full_scan_threshold": 0, "preset": "fast", "m": 8},
         "quantization_config": {"scalar": {"type": "int8"}}, "vector": {"on_disk": True}}
SCAN = {"vector": {"index": "flat"}}
LASTING = {"single": GRAPH, "named": CODES}
SHORT_LIVED = [("come", "single", GRAPH), ("go", "named", GRAPH), ("scan", "single", SCAN)]
IDS_PER_WORKER = 240
WRITERS = 4

# Checkpoints, saves, trims and new log files as often as settings allow.
BUSY = {
    "THESPIS__STORAGE__CHECKPOINT_LOG_BYTES": str(1 << 20),
    "THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "1",
    "THESPIS__STORAGE__JOURNAL_RETENTION_BYTES": "0",
    "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1",
    "THESPIS__STORAGE__CACHE_BYTES": str(32 << 20),
}
LOG_FILE_BYTES = [100 << 10, 1 << 20]

# Steps that take longer in some of the starts, each independently, so that a strike lies within
# them more often; slow syncs also gather writes that are not durable yet. Builds without fail
# points take no notice.
SLOW_STEPS = ["flusher.sync=wait:5@always", "flusher.sync=wait:40@always",
              "journal.rows_removed=wait:4@always", "journal.trim_committed=wait:4@always",
              "write.rows_put=wait:1@always", "derived.block_written=wait:2@always",
              "derived.synced=wait:2@always", "create.points_table_made=wait:3@always",
              "drop.slots_table_dropped=wait:3@always", "checkpoint.segments_saved=wait:3@always",
              "recovery.log_replayed=wait:3@always"]
SLOW = 0.25

ANY = None
# What a round aims at; a plan goes through all of them in a random order, over and over.
TARGETS = [ANY, ANY, ANY, "write.commit", "write.flush", "checkpoint", "journal.trim",
           "journal.trim", "index.build", "index.maintain", "index.save", "slots.save",
           "slots.save", "collection.create", "collection.drop", "tables.drop", "recovery",
           "recovery", "collection.load", "collection.load"]
CYCLES_PER_BIRTH = 3
PHASES = sorted({target for target in TARGETS if target is not ANY})
STARTING = ("recovery", "collection.load")
WRITE_S_MAX = 0.5
AIM_S_MAX = 2.0
DELAY_US_MAX = 3_000
# In such a part of the rounds the strike waits for derived state that was saved since the start,
# so that recovery begins from there.
WAIT_SAVED = 0.25
WAIT_SAVED_S_MAX = 1.5
# In a row, while the server starts.
STRIKES_STARTING_MAX = 3
CHECK_INDEX = 0.25
# So many strikes must have hit every phase, or a run proves less than it says.
LONG = 200

FAILED = re.compile(r"quarantined|collection failed|corrupt|panic|assert", re.IGNORECASE)
NOTED = {"index rebuilt": "saved index does not fit", "slots read again": "saved slots do not fit",
         "rows read again": "saved rows do not fit"}


class Tally:
    """What a campaign did, to be added up over several jobs."""

    def __init__(self):
        self.rounds = 0
        self.numbers = collections.Counter()
        self.hits = collections.Counter()
        self.entered = collections.Counter()

    def add(self, other):
        self.rounds += other["rounds"]
        self.numbers.update(other["numbers"])
        self.hits.update(other["hits"])
        self.entered.update(other["entered"])

    def plain(self):
        return {"rounds": self.rounds, "numbers": self.numbers, "hits": self.hits,
                "entered": self.entered}

    def print(self, strikes):
        for name, number in sorted(self.numbers.items()):
            print(f"{name:>34}  {number}")
        print(f"{'phase':>34}  {'entered':>8}  hit by {strikes}")
        for phase in PHASES:
            print(f"{phase:>34}  {self.entered[phase]:>8}  {self.hits[phase]}")

    def missed(self):
        """Phases that a run as long as this should have hit, and did not."""
        return [] if self.rounds < LONG else [p for p in PHASES if self.hits[p] == 0]


class Campaign:
    """One server, its ledgers and the rounds. `folder` holds the ledgers; the rig has the data."""

    def __init__(self, rig, seed, folder):
        self.rig = rig
        self.source = random.Random(seed)
        self.tally = rig.tally = Tally()
        self.phases = Phases(folder / "phases")
        self.marksman = Marksman(self.phases)
        self.book = Book(folder / "ledger")
        self.targets = []
        self.cycles = 0
        self.log_seen = 0
        log_file_bytes = self.source.choice(LOG_FILE_BYTES)
        self.environment = {**BUSY, "THESPIS__STORAGE__LOG_FILE_BYTES": str(log_file_bytes),
                            "THESPIS_PHASES": str(self.phases.path)}
        self.server = Server(rig.data_dir, prefix=rig.prefix)
        self.ids = {}

    def close(self):
        self.server.__exit__()
        self.marksman.close()

    # Starting and striking

    def spawn(self):
        self.phases.reset()
        self.server.environment = {**self.environment, **self.rig.environment}
        slow = ",".join(step for step in SLOW_STEPS if self.source.random() < SLOW)
        self.server.environment.setdefault("THESPIS_FAIL_POINTS", slow)
        self.server.spawn()

    def start(self):
        self.spawn()
        self.server.wait_ready()

    def strike(self, phase, delay_us, timeout_s, workers=()):
        """Ends the server while it is in `phase`, or after the delay; then joins the workers."""
        pid = self.server.process.pid
        self.marksman.shoot(pid, self.rig.first_signal, phase, delay_us, timeout_s)
        self.rig.finish(self.server, self.source)
        status = self.server.process.wait()
        for worker in workers:
            worker.join()
        if status != -signal.SIGKILL:
            raise Broken(f"the server ended by itself, with {status}")
        self.server.process = None
        for worker in workers:
            if worker.failure is not None:
                raise worker.failure
        rows = self.phases.rows()
        within = {name for name, (inside, _) in rows.items() if inside > 0}
        self.tally.hits.update(within)
        self.tally.entered.update({name: entered for name, (_, entered) in rows.items()})
        if not within:
            self.tally.numbers["strikes in no named phase"] += 1
        self.rig.restore()

    def delay_us(self):
        """As often short as long: some phases are over soon."""
        return int(DELAY_US_MAX ** self.source.random()) - 1

    def strike_while_starting(self, phase):
        """Several times in a row, as a supervisor and bad luck would have it."""
        for _ in range(self.source.randint(1, STRIKES_STARTING_MAX)):
            self.spawn()
            if phase is ANY:
                self.strike(ANY, self.source.randrange(300_000), 0)
            else:
                self.strike(phase, self.delay_us(), AIM_S_MAX)
            self.tally.numbers[f"{self.rig.name} while starting"] += 1

    # A round

    def next_target(self):
        if not self.targets:
            self.cycles += 1
            rare = ["birth"] if self.cycles % CYCLES_PER_BIRTH == 0 else []
            self.targets = TARGETS + rare
            self.source.shuffle(self.targets)
        return self.targets.pop()

    def workers(self, target):
        def seeded():
            return random.Random(self.source.getrandbits(64))
        ledgers = self.book.ledgers
        lasting = list(LASTING)
        made = []
        for number in range(WRITERS):
            name = lasting[number % len(lasting)]
            made.append(PointWriter(self.server, seeded(), ledgers[name], self.ids[number]))
        made.append(CollectionLife(self.server, seeded(),
                                   [ledgers[name] for name, *_ in SHORT_LIVED],
                                   self.ids[WRITERS]))
        if target == "index.maintain" or self.source.random() < 0.2:
            made.append(IndexChecker(self.server, seeded(),
                                     ledgers[self.source.choice(lasting)]))
        return made

    def work(self, target):
        """Writes until the strike."""
        workers = self.workers(target)
        for worker in workers:
            worker.start()
        if self.source.random() < WAIT_SAVED:
            self.wait_saved()
        if target in (ANY, "birth", *STARTING):
            self.strike(ANY, int(self.source.uniform(0, WRITE_S_MAX) * 1e6), 0, workers)
        else:
            # The first time is not always the one.
            time.sleep(self.source.uniform(0, 0.2))
            self.strike(target, self.delay_us(), AIM_S_MAX, workers)
        self.tally.numbers[f"{self.rig.name} while working"] += 1
        lost = [ledger for ledger in self.book.ledgers.values()
                if ledger.unknown or ledger.unknown_life]
        self.tally.numbers["requests without an answer"] += sum(
            len(ledger.unknown) + (ledger.unknown_life is not None) for ledger in lost)

    def wait_saved(self):
        deadline = time.monotonic() + WAIT_SAVED_S_MAX
        while time.monotonic() < deadline:
            within, entered = self.phases.rows().get("slots.save", (0, 0))
            if entered > within and self.server.process.poll() is None:
                self.tally.numbers["strikes after a save"] += 1
                return
            time.sleep(0.01)

    def check(self):
        self.start()
        client = self.server.client()
        with_index = self.source.random() < CHECK_INDEX
        before = oracle.check(client, self.book, self.source, with_index)
        client.close()
        if self.source.random() < 0.5:
            self.strike(ANY, 0, 0)
        else:
            self.server.kill()
        self.start()
        client = self.server.client()
        oracle.check_unchanged(client, before)
        self.check_files({client.get(f"/collections/{name}").result["uuid"] for name in before})
        client.close()
        self.check_log()

    def check_files(self, collections):
        """No table and no derived file of a collection that is not there, and of each that is there
        one table of points and one of slots, of the same generation."""
        found = sorted(path.stem for path in (self.rig.data_dir / "db").glob("*-*.wt"))
        tables = [name[:name.index("-") + 1 + len(str(uuid.UUID(int=0)))] for name in found]
        folders = {path.name for path in (self.rig.data_dir / "derived").iterdir()}
        wanted = sorted(f"{table}-{owner}" for table in ("points", "slots")
                        for owner in collections)
        halves = [{name.removeprefix(kind) for name in found if name.startswith(kind)}
                  for kind in ("points-", "slots-")]
        if sorted(tables) != wanted or halves[0] != halves[1] or not folders <= collections:
            raise Broken(f"collections {collections}, but tables {found} and folders {folders}")

    def check_log(self):
        printed = self.server.output()
        fresh, self.log_seen = printed[self.log_seen:], len(printed)
        for line in fresh.splitlines():
            if FAILED.search(line):
                raise Broken(f"the server printed: {line}")
            for name, words in NOTED.items():
                self.tally.numbers[name] += words in line

    def round(self):
        target = self.next_target()
        if target == "birth":
            self.birth()
        self.work(target)
        if target in STARTING:
            self.strike_while_starting(target)
        elif self.source.random() < 0.15:
            self.strike_while_starting(ANY)
        self.check()
        self.tally.rounds += 1

    def birth(self):
        """The first start of an empty folder, struck; then the collections that last are made."""
        if self.server.process is not None:
            self.server.kill()
        self.rig.empty()
        for _ in range(self.source.randint(0, STRIKES_STARTING_MAX)):
            self.spawn()
            self.strike(self.source.choice([ANY, "recovery"]), self.source.randrange(60_000), 1.0)
            self.tally.numbers[f"{self.rig.name} at a first start"] += 1
        self.start()
        self.book.ledgers.clear()
        self.ids = [[random_id(self.source, worker, number) for number in range(IDS_PER_WORKER)]
                    for worker in range(WRITERS + 1)]
        client = self.server.client()
        if oracle.names(client):
            raise Broken(f"an empty folder shows {oracle.names(client)}")
        for name, options in LASTING.items():
            ledger = self.book.add(name, SCHEMAS[name], options)
            answer = client.put(f"/collections/{name}", ledger.creation())
            if answer.result is not True:
                raise Broken(f"collection '{name}' was not made: {answer.body!r}")
            ledger.created()
        for name, schema, options in SHORT_LIVED:
            self.book.add(name, SCHEMAS[schema], options)
        client.close()

    def run(self, rounds):
        """Yields the tally after each of so many rounds. Raises Broken, after the ledgers were
        written out."""
        try:
            self.birth()
            for _ in range(rounds):
                self.round()
                yield self.tally
            if self.server.stop() != 0:
                raise Broken("the last, orderly end failed")
            self.tally.numbers["acknowledged requests"] = self.book.acknowledged
            if self.book.acknowledged < rounds:
                raise Broken("too few requests were acknowledged for this to prove anything")
        except (AssertionError, ServerFailed, OSError, Broken) as failure:
            self.book.dump()
            kind = type(failure) if isinstance(failure, Broken) else Broken
            raise kind(f"round {self.tally.rounds + 1}: {failure}\nthe server printed:\n"
                       f"{self.server.output()[-3000:]}") from failure


def same_file_system(one, other):
    """Whether two folders lie on one file system."""
    return os.stat(one).st_dev == os.stat(other).st_dev
