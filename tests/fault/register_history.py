# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Decides whether what clients saw of one register is linearizable.

The register holds a value or nothing (ABSENT). Every operation must appear to happen at one moment
between its start and its end. One without an answer is `optional`: it happened at some moment
until its end, or never. The events are taken in the order of time, with the set of all states
that the register may be in and of the operations that have happened in each of them although they
have not ended (just-in-time linearization; Source: Lowe 2017, Testing for linearizability, 5).
"""

import dataclasses
import math

ABSENT = None
WRITE = "write"  # Of a value, or of ABSENT: a delete.
READ = "read"  # Saw one of `values`.
PRESENT = "present"  # Saw that there is a value, and not which.


@dataclasses.dataclass(frozen=True)
class Operation:
    """What one client did to the register, and when. `end` is infinite if nothing bounds it."""

    kind: str
    start: float
    end: float
    value: object = ABSENT
    optional: bool = False
    client: int = 0

    def fits(self, state):
        """Whether a reading operation may happen in this state."""
        return state is not ABSENT if self.kind == PRESENT else state == self.value

    def __str__(self):
        what = {WRITE: "delete" if self.value is ABSENT else f"write {self.value}",
                READ: f"read {self.value}", PRESENT: "saw a value"}[self.kind]
        return (f"client {self.client}: {what}{' (no answer)' if self.optional else ''} "
                f"from {self.start:.6f} to {self.end:.6f}")


class NotLinearizable(Exception):
    """No order of the operations explains what they saw; carries the one that ends the search and
    those beside it."""

    def __init__(self, operation, beside):
        self.operation = operation
        self.beside = beside
        listed = "\n".join(f"  {one}" for one in beside)
        super().__init__(f"nothing explains\n  {operation}\namong\n{listed}")


def settled(state, happened, running):
    """The configuration once reads that fit it have happened: they change nothing."""
    reads = (i for i, one in running.items()
             if one.kind != WRITE and i not in happened and one.fits(state))
    return state, happened.union(reads)


def until(wanted, configurations, running):
    """Every configuration in which `wanted` has happened, by letting others happen before it."""
    done = set()
    seen = set()
    waiting = [settled(state, happened, running) for state, happened in configurations]
    while waiting:
        configuration = waiting.pop()
        if configuration in seen:
            continue
        seen.add(configuration)
        _, happened = configuration
        if wanted in happened:
            done.add(configuration)
            continue
        waiting.extend(settled(one.value, happened | {i}, running) for i, one in running.items()
                       if one.kind == WRITE and i not in happened)
    return done


def check(operations, initial=ABSENT, beside_count=30):
    """Raises NotLinearizable unless some order explains the operations."""
    events = []
    for i, one in enumerate(operations):
        if one.optional and one.kind != WRITE:
            continue
        events.append((one.start, 0, i))
        if one.end < math.inf:
            events.append((one.end, 1, i))
    # What starts when another ends may come before it.
    events.sort()
    running = {}
    configurations = {(initial, frozenset())}
    for _, is_end, i in events:
        one = operations[i]
        if not is_end:
            running[i] = one
            continue
        if one.optional:
            # The moments at which it may have happened are over; who needed it has used it, except
            # for reads that are still running.
            needed = until(i, configurations, running)
            kept = configurations | needed
        else:
            kept = until(i, configurations, running)
        if not kept:
            near = [other for other in operations
                    if other.start <= one.end and other.end >= one.start]
            near.sort(key=lambda other: other.start)
            raise NotLinearizable(one, near[-beside_count:])
        del running[i]
        configurations = {(state, happened - {i}) for state, happened in kept}
