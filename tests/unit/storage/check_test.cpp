// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <atomic>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>

#include "core/crc32c.hpp"
#include "core/log.hpp"
#include "storage/bytes.hpp"
#include "storage/codec.hpp"
#include "storage/offline_check.hpp"
#include "storage/parts.hpp"
#include "storage/tables.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

constexpr std::uint64_t point_count = 200;

std::vector<health_component> no_files(const collection_meta&, const collection_counters*,
                                       collection_snapshot*, const std::filesystem::path&, bool) {
  return {};
}

/// A closed folder with the collection "docs" of points 0 to 199, of which 7 was deleted and 8 got
/// another vector.
struct closed_folder {
  closed_folder() : settings(settings_for(folder.path() / "data")) {
    log::set_level(log::level::off);
    open_engine open(settings);
    const auto store = open.create("docs");
    meta = store->meta();
    for (std::uint64_t id = 0; id < point_count; ++id)
      apply(open, *store, upsert(point_id(id), {float(id), 1}, R"({"n":1})"));
    apply(open, *store, erase(point_id(7)));
    apply(open, *store, upsert(point_id(8), {0, 9}));
  }

  static void apply(open_engine&, collection_store& store, effect change) {
    const std::vector<effect> one = {std::move(change)};
    REQUIRE(store.apply(one));
  }

  /// Changes tables behind the back of the engine.
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

  void put(const std::string& table, std::string_view key, std::string_view value) const {
    change([&](wt::session& session) {
      auto rows = session.open(table);
      REQUIRE(rows);
      REQUIRE(rows->put(key, value));
    });
  }
  void remove(const std::string& table, std::string_view key) const {
    change([&](wt::session& session) {
      auto rows = session.open(table, wt::writes::strict);
      REQUIRE(rows);
      const auto any = rows->remove(key);
      REQUIRE(any);
      REQUIRE(*any);
    });
  }
  std::string get(const std::string& table, std::string_view key) const {
    std::string value;
    change([&](wt::session& session) {
      auto rows = session.open(table);
      REQUIRE(rows);
      const auto any = rows->find(key);
      REQUIRE(any);
      REQUIRE(*any);
      value = *rows->value();
    });
    return value;
  }

  health_report check(bool repair = false, bool drop_damaged = false) const {
    auto found = check_data_folder(settings, {repair, drop_damaged}, no_files, 2);
    REQUIRE(found);
    return std::move(*found);
  }

  tests::scratch_folder folder;
  config::storage settings;
  collection_meta meta;
};

std::string point_key(std::uint64_t id) {
  std::string key;
  codec::encode_id_key(point_id(id), key);
  return key;
}

std::string slot_key(slot_t slot) {
  std::string key;
  codec::encode_slot_key(slot, key);
  return key;
}

const health_component& part(const std::vector<health_component>& all, const std::string& name) {
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return one.name == name; });
  REQUIRE(found != all.end());
  return *found;
}

/// Whether a component has a finding about `object` that says `what`.
bool tells(const health_component& where, const std::string& object, const std::string& what) {
  for (const auto& one : where.findings) {
    UNSCOPED_INFO(one.object << ": " << one.what << " [" << one.repaired << "]");
    if (one.object.find(object) != std::string::npos && one.what.find(what) != std::string::npos)
      return true;
  }
  return false;
}

std::uint64_t points_in(const config::storage& settings) {
  open_engine open(settings);
  return open.store("docs")->counters().points;
}

}  // namespace

TEST_CASE("a folder as the engine left it is sound, and a check changes nothing") {
  const closed_folder data;
  for (int time = 0; time < 2; ++time) {
    const auto found = data.check(time == 1);
    CHECK(found.state() == health_state::sound);
    const auto& docs = found.collections.at(0).components;
    CHECK(part(docs, "points").checked == point_count - 1);
    CHECK(part(docs, "slots").checked == point_count - 1);
    CHECK(part(found.node, "journal").checked == point_count + 3);
    CHECK(part(found.node, "tables").checked == 8);
    CHECK(part(found.node, "orphans").findings.empty());
  }
  CHECK(points_in(data.settings) == point_count - 1);
}

TEST_CASE("a point that cannot be read is named, and goes only if that is wanted") {
  const closed_folder data;
  const auto table = tables::points(data.meta.id);
  auto bytes = data.get(table, point_key(20));
  bytes[bytes.size() / 2] ^= 1;
  data.put(table, point_key(20), bytes);
  auto found = data.check();
  CHECK(found.state() == health_state::damaged);
  CHECK(tells(part(found.collections[0].components, "points"), "point 20", "checksum"));
  found = data.check(true);
  CHECK(found.state() == health_state::damaged);
  CHECK(data.get(table, point_key(20)) == bytes);
  found = data.check(true, true);
  CHECK(found.state() == health_state::sound);
  CHECK(part(found.collections[0].components, "points").findings.at(0).repaired == "removed");
  CHECK(data.check().state() == health_state::sound);
  CHECK(points_in(data.settings) == point_count - 2);
}

TEST_CASE("a point that lost its vectors is named, and goes only if that is wanted") {
  const closed_folder data;
  data.remove(tables::slots(data.meta.id), slot_key(30));
  CHECK(tells(part(data.check(true).collections[0].components, "points"), "point 30", "missing"));
  CHECK(data.check(true, true).state() == health_state::sound);
  CHECK(points_in(data.settings) == point_count - 2);
}

TEST_CASE("damaged vectors are found with their point") {
  const closed_folder data;
  data.put(tables::slots(data.meta.id), slot_key(40), "no record");
  const auto found = data.check();
  CHECK(tells(part(found.collections[0].components, "slots"), "slot 40", "too few"));
  CHECK(tells(part(found.collections[0].components, "points"), "point 40", "cannot be read"));
  CHECK(data.check(true, true).state() == health_state::sound);
}

TEST_CASE("vectors that are not those of the specification are found") {
  const closed_folder data;
  std::string row;
  REQUIRE(codec::encode_slot(point_id(50), {{"", {1, 2, 3}}}, row));
  data.put(tables::slots(data.meta.id), slot_key(50), row);
  REQUIRE(codec::encode_slot(point_id(51), {{"other", {1, 2}}}, row));
  data.put(tables::slots(data.meta.id), slot_key(51), row);
  const auto found = data.check();
  const auto& slots = part(found.collections[0].components, "slots");
  CHECK(tells(slots, "slot 50", "3 dimensions, expected 2"));
  CHECK(tells(slots, "slot 51", "'other'"));
}

TEST_CASE("vectors of no point are removed by a repair") {
  const closed_folder data;
  std::string row;
  REQUIRE(codec::encode_slot(point_id(1000), {{"", {1, 2}}}, row));
  data.put(tables::slots(data.meta.id), slot_key(5000), row);
  REQUIRE(codec::encode_slot(point_id(60), {{"", {1, 2}}}, row));
  data.put(tables::slots(data.meta.id), slot_key(5001), row);
  auto found = data.check();
  const auto& slots = part(found.collections[0].components, "slots");
  CHECK(tells(slots, "slot 5000", "no point of that id"));
  CHECK(tells(slots, "slot 5001", "names slot 60"));
  CHECK(tells(part(found.collections[0].components, "counters"), "counters", "slot 5001"));
  CHECK(data.check(true).state() == health_state::sound);
  CHECK(data.check().state() == health_state::sound);
  CHECK(points_in(data.settings) == point_count - 1);
}

TEST_CASE("counters that are wrong, damaged or missing are counted anew") {
  const closed_folder data;
  const auto key = tables::key(data.meta.id);
  const auto kept = *codec::decode_counters(data.get(tables::counters, key), "counters");
  auto wrong = kept;
  wrong.points = 5;
  wrong.next_slot = 100;
  wrong.lsn = 3;
  std::string row;
  REQUIRE(codec::encode_counters(wrong, row));
  data.put(tables::counters, key, row);
  const auto found = data.check();
  const auto& counters = part(found.collections[0].components, "counters");
  CHECK(counters.damaged == 3);
  CHECK(tells(counters, "counters", "5 points, but 199"));
  const auto mended = [&] {
    CHECK(data.check(true).state() == health_state::sound);
    const auto now = *codec::decode_counters(data.get(tables::counters, key), "counters");
    CHECK(now.points == kept.points);
    CHECK(now.next_slot == kept.next_slot);
    CHECK(now.lsn == kept.lsn);
  };
  mended();
  data.put(tables::counters, key, "nonsense");
  mended();
  data.remove(tables::counters, key);
  mended();
}

TEST_CASE("a record of a newer format is told from damage and never removed") {
  const closed_folder data;
  const auto table = tables::points(data.meta.id);
  auto bytes = data.get(table, point_key(20));
  bytes[6] = 9;  // the format of a frame
  const auto crc = crc32c(bytes.data() + 4, bytes.size() - 4);
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(crc >> (8 * i));
  data.put(table, point_key(20), bytes);
  const auto found = data.check(true, true);
  const auto& points = part(found.collections[0].components, "points");
  CHECK(tells(points, "point 20", "format 9 is not known"));
  CHECK(points.findings[0].remedy == "use the build that wrote it");
  CHECK(data.get(table, point_key(20)) == bytes);
}

TEST_CASE("entries of the journal that are damaged, missing or out of order are found") {
  const closed_folder data;
  std::string key;
  codec::encode_journal_key({50, 0}, key);
  auto bytes = data.get(tables::journal, key);
  bytes.back() ^= 1;
  data.put(tables::journal, key, bytes);
  codec::encode_journal_key({60, 0}, key);
  data.remove(tables::journal, key);
  codec::encode_journal_key({70, 0}, key);
  std::string entry;
  codec::entry_encoder early({70, 1, 5, {}, 0}, entry);
  REQUIRE(early.finish());
  data.put(tables::journal, key, entry);
  codec::encode_journal_key({80, 0}, key);
  data.put(tables::journal, key, entry);
  const auto found = data.check(true);
  const auto& journal = part(found.node, "journal");
  CHECK(tells(journal, "journal entry 50", "checksum"));
  CHECK(tells(journal, "journal entry 60", ""));
  CHECK(tells(journal, "journal entry 70", "earlier"));
  CHECK(tells(journal, "journal entry 80", "holds entry 70"));
  CHECK(found.state() == health_state::damaged);
}

TEST_CASE("what belongs to nobody is found, and a repair or a start removes it") {
  const closed_folder data;
  const auto gone = uuid::random();
  const auto derived = data.settings.data_dir / "derived";
  const auto make = [&] {
    data.change([&](wt::session& session) { REQUIRE(session.create(tables::points(gone))); });
    std::filesystem::create_directories(derived / uuid::random().text());
    std::filesystem::create_directories(derived / data.meta.id.text());
    std::ofstream(derived / data.meta.id.text() / "slots.tmp") << "half";
    std::ofstream(derived / data.meta.id.text() / "slots") << "kept";
    std::ofstream(data.settings.data_dir / "format.new") << "half";
    std::ofstream(data.settings.data_dir / "db" / ("slots-" + gone.text() + ".wt")) << "half";
  };
  const auto left = [&] {
    return std::filesystem::exists(derived / data.meta.id.text() / "slots.tmp") ||
           std::filesystem::exists(data.settings.data_dir / "format.new") ||
           std::filesystem::exists(data.settings.data_dir / "db" /
                                   ("slots-" + gone.text() + ".wt"));
  };
  make();
  auto found = data.check();
  CHECK(found.state() == health_state::sound);
  CHECK(part(found.node, "orphans").findings.size() == 5);
  CHECK(left());
  found = data.check(true);
  CHECK(part(found.node, "orphans").findings.size() == 5);
  CHECK_FALSE(left());
  CHECK(std::filesystem::exists(derived / data.meta.id.text() / "slots"));
  CHECK(part(data.check().node, "orphans").findings.empty());
  make();
  CHECK(points_in(data.settings) == point_count - 1);
  CHECK_FALSE(left());
  CHECK(part(data.check().node, "orphans").findings.empty());
}

TEST_CASE("tables whose catalog row is lost are kept until somebody gives them up") {
  const closed_folder data;
  const auto lost = uuid::random();
  data.change([&](wt::session& session) {
    REQUIRE(session.create(tables::points(lost)));
    auto rows = session.open(tables::counters);
    REQUIRE(rows);
    REQUIRE(rows->put(tables::key(lost), "anything"));
  });
  const auto table = data.settings.data_dir / "db" / ("points-" + lost.text() + ".wt");
  for (const bool repair : {false, true}) {
    const auto found = data.check(repair);
    CHECK(found.state() == health_state::damaged);
    CHECK(tells(part(found.node, "catalog"), "collection " + lost.text(), "row is lost"));
    CHECK(part(found.node, "orphans").findings.empty());
    CHECK(std::filesystem::exists(table));
    CHECK_FALSE(engine::open(data.settings));
  }
  const auto given_up = data.check(true, true);
  CHECK(tells(part(given_up.node, "catalog"), "collection " + lost.text(), "row is lost"));
  CHECK_FALSE(std::filesystem::exists(table));
  CHECK(data.check().state() == health_state::sound);
  CHECK(points_in(data.settings) == point_count - 1);
}

TEST_CASE("a damaged block is found without reading past it, and salvage keeps the old file") {
  const closed_folder data;
  const auto name = "points-" + data.meta.id.text();
  const auto file = data.settings.data_dir / "db" / (name + ".wt");
  damage_rows(file);
  auto found = data.check();
  CHECK(tells(part(found.node, "tables"), name, "checksum error"));
  CHECK(found.state() == health_state::damaged);
  CHECK(found.collections.at(0).state() == health_state::damaged);
  found = data.check(true);
  const auto& tables = part(found.node, "tables");
  CHECK(tables.state == health_state::sound);
  CHECK(tables.findings.at(0).repaired.find("salvaged") != std::string::npos);
  bool kept = false;
  for (const auto& entry : std::filesystem::directory_iterator(data.settings.data_dir / "salvaged"))
    kept = kept || entry.path().filename().string().starts_with(name);
  CHECK(kept);
  // The vectors of lost points may be all that is left of them, so they stay until told otherwise.
  CHECK(found.state() == health_state::damaged);
  CHECK(data.check(true).state() == health_state::damaged);
  CHECK(data.check(true, true).state() == health_state::sound);
  CHECK(data.check().state() == health_state::sound);
}

TEST_CASE("a folder that is none, is in use or is newer cannot be checked") {
  const closed_folder data;
  const auto refusal = [](const config::storage& settings) {
    const auto found = check_data_folder(settings, {}, no_files, 2);
    REQUIRE_FALSE(found);
    return found.error();
  };
  CHECK(refusal(settings_for(data.folder.path() / "none")).code == errc::io);
  CHECK_FALSE(std::filesystem::exists(data.folder.path() / "none"));
  {
    open_engine open(data.settings);
    CHECK_THAT(refusal(data.settings).message, Catch::Contains("in use"));
  }
  std::ofstream(data.settings.data_dir / "format") << "thespis data folder, format 2\n";
  CHECK(refusal(data.settings).code == errc::unsupported);
}

TEST_CASE("a check beside writes takes none of them for damage") {
  tests::scratch_folder folder;
  open_engine open(settings_for(folder.path() / "data"));
  const auto store = open.create("docs");
  std::vector<effect> all;
  for (std::uint64_t id = 0; id < 2000; ++id) all.push_back(upsert(point_id(id), {float(id), 1}));
  REQUIRE(store->apply(all));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (std::uint64_t turn = 0; !done; ++turn) {
      const std::vector<effect> some = {upsert(point_id(turn % 2000), {float(turn), 2}),
                                        erase(point_id((turn * 7) % 2000)),
                                        upsert(point_id(5000 + turn), {1, 1})};
      if (!store->apply(some)) break;
    }
  });
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<stored_check>> checks;
    checks.push_back(open.engine->check(store->meta()));
    checks.push_back(open.engine->check_node());
    for (const auto& check : checks) {
      for (std::size_t read = 1; read > 0;) {
        const auto step = check->step(4096);
        REQUIRE(step);
        read = *step;
      }
      CHECK(check->share() == 1);
      for (const auto& one : check->found()) {
        CHECK_FALSE(tells(one, "", ""));
        CHECK(one.state == health_state::sound);
      }
    }
  }
  done = true;
  writer.join();
}

TEST_CASE("a newer record of the catalog or the journal stops the start and says so") {
  const closed_folder data;
  const auto newer = [](std::string bytes) {
    bytes[6] = 9;  // the format of a frame
    const auto crc = crc32c(bytes.data() + 4, bytes.size() - 4);
    for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(crc >> (8 * i));
    return bytes;
  };
  SECTION("catalog") {
    const auto key = tables::key(data.meta.id);
    data.put(tables::catalog, key, newer(data.get(tables::catalog, key)));
    const auto found = data.check(true);
    CHECK(tells(part(found.node, "catalog"), data.meta.id.text(), "format 9 is not known"));
    // What is not understood is not taken for left over.
    CHECK(part(found.node, "orphans").findings.empty());
  }
  SECTION("journal") {
    std::string key;
    codec::encode_journal_key({point_count + 3, 0}, key);
    data.put(tables::journal, key, newer(data.get(tables::journal, key)));
    CHECK(tells(part(data.check(true).node, "journal"), "journal entry", "format 9"));
  }
  const auto opened = engine::open(data.settings);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::unsupported);
  CHECK_THAT(opened.error().message, Catch::Contains("format 9 is not known to this build"));
}
