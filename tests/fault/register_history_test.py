# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The judge of histories knows good ones from bad ones."""

import itertools
import math
import random
import unittest

from register_history import ABSENT, PRESENT, READ, WRITE, NotLinearizable, Operation, check


def write(value, start, end):
    return Operation(WRITE, start, end, value)


def delete(start, end):
    return Operation(WRITE, start, end, ABSENT)


def lost(value, start, end=math.inf):
    """A write whose answer never came."""
    return Operation(WRITE, start, end, value, optional=True)


def read(value, start, end):
    return Operation(READ, start, end, value)


def present(start, end):
    return Operation(PRESENT, start, end)


GOOD = {
    "nothing": [],
    "absent at first": [read(ABSENT, 0, 1)],
    "one after another": [write(1, 0, 1), read(1, 2, 3), delete(4, 5), read(ABSENT, 6, 7)],
    "a read beside a write sees either": [write(1, 0, 1), write(2, 2, 6), read(1, 3, 4),
                                          read(2, 3, 5)],
    "writes beside each other in either order": [write(1, 0, 5), write(2, 1, 4), read(1, 6, 7)],
    "a lost write was done": [write(1, 0, 1), lost(2, 2), read(1, 3, 4), read(2, 5, 6)],
    "a lost write was never done": [write(1, 0, 1), lost(2, 2), read(1, 3, 4), read(1, 5, 6)],
    "a lost delete before its bound": [write(1, 0, 1), lost(ABSENT, 2, 5), read(1, 3, 4),
                                       read(ABSENT, 6, 7)],
    "a value was there": [write(1, 0, 1), present(2, 3), write(2, 2, 5), present(4, 6)],
    "a read that spans a delete and a write": [write(1, 0, 1), delete(2, 4), write(2, 5, 8),
                                               read(ABSENT, 3, 9), read(2, 6, 7)],
}

BAD = {
    "stale read": [write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)],
    "read from the future": [read(1, 0, 1), write(1, 2, 3)],
    "lost update": [write(1, 0, 1), read(ABSENT, 2, 3)],
    "resurrected delete": [write(1, 0, 1), delete(2, 3), read(ABSENT, 4, 5), read(1, 6, 7)],
    "reads go back in time": [write(1, 0, 1), write(2, 2, 9), read(2, 3, 4), read(1, 5, 6)],
    "two readers disagree on the order": [write(1, 0, 9), write(2, 0, 9), read(1, 1, 2),
                                          read(2, 3, 4), read(1, 5, 6)],
    "a lost write comes and goes": [write(1, 0, 1), lost(2, 2), read(2, 3, 4), read(1, 5, 6)],
    "a lost write after its bound": [write(1, 0, 1), lost(2, 2, 5), read(1, 6, 7), read(2, 8, 9)],
    "a value that nobody wrote": [write(1, 0, 1), read(7, 2, 3)],
    "there although deleted": [write(1, 0, 1), delete(2, 3), present(4, 5)],
    "gone although written": [write(1, 0, 1), present(2, 3), read(ABSENT, 4, 5)],
}


def explained_by_brute_force(operations):
    """Tries every order."""
    some = [one for one in operations if not one.optional]
    lost_ones = [one for one in operations if one.optional]
    for count in range(len(lost_ones) + 1):
        for chosen in itertools.combinations(lost_ones, count):
            if any(fits(order) for order in itertools.permutations([*some, *chosen])):
                return True
    return False


def fits(order):
    state = ABSENT
    for at, one in enumerate(order):
        if any(later.end < one.start for later in order[at + 1:]):
            return False
        if one.kind == WRITE:
            state = one.value
        elif not one.fits(state):
            return False
    return True


def random_history(source):
    operations = []
    for number in range(source.randint(2, 6)):
        start = source.randrange(12)
        end = start + source.randint(1, 6)
        choice = source.random()
        if choice < 0.35:
            operations.append(write(number, start, end))
        elif choice < 0.45:
            operations.append(delete(start, end))
        elif choice < 0.6:
            operations.append(lost(source.choice([number, ABSENT]), start, end))
        elif choice < 0.7:
            operations.append(present(start, end))
        else:
            operations.append(read(source.choice([ABSENT, *range(6)]), start, end))
    # Ends and starts apart, so that the order of events is the only one.
    return [Operation(one.kind, one.start + i / 100, one.end + i / 100 + 0.5, one.value,
                      one.optional) for i, one in enumerate(operations)]


class RegisterHistoryTest(unittest.TestCase):
    def test_good_histories_are_explained(self):
        for name, operations in GOOD.items():
            with self.subTest(name):
                check(operations)

    def test_bad_histories_are_not(self):
        for name, operations in BAD.items():
            with self.subTest(name), self.assertRaises(NotLinearizable):
                check(operations)

    def test_it_agrees_with_trying_every_order(self):
        seed = random.randrange(2**32)
        print(f"seed {seed}", flush=True)
        source = random.Random(seed)
        explained = 0
        for _ in range(1500):
            operations = random_history(source)
            expected = explained_by_brute_force(operations)
            explained += expected
            try:
                check(operations)
                found = True
            except NotLinearizable:
                found = False
            self.assertEqual(found, expected, "\n".join(map(str, operations)))
        # Both answers must have occurred often for this to say anything.
        self.assertGreater(explained, 100)
        self.assertGreater(1500 - explained, 100)

    def test_the_failure_names_what_cannot_be_explained(self):
        with self.assertRaises(NotLinearizable) as failure:
            check(BAD["stale read"])
        self.assertEqual(failure.exception.operation, BAD["stale read"][2])


if __name__ == "__main__":
    unittest.main()
