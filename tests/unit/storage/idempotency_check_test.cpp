// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <thread>

#include "core/log.hpp"
#include "storage/codec_idempotency.hpp"
#include "storage/offline_check.hpp"
#include "storage/parts.hpp"
#include "storage/tables.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

constexpr int keys = 20;

idempotency asked(int number) {
  fingerprint_maker maker;
  maker.add("body " + std::to_string(number));
  return {"key " + std::to_string(number), maker.made()};
}

std::vector<health_component> no_files(const collection_meta&, const collection_counters*,
                                       collection_snapshot*, const std::filesystem::path&, bool) {
  return {};
}

/// A closed folder with one write under each key; `lsns` are theirs.
struct folder_with_keys {
  folder_with_keys() : settings(settings_for(folder.path() / "data")) {
    log::set_level(log::level::off);
    open_engine open(settings);
    const auto store = open.create("docs");
    for (int i = 0; i < keys; ++i) {
      auto turn = open.engine->idempotency().begin(asked(i));
      REQUIRE(turn);
      const write_note note{turn->claim, 1, write_outcome::changed};
      const std::array<effect, 1> one{upsert(point_id(static_cast<std::uint64_t>(i)), {1, 2})};
      const auto done = store->apply(one, &note);
      REQUIRE(done);
      lsns.push_back(done->lsn);
    }
  }

  void change(const std::function<void(wt::session&)>& how) const {
    auto connection = wt::connection::open(settings.data_dir / "db", configuration(settings));
    REQUIRE(connection);
    {
      auto session = connection->open_session();
      REQUIRE(session);
      how(*session);
    }
    REQUIRE(connection->close());
  }

  void put(const std::string& key, const std::string& value) const {
    change([&](wt::session& session) {
      auto rows = session.open(tables::idempotency);
      REQUIRE(rows);
      REQUIRE(rows->put(key, value));
    });
  }

  void remove(const std::string& key) const {
    change([&](wt::session& session) {
      auto rows = session.open(tables::idempotency, wt::writes::strict);
      REQUIRE(rows);
      REQUIRE(*rows->remove(key));
    });
  }

  health_component check(bool repair = false) const {
    auto found = check_data_folder(settings, {repair, false}, no_files, 2);
    REQUIRE(found);
    const auto part = std::find_if(found->node.begin(), found->node.end(),
                                   [](const auto& one) { return one.name == "idempotency keys"; });
    REQUIRE(part != found->node.end());
    return *part;
  }

  tests::scratch_folder folder;
  config::storage settings;
  std::vector<lsn_t> lsns;
};

std::string record_key(int number) {
  std::string key;
  codec::encode_idempotency_key(asked(number).key, key);
  return key;
}

std::string place_key(lsn_t lsn) {
  std::string key;
  codec::encode_idempotency_order_key(lsn, key);
  return key;
}

}  // namespace

TEST_CASE("idempotency keys as the engine left them are sound") {
  const folder_with_keys data;
  for (const bool repair : {false, true}) {
    const auto found = data.check(repair);
    CHECK(found.state == health_state::sound);
    CHECK(found.checked == 2 * keys);
    CHECK(found.findings.empty());
  }
  open_engine open(data.settings);
  const auto turn = open.engine->idempotency().begin(asked(3));
  REQUIRE(turn);
  CHECK(turn->earlier);
  const auto check = open.engine->check_node();
  while (true) {
    const auto read = check->step(200);
    REQUIRE(read);
    if (*read == 0) break;
  }
  CHECK(check->share() == 1);
  const auto parts = check->found();
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].name == "idempotency keys");
  CHECK(parts[1].state == health_state::sound);
  CHECK(parts[1].checked == 2 * keys);
}

TEST_CASE("damaged rows of idempotency keys are named, and a repair forgets their keys") {
  const folder_with_keys data;
  data.put(record_key(1), "no record");
  data.remove(record_key(2));
  data.remove(place_key(data.lsns[3]));
  data.put(place_key(data.lsns[4]), "no place");
  data.put("?", "no key");
  auto found = data.check();
  CHECK(found.state == health_state::damaged);
  const auto tells = [&](const std::string& object, const std::string& what) {
    return std::any_of(found.findings.begin(), found.findings.end(), [&](const auto& one) {
      return one.object == object && one.what.find(what) != std::string::npos;
    });
  };
  CHECK(tells("idempotency key 'key 1'", "too few for a record"));
  CHECK(tells("place " + std::to_string(data.lsns[2]) + " of an idempotency key",
              "the record of 'key 2' is missing"));
  CHECK(tells("idempotency key 'key 3'", "its place in the order is missing"));
  CHECK(tells("place " + std::to_string(data.lsns[4]) + " of an idempotency key", "too few"));
  CHECK(tells("a key of the table of idempotency keys", "another sort"));
  CHECK(found.damaged == 5);
  data.check(true);
  data.check(true);  // what lost its other row in the first one
  found = data.check();
  CHECK(found.state == health_state::sound);
  open_engine open(data.settings);
  for (int i = 0; i < keys; ++i) {
    const auto turn = open.engine->idempotency().begin(asked(i));
    REQUIRE(turn);
    CHECK(turn->earlier.has_value() == (i == 0 || i > 4));
  }
}

TEST_CASE("a record that cannot be read refuses its key alone, and goes in its turn") {
  auto data = std::make_unique<folder_with_keys>();
  data->put(record_key(1), "no record");
  {
    open_engine open(data->settings);
    CHECK(open.engine->idempotency().begin(asked(1)).error().code == errc::corruption);
    CHECK(open.engine->idempotency().begin(asked(2)));
  }
  data->settings.idempotency_keys_max = keys - 2;
  open_engine open(data->settings);
  for (int tries = 0; tries < 100 && !open.engine->idempotency().begin(asked(1)); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(open.engine->idempotency().begin(asked(1))->claim);
  CHECK(open.engine->idempotency().begin(asked(2))->earlier);
}

TEST_CASE("a folder without the table of idempotency keys opens, and gets it") {
  const folder_with_keys data;
  data.change([](wt::session& session) { REQUIRE(*session.drop(tables::idempotency)); });
  const auto found = check_data_folder(data.settings, {}, no_files, 2);
  REQUIRE(found);
  CHECK(found->state() == health_state::sound);
  open_engine open(data.settings);
  const auto turn = open.engine->idempotency().begin(asked(3));
  REQUIRE(turn);
  CHECK(turn->claim);
  CHECK(open.store("docs")->counters().points == keys);
}

TEST_CASE(
    "a repair saves what can be read of the table of idempotency keys, and forgets the rest") {
  const folder_with_keys data;
  damage_rows(data.settings.data_dir / "db" / "idempotency.wt");
  const auto damaged = check_data_folder(data.settings, {}, no_files, 2);
  REQUIRE(damaged);
  CHECK(damaged->state() == health_state::damaged);
  data.check(true);
  data.check(true);
  const auto mended = check_data_folder(data.settings, {}, no_files, 2);
  REQUIRE(mended);
  CHECK(mended->state() == health_state::sound);
  open_engine open(data.settings);
  const auto turn = open.engine->idempotency().begin(asked(3));
  REQUIRE(turn);
  CHECK(open.store("docs")->counters().points == keys);
}
