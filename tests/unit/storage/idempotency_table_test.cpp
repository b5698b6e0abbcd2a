// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "storage/codec_idempotency.hpp"
#include "storage/idempotency_table.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

idempotency asked(const std::string& key, const std::string& body = "body") {
  fingerprint_maker maker;
  maker.add(body);
  return {key, maker.made()};
}

/// A collection whose writes have keys.
struct keyed_writes {
  explicit keyed_writes(const config::storage& settings) : db(settings) {
    docs = db.create("docs");
  }

  void reopen() {
    docs = nullptr;
    db.reopen();
    docs = db.store("docs");
  }

  /// The claim of a key that must be free.
  idempotency_claim claim(const idempotency& wanted) {
    auto turn = db.engine->idempotency().begin(wanted);
    REQUIRE(turn);
    REQUIRE_FALSE(turn->earlier);
    REQUIRE(turn->claim);
    return turn->claim;
  }

  lsn_t put(const std::string& key, std::uint64_t id) {
    const write_note note{claim(asked(key)), 1, write_outcome::changed};
    const std::array<effect, 1> effects{upsert(point_id(id), {1, 2})};
    const auto done = docs->apply(effects, &note);
    REQUIRE(done);
    return done->lsn;
  }

  std::optional<idempotency_record> recorded(const std::string& key) {
    const auto turn = db.engine->idempotency().begin(asked(key));
    REQUIRE(turn);
    return turn->earlier;
  }

  void wait_durable(lsn_t lsn) {
    for (int tries = 0; tries < 1000 && db.engine->journal().marks().durable < lsn; ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    REQUIRE(db.engine->journal().marks().durable >= lsn);
  }

  /// Waits until the sweep has taken a key away.
  bool swept(const std::string& key) {
    for (int tries = 0; tries < 100; ++tries) {
      if (!recorded(key)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

  open_engine db;
  std::shared_ptr<collection_store> docs;
};

}  // namespace

TEST_CASE("a write and its key are kept together, across a restart") {
  const tests::scratch_folder folder;
  keyed_writes writes(settings_for(folder.path()));
  const auto lsn = writes.put("first", 1);
  for (int starts = 0; starts < 2; ++starts) {
    const auto record = writes.recorded("first");
    REQUIRE(record);
    CHECK(record->lsn == lsn);
    CHECK(record->affected == 1);
    CHECK(record->outcome == write_outcome::changed);
    CHECK(record->request == asked("first").request);
    writes.wait_durable(lsn);
    const auto entry = writes.db.engine->journal().entry(lsn);
    REQUIRE(entry);
    CHECK(entry->idempotency_key == "first");
    CHECK(entry->body.size() == 1);
    CHECK(record->time_us == entry->time_us);
    CHECK_FALSE(writes.recorded("second"));
    writes.reopen();
  }
}

TEST_CASE("a key that goes with a different request is refused") {
  const tests::scratch_folder folder;
  keyed_writes writes(settings_for(folder.path()));
  writes.put("key", 1);
  const auto refused = writes.db.engine->idempotency().begin(asked("key", "other body"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::key_reused);
  CHECK(refused.error().message ==
        "Idempotency-Key 'key': it was used for a different request; send a new key with this one");
}

TEST_CASE("one claim of a key is given out at a time") {
  const tests::scratch_folder folder;
  keyed_writes writes(settings_for(folder.path()));
  auto& keys = writes.db.engine->idempotency();
  auto mine = writes.claim(asked("key"));
  CHECK(keys.begin(asked("key")).error().code == errc::conflict);
  CHECK(keys.begin(asked("key", "other")).error().code == errc::key_reused);
  CHECK(keys.begin(asked("another key")));
  auto copy = mine;
  mine = nullptr;
  CHECK(keys.begin(asked("key")).error().code == errc::conflict);
  copy = nullptr;
  CHECK(writes.claim(asked("key")));
}

TEST_CASE("a write that changes nothing keeps its key under an entry without effects") {
  const tests::scratch_folder folder;
  keyed_writes writes(settings_for(folder.path()));
  const auto before = writes.docs->counters();
  write_note note{writes.claim(asked("nothing")), 0, write_outcome::unchanged};
  const auto kept = writes.docs->apply({}, &note);
  REQUIRE(kept);
  CHECK(kept->lsn > before.lsn);
  CHECK(kept->changes.empty());
  CHECK(writes.docs->counters().lsn == before.lsn);
  note.once = nullptr;
  writes.wait_durable(kept->lsn);
  writes.reopen();
  const auto record = writes.recorded("nothing");
  REQUIRE(record);
  CHECK(record->outcome == write_outcome::unchanged);
  CHECK(record->affected == 0);
  const auto entry = writes.db.engine->journal().entry(kept->lsn);
  REQUIRE(entry);
  CHECK(entry->body.empty());
  CHECK(entry->idempotency_key == "nothing");
}

TEST_CASE("a write that fails leaves no key") {
  const tests::scratch_folder folder;
  keyed_writes writes(settings_for(folder.path()));
  const std::array<effect, 2> effects{upsert(point_id(1), {1, 2}), drop_collection_effect{"docs"}};
  {
    const write_note note{writes.claim(asked("key")), 2, write_outcome::changed};
    REQUIRE_FALSE(writes.docs->apply(effects, &note));
  }
  CHECK_FALSE(writes.recorded("key"));
  CHECK_FALSE(*writes.docs->find(point_id(1)));
  writes.put("key", 1);
  CHECK(writes.recorded("key"));
}

TEST_CASE("the catalog keeps keys of what it does, and of what it finds done") {
  const tests::scratch_folder folder;
  keyed_writes writes(settings_for(folder.path()));
  auto& catalog = writes.db.engine->catalog();
  REQUIRE(catalog.create("made", spec_of(2), writes.claim(asked("create"))));
  CHECK(writes.recorded("create")->outcome == write_outcome::changed);
  REQUIRE_FALSE(catalog.create("made", spec_of(2), writes.claim(asked("again"))));
  CHECK_FALSE(writes.recorded("again"));
  const std::vector<alias_action> actions = {{alias_action::kind::create, "live", "made"}};
  REQUIRE(catalog.change_aliases(actions, writes.claim(asked("alias"))));
  CHECK(writes.recorded("alias")->outcome == write_outcome::changed);
  REQUIRE(catalog.change_aliases(actions, writes.claim(asked("same alias"))));
  CHECK(writes.recorded("same alias")->outcome == write_outcome::unchanged);
  REQUIRE(catalog.rename("made", "named", writes.claim(asked("rename"))));
  CHECK(writes.recorded("rename")->outcome == write_outcome::changed);
  REQUIRE(catalog.rename("named", "named", writes.claim(asked("same name"))));
  CHECK(writes.recorded("same name")->outcome == write_outcome::unchanged);
  REQUIRE(catalog.truncate("named", writes.claim(asked("truncate"))));
  CHECK(writes.recorded("truncate")->outcome == write_outcome::changed);
  REQUIRE_FALSE(catalog.truncate("made", writes.claim(asked("truncate none"))));
  CHECK_FALSE(writes.recorded("truncate none"));
  const auto nameless = catalog.create_nameless(spec_of(2));
  REQUIRE(nameless);
  write_note copied{writes.claim(asked("copy")), 5};
  copied.each = {6};
  REQUIRE(catalog.give_name(nameless->id, "copy", copied));
  copied.once = nullptr;
  REQUIRE(catalog.drop("named", writes.claim(asked("drop"))));
  CHECK(writes.recorded("drop")->outcome == write_outcome::changed);
  REQUIRE(catalog.keep_unchanged(writes.claim(asked("drop nothing"))));
  writes.reopen();
  CHECK(writes.recorded("drop"));
  const auto copy = writes.recorded("copy");
  REQUIRE(copy);
  CHECK(copy->affected == 5);
  CHECK(copy->each == std::vector<std::uint64_t>{6});
  const auto nothing = writes.recorded("drop nothing");
  REQUIRE(nothing);
  CHECK(nothing->outcome == write_outcome::unchanged);
}

TEST_CASE("a key that is out of its window counts as new, and is removed") {
  const tests::scratch_folder folder;
  auto settings = settings_for(folder.path());
  settings.idempotency_window_s = 1;
  keyed_writes writes(settings);
  const auto first = writes.put("key", 1);
  REQUIRE(writes.recorded("key"));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  CHECK_FALSE(writes.recorded("key"));
  const auto second = writes.put("key", 2);
  CHECK(second > first);
  // What the sweep removes of the first write leaves the record of the second.
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  const auto record = writes.recorded("key");
  REQUIRE(record);
  CHECK(record->lsn == second);
}

TEST_CASE("beyond the number of keys the oldest go, also those of earlier boots") {
  const tests::scratch_folder folder;
  auto settings = settings_for(folder.path());
  settings.idempotency_keys_max = 300;
  keyed_writes writes(settings);
  const auto key = [](int number) { return "key " + std::to_string(number); };
  for (int i = 0; i < 250; ++i) writes.put(key(i), static_cast<std::uint64_t>(i));
  CHECK(writes.recorded(key(0)));
  writes.reopen();
  CHECK(writes.recorded(key(0)));
  for (int i = 250; i < 900; ++i) writes.put(key(i), static_cast<std::uint64_t>(i));
  REQUIRE(writes.swept(key(599)));
  for (int i = 0; i < 600; i += 37) CHECK_FALSE(writes.recorded(key(i)));
  for (int i = 600; i < 900; i += 23) CHECK(writes.recorded(key(i)));
}

TEST_CASE("rows of idempotency keys refuse what is damaged, cut or of another sort") {
  const idempotency_record record{{7, 9}, 12, 34, 56, write_outcome::unchanged, {1, 0, 5}};
  std::string row;
  REQUIRE(codec::encode_idempotency(record, row));
  CHECK(*codec::decode_idempotency(row, "row") == record);
  for (std::size_t i = 0; i < row.size(); ++i) {
    auto damaged = row;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    CHECK_FALSE(codec::decode_idempotency(damaged, "row"));
    CHECK_FALSE(codec::decode_idempotency(std::string_view(row).substr(0, i), "row"));
  }
  std::string order;
  REQUIRE(codec::encode_idempotency_order("key", order));
  CHECK(*codec::decode_idempotency_order(order, "row") == "key");
  CHECK_FALSE(codec::decode_idempotency_order(row, "row"));
  CHECK_FALSE(codec::decode_idempotency(order, "row"));
  std::string key;
  codec::encode_idempotency_key("key", key);
  CHECK(*codec::decode_idempotency_key(key) == "key");
  CHECK_FALSE(codec::decode_idempotency_order_key(key));
  codec::encode_idempotency_order_key(300, key);
  CHECK(*codec::decode_idempotency_order_key(key) == 300);
  CHECK_FALSE(codec::decode_idempotency_key(key));
  key.pop_back();
  CHECK_FALSE(codec::decode_idempotency_order_key(key));
}
