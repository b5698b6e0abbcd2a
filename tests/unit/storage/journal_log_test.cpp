// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/journal_log.hpp"

#include <cstring>
#include <set>
#include <thread>

#include "storage/codec.hpp"
#include "storage/tables.hpp"
#include "storage/wt.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

/// A journal on a bare database, so that a test can hold tickets.
struct bare_journal {
  explicit bare_journal(std::size_t retention_bytes_ = 1u << 20)
      : retention_bytes(retention_bytes_) {
    auto opened = wt::connection::open(folder.path(), "create,log=(enabled=true)");
    REQUIRE(opened);
    connection = std::move(*opened);
    auto session = connection.open_session();
    REQUIRE(session);
    REQUIRE(session->create(tables::node));
    open();
  }
  ~bare_journal() {
    log.reset();
    sessions.close_idle();
  }
  void open() {
    auto opened = journal_log::open(sessions, retention_bytes, ++term);
    REQUIRE(opened);
    log = std::move(*opened);
  }
  void commit(const journal_log::ticket& spent, std::size_t payload_bytes = 10) {
    std::string bytes;
    codec::entry_encoder entry({spent.lsn, spent.term, spent.time_us, {}, 1}, bytes);
    entry.add(uuid{}, upsert(point_id(spent.lsn), {1}, std::string(payload_bytes, 'x')));
    REQUIRE(entry.finish());
    auto session = sessions.borrow();
    REQUIRE(session);
    auto rows = (*session)->open(tables::journal);
    REQUIRE(rows);
    wt::transaction writing(**session);
    REQUIRE(writing.begun());
    REQUIRE(journal_log::append(*rows, spent.lsn, bytes));
    REQUIRE(writing.commit());
    log->committed(spent, bytes.size());
  }
  void write_row(const codec::journal_key& key, const std::string& value) {
    std::string encoded;
    codec::encode_journal_key(key, encoded);
    auto session = sessions.borrow();
    auto rows = (*session)->open(tables::journal);
    REQUIRE(rows);
    const auto written = value.empty() ? rows->remove(encoded) : rows->update(encoded, value);
    REQUIRE(written);
  }
  std::vector<lsn_t> read(lsn_t first) {
    std::vector<lsn_t> lsns;
    REQUIRE(log->read(first, [&](journal_entry&& entry) {
      lsns.push_back(entry.lsn);
      return true;
    }));
    return lsns;
  }

  tests::scratch_folder folder;
  std::size_t retention_bytes;
  std::uint64_t term = 0;
  wt::connection connection;
  session_pool sessions{connection};
  std::unique_ptr<journal_log> log;
};

}  // namespace

TEST_CASE("stable waits for the oldest entry in flight, durable for the flush") {
  bare_journal journal;
  const auto first = journal.log->assign();
  const auto second = journal.log->assign();
  CHECK(first.lsn == 1);
  CHECK(second.lsn == 2);
  CHECK(second.time_us >= first.time_us);
  journal.commit(second);
  CHECK(journal.log->marks().assigned == 2);
  CHECK(journal.log->marks().stable == 0);
  journal.commit(first);
  CHECK(journal.log->marks().stable == 2);
  CHECK(journal.log->marks().durable == 0);
  CHECK(journal.read(1).empty());
  journal.log->flushed(2);
  CHECK(journal.log->marks().durable == 2);
  CHECK(journal.read(1) == std::vector<lsn_t>{1, 2});
  CHECK(journal.read(2) == std::vector<lsn_t>{2});
  CHECK(journal.read(3).empty());
}

TEST_CASE("an aborted entry becomes a no-op that readers see") {
  bare_journal journal;
  const auto first = journal.log->assign();
  const auto second = journal.log->assign();
  journal.commit(second);
  journal.log->aborted(first);
  CHECK(journal.log->marks().stable == 2);
  journal.log->flushed(2);
  std::vector<std::size_t> effects;
  REQUIRE(journal.log->read(1, [&](journal_entry&& entry) {
    effects.push_back(entry.body.size());
    return true;
  }));
  CHECK(effects == std::vector<std::size_t>{0, 1});
}

TEST_CASE("entries larger than a row come back whole") {
  bare_journal journal;
  const std::size_t large = 5 * journal_log::part_bytes_max + 17;
  journal.commit(journal.log->assign(), large);
  journal.commit(journal.log->assign(), 1);
  journal.log->flushed(2);
  std::vector<std::size_t> sizes;
  REQUIRE(journal.log->read(1, [&](journal_entry&& entry) {
    const auto& change = std::get<upsert_effect>(entry.body[0].effect);
    sizes.push_back(change.point.payload.json.size());
    return true;
  }));
  CHECK(sizes == std::vector<std::size_t>{large, 1});
}

TEST_CASE("a reader may stop, and may trim or append while it reads") {
  bare_journal journal(0);
  for (int i = 0; i < 10; ++i) journal.commit(journal.log->assign());
  journal.log->flushed(10);
  std::vector<lsn_t> seen;
  REQUIRE(journal.log->read(1, [&](journal_entry&& entry) {
    seen.push_back(entry.lsn);
    journal.commit(journal.log->assign());
    REQUIRE(journal.log->trim());
    return entry.lsn < 4;
  }));
  CHECK(seen == std::vector<lsn_t>{1, 2, 3, 4});
}

TEST_CASE("a damaged, missing or misplaced entry is corruption") {
  bare_journal journal;
  const std::size_t large = 2 * journal_log::part_bytes_max;
  for (int i = 0; i < 3; ++i) journal.commit(journal.log->assign(), large);
  journal.log->flushed(3);
  const auto failure = [&] {
    return journal.log->read(1, [](journal_entry&&) { return true; }).error();
  };
  const std::string part(journal_log::part_bytes_max, 'y');
  SECTION("a part with other bytes") {
    journal.write_row({2, 1}, part);
    CHECK(failure().code == errc::corruption);
    CHECK(failure().message.find("checksum") != std::string::npos);
  }
  SECTION("a part that is missing") {
    journal.write_row({2, 1}, "");
    CHECK(failure().code == errc::corruption);
  }
  SECTION("an entry that is missing") {
    for (std::uint32_t i = 0; i < 3; ++i) journal.write_row({2, i}, "");
    CHECK(failure().code == errc::corruption);
  }
  SECTION("a first part that is no record") {
    journal.write_row({2, 0}, "short");
    CHECK(failure().code == errc::corruption);
  }
  std::size_t before = 0;
  CHECK_FALSE(journal.log->read(1, [&](journal_entry&&) { return ++before > 0; }));
}

TEST_CASE("trimming keeps what the retention, a reader or the flusher needs") {
  bare_journal journal(64u << 10);
  const auto trimmed = [&] {
    REQUIRE(journal.log->trim());
    return journal.log->marks().trimmed;
  };
  for (int i = 0; i < 100; ++i) journal.commit(journal.log->assign(), 4000);
  CHECK(trimmed() == 0);  // nothing is durable
  journal.log->flushed(50);
  CHECK(trimmed() > 0);
  CHECK(trimmed() <= 50);
  journal.log->hold("index", 60);
  journal.log->flushed(100);
  const auto held = trimmed();
  CHECK(held > 50);
  CHECK(held <= 60);
  CHECK(journal.read(held + 1).front() == held + 1);
  CHECK(journal.log->read(held, [](journal_entry&&) { return true; }).error().code ==
        errc::not_found);
  journal.log->hold("index", 70);
  CHECK(trimmed() > held);
  CHECK(trimmed() <= 70);
  journal.log->release("index");
  CHECK(trimmed() > 70);
  CHECK(journal.log->marks().bytes >= 64u << 10);
  CHECK(journal.log->marks().bytes < 80u << 10);
}

TEST_CASE("a reopened journal has the same marks and sizes, with and without stored segments") {
  bare_journal journal(64u << 10);
  for (int i = 0; i < 100; ++i) journal.commit(journal.log->assign(), 4000);
  journal.log->flushed(100);
  const bool stored = GENERATE(false, true);
  if (stored) {
    REQUIRE(journal.log->save_segments());
  }
  journal.commit(journal.log->assign(), 4000);
  journal.log->flushed(101);
  REQUIRE(journal.log->trim());
  const auto before = journal.log->marks();
  journal.open();
  const auto after = journal.log->marks();
  CHECK(after.trimmed == before.trimmed);
  CHECK(after.assigned == 101);
  CHECK(after.stable == 101);
  CHECK(after.durable == 101);
  CHECK(after.bytes == before.bytes);
  CHECK(journal.read(after.trimmed + 1).size() == 101 - after.trimmed);
  const auto next = journal.log->assign();
  CHECK(next.lsn == 102);
  CHECK(next.term == 2);
  journal.commit(next);
}

TEST_CASE("numbers that a crash left unused are filled with no-ops in order of time") {
  bare_journal journal;
  std::vector<journal_log::ticket> tickets;
  for (int i = 0; i < 6; ++i) tickets.push_back(journal.log->assign());
  for (const auto i : {0u, 3u, 5u}) journal.commit(tickets[i]);
  journal.open();
  CHECK(journal.log->marks().durable == 6);
  std::vector<std::size_t> effects;
  std::int64_t time_us = 0;
  REQUIRE(journal.log->read(1, [&](journal_entry&& entry) {
    effects.push_back(entry.body.size());
    CHECK(entry.time_us >= time_us);
    time_us = entry.time_us;
    return true;
  }));
  CHECK(effects == std::vector<std::size_t>{1, 0, 0, 1, 0, 1});
  journal.commit(journal.log->assign());
  journal.log->flushed(7);
  std::vector<std::uint64_t> terms;
  REQUIRE(journal.log->read(1, [&](journal_entry&& entry) {
    terms.push_back(entry.term);
    return true;
  }));
  CHECK(terms == std::vector<std::uint64_t>{1, 1, 1, 1, 1, 1, 2});
}

TEST_CASE("marks keep their order while many threads write") {
  bare_journal journal;
  std::vector<std::thread> threads;
  std::atomic<bool> wrong = false;
  std::atomic<int> running = 4;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      auto session = journal.sessions.borrow();
      auto rows = (*session)->open(tables::journal);
      for (int i = 0; i < 200; ++i) {
        const auto spent = journal.log->assign();
        std::string bytes;
        codec::entry_encoder entry({spent.lsn, spent.term, spent.time_us, {}, 0}, bytes);
        wt::transaction writing(**session);
        const bool written = entry.finish() && writing.begun() &&
                             journal_log::append(*rows, spent.lsn, bytes) && writing.commit();
        if (written)
          journal.log->committed(spent, bytes.size());
        else
          wrong = true;
      }
      --running;
    });
  while (running > 0) {
    const auto marks = journal.log->marks();
    if (marks.stable > marks.assigned || marks.durable > marks.stable) wrong = true;
    journal.log->flushed(marks.stable);
  }
  for (auto& thread : threads) thread.join();
  CHECK_FALSE(wrong);
  CHECK(journal.log->marks().stable == 800);
  journal.log->flushed(800);
  CHECK(journal.read(1).size() == 800);
}
