# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A short workload that takes every step of a change: for tests that break one of them.

It writes, deletes and overwrites points of an indexed collection, makes, fills and drops others,
copies, renames and empties them and switches aliases,
and waits for saved indexes, checkpoints and trimmed journals between. It ends when it is done or
when the server is gone. Everything is written down in a book; see `ledger.py`.
"""

import http.client
import pathlib
import random
import re
import time
import uuid

import oracle
from ledger import Book, Broken, Value
from thespis_server import REQUEST_TIMEOUT_S
from workload import column_body, list_body, random_id, random_value

# Small and often, so that a few requests reach everything.
SETTINGS = {
    "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1",
    "THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "1",
    "THESPIS__STORAGE__JOURNAL_RETENTION_BYTES": "0",
    "THESPIS__STORAGE__LOG_FILE_BYTES": "102400",
    "THESPIS__STORAGE__CACHE_BYTES": str(4 << 20),
    "THESPIS__STORAGE__IDEMPOTENCY_KEYS_MAX": "4",
}
SCHEMA = {"image": (24, "Cosine"), "text": (6, "Euclid")}
POINTS = 160
BATCH = 40
SAVED_TIMEOUT_S = 20
# A collection that failed is restarted after 100 ms, then after twice as long, and so on.
RECOVERY_TIMEOUT_S = 10
POLL_S = 0.03
# What a server may answer when its disk fails; 503 may leave open what happened.
FAILED = (500, 503, 507)


class Gone(Exception):
    """The server has ended or is no longer to be asked."""


def new_book(folder):
    """A book with the accounts of the collections that a script uses."""
    book = Book(folder)
    for name in ("docs", "brief", "later", "copied", "renamed"):
        book.add(name, SCHEMA)
    return book

DERIVED = re.compile(r"slots|vector-\d+(-r\d+)?\.(index|rows|rows\.sums|numbers|row-index)")


class Script:
    """One run against one server. `refused` are the answers with a status of `FAILED`. A request
    that is not answered within `timeout_s` ends it, a save that is not done within `upkeep_s` does
    not."""

    def __init__(self, server, book, seed, timeout_s=REQUEST_TIMEOUT_S, upkeep_s=SAVED_TIMEOUT_S):
        self.server = server
        self.book = book
        self.source = random.Random(seed)
        self.client = server.client(timeout_s)
        self.upkeep_s = upkeep_s
        self.refused = []
        self.run_id = uuid.uuid4().hex
        self.writes = 0
        self.ids = [random_id(self.source, 1, number) for number in range(POINTS)]

    def close(self):
        self.client.close()

    def run(self):
        """Everything once; whether the server was there to the end."""
        try:
            self.fill()
            self.change()
            self.alter("docs")
            self.reshape("docs")
            self.live_and_die()
            self.change_wholes()
            self.wait_for_upkeep()
            return True
        except Gone:
            return False
        finally:
            self.close()

    def fill(self):
        self.create("docs")
        for first in range(0, POINTS, BATCH):
            self.upsert("docs", self.ids[first:first + BATCH])

    def change(self):
        some = self.source.sample(self.ids, BATCH)
        self.upsert("docs", some, as_columns=True)
        self.upsert_payloads("docs", some[:10])
        self.delete("docs", some[20:])

    def live_and_die(self):
        self.create("brief")
        self.upsert("brief", self.ids[:10])
        self.drop("brief")
        self.create("later")
        self.upsert("later", self.ids[:10])

    def change_wholes(self):
        self.copy("later", "copied")
        self.change_aliases({"live": "later", "spare": "later"},
                            [("create_alias", "live", "later"), ("create_alias", "spare", "later")])
        self.change_aliases({"live": "copied", "rest": "later"},
                            [("delete_alias", "live"), ("create_alias", "live", "copied"),
                             ("rename_alias", "spare", "rest")])
        self.rename("copied", "renamed")
        self.truncate("later")
        self.upsert("later", self.ids[5:10])

    def wait_for_upkeep(self):
        """Until indexes, rows and slots are saved and the journal was trimmed; a server that fails
        at that is given up after a while."""
        deadline = time.monotonic() + self.upkeep_s
        while time.monotonic() < deadline:
            if self.saved() and self.trimmed():
                return
            # A journal is trimmed by whole parts, so something has to follow.
            self.upsert("docs", self.source.sample(self.ids, 10))
            time.sleep(POLL_S)
            if self.refused:
                return

    def resume(self):
        """Once nothing is wrong any more, writes are accepted again."""
        deadline = time.monotonic() + RECOVERY_TIMEOUT_S
        try:
            while True:
                before = len(self.refused)
                if not self.book.ledgers["docs"].exists:
                    self.create("docs")
                self.upsert("docs", self.ids[:10])
                if len(self.refused) == before:
                    return True
                if time.monotonic() > deadline:
                    raise Broken(f"writes are still refused: {self.refused[-1]}")
                time.sleep(POLL_S)
        except Gone:
            return False
        finally:
            self.close()

    def saved(self):
        derived = self.server.data_dir / "derived"
        names = {file.name for file in derived.glob("*/*")}
        indexed = any(re.fullmatch(r"vector-0(-r\d+)?\.index", name) for name in names)
        return indexed and {"vector-0.rows", "vector-0.rows.sums", "slots"} <= names

    def trimmed(self):
        answer = self.ask("GET", "/metrics")
        found = re.search(rb'thespis_journal_lsn\{mark="trimmed"\} (\d+)', answer.body)
        return found is not None and int(found.group(1)) > 0

    def ask(self, method, path, body=None, headers=None):
        try:
            return self.client.request(method, path, body, headers)
        except (OSError, http.client.HTTPException) as failure:
            raise Gone from failure

    def write(self, method, path, body):
        """Every write has a key of its own, so that keys are kept and removed."""
        self.writes += 1
        return self.ask(method, path, body, {"Idempotency-Key": f"{self.run_id}-{self.writes}"})

    def change_points(self, ledger, changes, method, path, body):
        try:
            answer = self.write(method, path, body)
        except Gone:
            ledger.lose(changes)
            raise
        if answer.status == 200:
            ledger.acknowledge(changes)
        elif answer.status in FAILED:
            self.note_refusal(answer)
            self.settle(ledger, changes)
        elif answer.status == 404 and not ledger.exists:
            pass
        else:
            raise Broken(f"{method} {path}: {answer.status} {answer.body[:500]!r}")

    def settle(self, ledger, changes):
        """What a refused write did shows as soon as the collection can be read."""
        path = f"/collections/{ledger.collection}/points"
        body = {"ids": list(changes), "with_vector": True, "with_payload": True}
        try:
            answer = self.ask_until_served("POST", path, body)
        except Gone:
            ledger.lose(changes)
            raise
        shown = {point["id"]: oracle.stored(point) for point in answer.result}
        oracle.settle_changes(ledger, changes, shown)

    def ask_until_served(self, method, path, body=None):
        deadline = time.monotonic() + RECOVERY_TIMEOUT_S
        while (answer := self.ask(method, path, body)).status in FAILED:
            if time.monotonic() > deadline:
                raise Broken(f"{method} {path} is still refused: {answer.body[:500]!r}")
            time.sleep(POLL_S)
        return answer

    def note_refusal(self, answer):
        told = answer.json["status"]
        if not isinstance(told, dict) or not told.get("error"):
            raise Broken(f"an answer with status {answer.status} says nothing: {answer.body!r}")
        self.refused.append((answer.status, told["error"]))

    def alter(self, name):
        """Other indexes of the same points."""
        change = {"hnsw_config": {"m": 12}, "metadata": {"altered": True}}
        answer = self.ask("PATCH", f"/collections/{name}", change)
        if answer.status in FAILED:
            self.note_refusal(answer)
        elif answer.status != 200 and (answer.status != 404 or self.book.ledgers[name].exists):
            raise Broken(f"PATCH {name}: {answer.status} {answer.body[:500]!r}")

    def reshape(self, name):
        """Another vector, which no point has, comes and goes."""
        path = f"/collections/{name}/vectors/extra"
        config = {"dense": {"size": 3, "distance": "Dot"}}
        for method, body in (("PUT", config), ("DELETE", None)):
            answer = self.ask(method, path, body)
            if answer.status in FAILED:
                self.note_refusal(answer)
            elif answer.status not in (200, 404, 409):  # as what was refused before left it
                raise Broken(f"{method} {path}: {answer.status} {answer.body[:500]!r}")

    def upsert(self, name, ids, as_columns=False):
        ledger = self.book.ledgers[name]
        changes = {key: random_value(self.source, self.book, SCHEMA, key) for key in ids}
        body = column_body(changes, SCHEMA) if as_columns else list_body(changes)
        self.change_points(ledger, changes, "PUT", f"/collections/{name}/points?wait=true", body)

    def upsert_payloads(self, name, ids):
        """The same vectors, as far as they are known, with another payload."""
        ledger = self.book.ledgers[name]
        changes = {key: Value(key, ledger.points[key].vectors,
                              {"version": self.book.next_version(), "word": "other"})
                   for key in ids if ledger.points.get(key) is not None}
        if changes:
            self.change_points(ledger, changes, "PUT", f"/collections/{name}/points?wait=true",
                               list_body(changes))

    def delete(self, name, ids):
        self.change_points(self.book.ledgers[name], dict.fromkeys(ids), "POST",
                           f"/collections/{name}/points/delete?wait=true", {"points": ids})

    def truncate(self, name):
        ledger = self.book.ledgers[name]
        self.change_points(ledger, dict.fromkeys(ledger.alive()), "POST",
                           f"/collections/{name}/truncate", None)

    def copy(self, name, to):
        points = self.book.ledgers[name].alive()
        if self.book.ledgers[name].exists:
            self.change_life("create", to, "POST", {"name": to}, f"/collections/{name}/copy",
                             points)

    def rename(self, name, to):
        old, new = self.book.ledgers[name], self.book.ledgers[to]
        if not old.exists:
            return
        points = old.alive()
        try:
            answer = self.write("POST", f"/collections/{name}/rename", {"name": to})
        except Gone:
            old.lose_life("drop")
            new.lose_life("create", points)
            self.book.unknown_rename = (name, to)
            raise
        if answer.status in FAILED:
            self.note_refusal(answer)
            self.settle_life("create", new, points)
            self.settle_life("drop", old)
        elif answer.status == 200:
            new.created(points)
            old.dropped()
        else:
            raise Broken(f"rename of '{name}': {answer.status} {answer.body[:500]!r}")
        if new.exists:
            self.book.aliases = {alias: to if target == name else target
                                 for alias, target in self.book.aliases.items()}

    def change_aliases(self, wanted, actions):
        """The actions lead to `wanted`."""
        if not all(self.book.ledgers[target].exists for target in wanted.values()):
            return
        fields = {"create_alias": ("alias_name", "collection_name"),
                  "delete_alias": ("alias_name",),
                  "rename_alias": ("old_alias_name", "new_alias_name")}
        body = {"actions": [{what: dict(zip(fields[what], names))} for what, *names in actions]}
        if any(what == "rename_alias" and names[0] not in self.book.aliases
               for what, *names in actions):
            return
        try:
            answer = self.write("POST", "/collections/aliases", body)
        except Gone:
            self.book.unknown_aliases = wanted
            raise
        if answer.status in FAILED:
            self.note_refusal(answer)
            self.book.unknown_aliases = wanted
            try:
                oracle.settle_aliases(self.book, oracle.aliases(self.client))
            except (OSError, http.client.HTTPException) as failure:
                raise Gone from failure
        elif answer.status == 200:
            self.book.aliases = wanted
        else:
            raise Broken(f"aliases: {answer.status} {answer.body[:500]!r}")

    def create(self, name):
        self.change_life("create", name, "PUT", self.book.ledgers[name].creation())

    def drop(self, name):
        self.change_life("drop", name, "DELETE")

    def change_life(self, what, name, method, body=None, path=None, points=None):
        ledger = self.book.ledgers[name]
        try:
            answer = self.write(method, path or f"/collections/{name}", body)
        except Gone:
            ledger.lose_life(what, points)
            raise
        if answer.status == 200:
            ledger.created(points) if what == "create" else ledger.dropped()
        elif answer.status in FAILED:
            self.note_refusal(answer)
            self.settle_life(what, ledger, points)
        elif what == "create" or answer.status != 404 or ledger.exists:
            raise Broken(f"{what} of '{name}': {answer.status} {answer.body[:500]!r}")

    def settle_life(self, what, ledger, points=None):
        try:
            answer = self.ask_until_served("GET", f"/collections/{ledger.collection}")
        except Gone:
            ledger.lose_life(what, points)
            raise
        there = answer.status == 200
        if there and not ledger.exists:
            ledger.created(points)
        elif ledger.exists and not there:
            ledger.dropped()


def orphans(data_dir, collections):
    """What lies in a data folder that belongs to no collection; there are `collections`."""
    data_dir = pathlib.Path(data_dir)
    found = [path.name for path in data_dir.iterdir()
             if path.name not in ("format", "lock", "db", "derived", "reserve")]
    tables = {kind: {path.name[len(kind):-3] for path in (data_dir / "db").glob(f"{kind}*.wt")}
              for kind in ("points-", "slots-")}
    for kind, owners in tables.items():
        if len(owners) != collections:
            found.append(f"{len(owners)} tables of {kind[:-1]} for {collections} collections")
    if tables["points-"] != tables["slots-"]:
        found.append("tables without their other half")
    # Behind the UUID there is the generation of a collection that was emptied.
    uuids = {name[:36] for name in tables["points-"]}
    for folder in (data_dir / "derived").iterdir():
        if folder.name not in uuids:
            found.append(f"derived/{folder.name}")
        found += [f"derived/{folder.name}/{path.name}" for path in folder.iterdir()
                  if not DERIVED.fullmatch(path.name)]
    return found


def wait_without_orphans(data_dir, collections, timeout_s=10):
    """Raises `Broken` if something that belongs to no collection stays."""
    deadline = time.monotonic() + timeout_s
    while found := orphans(data_dir, collections):
        if time.monotonic() > deadline:
            raise Broken(f"left behind: {found}")
        time.sleep(POLL_S)
