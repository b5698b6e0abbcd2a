# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of a campaign, and its rounds spread over several processes.

Each job has a server, a data folder and a ledger of its own; its seed is the campaign's plus its
number. Data and ledger of a job that fails are kept, and named.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from campaign import Campaign, Tally, same_file_system
from ledger import Broken

PROGRESS_ROUNDS = 50
# What a server or a job is started with, so that it goes with this process, however that ends.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
ENDS_WITH_US = ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()
MEMORY = pathlib.Path("/dev/shm")


def parser(about, strikes, default):
    """Arguments that all campaigns have; `strikes` is what they count, such as "kills"."""
    made = argparse.ArgumentParser(description=about)
    made.add_argument(f"--{strikes}", type=int, default=default, dest="rounds",
                      help="rounds that end with one, beside those at starts")
    made.add_argument("--seed", type=int, default=random.randrange(2**32))
    made.add_argument("--jobs", type=int, default=1, help="servers at once, each with its share")
    made.add_argument("--data", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()),
                      help="folder that gets a folder of the data of each job")
    made.add_argument("--ledger", type=pathlib.Path,
                      default=MEMORY if MEMORY.is_dir() else pathlib.Path(tempfile.gettempdir()),
                      help="the same for the ledgers; should be another file system")
    made.add_argument("--tally", type=pathlib.Path, help=argparse.SUPPRESS)
    return made


def run_job(options, strikes, make_rig):
    """All rounds in this process. Returns the tally; raises Broken."""
    data = pathlib.Path(tempfile.mkdtemp(prefix=f"thespis-{strikes}-data-", dir=options.data))
    ledger = pathlib.Path(tempfile.mkdtemp(prefix=f"thespis-{strikes}-ledger-",
                                           dir=options.ledger))
    try:
        with make_rig(data) as rig:
            apart = not same_file_system(rig.data_dir.parent, ledger)
            print(f"seed {options.seed}, data in {data}, ledger in {ledger}, "
                  f"{'another' if apart else 'the SAME'} file system", flush=True)
            campaign = Campaign(rig, options.seed, ledger)
            try:
                began = time.monotonic()
                for tally in campaign.run(options.rounds):
                    if tally.rounds % PROGRESS_ROUNDS == 0:
                        print(f"seed {options.seed}: {tally.rounds} {strikes}, "
                              f"{time.monotonic() - began:.0f} s", flush=True)
            except (KeyboardInterrupt, SystemExit):
                # A second signal shall not cut short what follows.
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)
                raise
            finally:
                campaign.close()
    except Broken as failure:
        told = f"seed {options.seed}, data in {data}, ledger in {ledger}: {failure}"
        outward = type(failure)(told)
        outward.folders = [data, ledger]
        raise outward from failure
    except BaseException:
        shutil.rmtree(data, ignore_errors=True)
        shutil.rmtree(ledger, ignore_errors=True)
        raise
    shutil.rmtree(data)
    shutil.rmtree(ledger)
    return campaign.tally


def run_jobs(options):
    """The rounds spread over processes that run this same program."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-campaign-", dir=options.ledger))
    jobs = []
    for number in range(options.jobs):
        share = options.rounds // options.jobs + (number < options.rounds % options.jobs)
        tally = folder / f"{number}.json"
        given = [word for word in sys.argv[1:] if word.startswith("--no-")]
        command = [*ENDS_WITH_US, sys.executable, sys.argv[0], f"--{options.strikes}", str(share),
                   "--jobs", "1", "--seed", str((options.seed + number) % 2**32),
                   "--data", str(options.data), "--ledger", str(options.ledger),
                   "--tally", str(tally), *given]
        jobs.append((subprocess.Popen(command), tally))
    total = Tally()
    failed = 0
    try:
        for job, tally in jobs:
            failed += job.wait() != 0
            if tally.exists():
                total.add(json.loads(tally.read_text()))
    except BaseException:
        for job, _ in jobs:
            job.terminate()
        for job, _ in jobs:
            job.wait()
        raise
    finally:
        shutil.rmtree(folder)
    return total, failed


def main(options, strikes, make_rig):
    """Runs the campaign and tells what it did; the exit status."""
    options.strikes = strikes
    # Ends as Ctrl-C does: what was started is stopped, what was mounted unmounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    if "THESPIS_BINARY" not in os.environ:
        print("THESPIS_BINARY must name the executable")
        return 2
    print(f"seed {options.seed}, {options.rounds} {strikes}, {options.jobs} jobs", flush=True)
    began = time.monotonic()
    if options.jobs > 1:
        tally, failed = run_jobs(options)
    else:
        try:
            tally, failed = run_job(options, strikes, make_rig), 0
        except Broken as failure:
            print(f"FAILED ({failure})", flush=True)
            return 1
    if options.tally:
        options.tally.write_text(json.dumps(tally.plain()))
        return 0
    tally.print(strikes)
    print(f"seed {options.seed}: {tally.rounds} of {options.rounds} {strikes} survived, "
          f"{time.monotonic() - began:.0f} s")
    if tally.missed():
        print(f"FAILED: no strike hit {', '.join(tally.missed())}")
        return 1
    return 1 if failed else 0
