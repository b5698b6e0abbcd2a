// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/catalog_tables.hpp"

#include <fstream>
#include <thread>

#include "core/collection_change.hpp"
#include "core/limits.hpp"
#include "storage/tables.hpp"
#include "storage/wt.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

std::vector<std::string> names(engine& db) {
  std::vector<std::string> out;
  const auto all = db.catalog().list();
  REQUIRE(all);
  for (const auto& meta : *all) out.push_back(meta.name);
  return out;
}

/// The tables of collections that the closed database in `folder` has.
std::size_t collection_tables_in(const std::filesystem::path& folder) {
  auto connection = wt::connection::open(folder / "db", "log=(enabled=true)");
  REQUIRE(connection);
  auto session = connection->open_session();
  REQUIRE(session);
  std::size_t count = 0;
  {
    auto found = session->open_names();
    REQUIRE(found);
    while (*found->next()) count += tables::owner(*found->key()) ? 1 : 0;
  }
  session->close();
  REQUIRE(connection->close());
  return count;
}

/// Makes tables that no catalog row knows, as a crash in the middle of a creation or drop leaves.
void make_orphans(const std::filesystem::path& folder, const std::vector<std::string>& orphans) {
  auto connection = wt::connection::open(folder / "db", "log=(enabled=true)");
  REQUIRE(connection);
  auto session = connection->open_session();
  REQUIRE(session);
  for (const auto& table : orphans) REQUIRE(session->create(table));
  session->close();
  REQUIRE(connection->close());
}

}  // namespace

TEST_CASE("collections are listed by name and survive a restart with their spec") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  auto spec = spec_of(7);
  spec.vectors[0].hnsw = hnsw_config{8, 32, 5, index_preset::fast};
  const auto made = db.engine->catalog().create("zebra", spec);
  REQUIRE(made);
  REQUIRE(db.engine->catalog().create("ant", spec_of(2)));
  CHECK(names(*db.engine) == std::vector<std::string>{"ant", "zebra"});
  db.reopen();
  CHECK(names(*db.engine) == std::vector<std::string>{"ant", "zebra"});
  const auto all = db.engine->catalog().list();
  place_vectors({}, spec, {});
  CHECK((*all)[1].spec == spec);
  CHECK((*all)[1].id == made->id);
  CHECK((*all)[1].created_us == made->created_us);
}

TEST_CASE("bad names, bad specs, second creations and unknown drops are refused") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  auto& catalog = db.engine->catalog();
  REQUIRE(catalog.create("docs", spec_of(2)));
  const auto again = catalog.create("docs", spec_of(2));
  CHECK(again.error().code == errc::already_exists);
  CHECK(again.error().message.find("'docs'") != std::string::npos);
  CHECK(catalog.create("a/b", spec_of(2)).error().code == errc::invalid_argument);
  CHECK(catalog.create("zero", spec_of(0)).error().code == errc::invalid_argument);
  CHECK(catalog.drop("none").error().code == errc::not_found);
  CHECK(names(*db.engine) == std::vector<std::string>{"docs"});
}

TEST_CASE("creation and drop are journal entries and are durable on return") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto meta = db.engine->catalog().create("docs", spec_of(2));
  REQUIRE(meta);
  CHECK(db.engine->journal().marks().durable == 1);
  REQUIRE(db.engine->catalog().drop("docs"));
  CHECK(db.engine->journal().marks().durable == 2);
  std::vector<journal_entry> entries;
  REQUIRE(db.engine->journal().read(1, [&](journal_entry&& entry) {
    entries.push_back(std::move(entry));
    return true;
  }));
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].body[0].collection == meta->id);
  // Places are of the node.
  CHECK(std::get<create_collection_effect>(entries[0].body[0].effect).spec == spec_of(2));
  CHECK(std::get<drop_collection_effect>(entries[1].body[0].effect).name == "docs");
}

TEST_CASE("a name can be used again after a drop, with nothing of the old points") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  {
    const auto store = db.create("docs");
    const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
    REQUIRE(store->apply(batch));
  }
  REQUIRE(db.engine->catalog().drop("docs"));
  const auto store = db.create("docs");
  CHECK(store->counters().points == 0);
  CHECK_FALSE(*store->find(point_id(1)));
}

TEST_CASE("writes to a dropped collection fail, and its tables go when the store does") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  {
    const auto store = db.create("docs");
    const auto meta = store->meta();
    REQUIRE(db.engine->catalog().drop("docs"));
    const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
    CHECK(store->apply(batch).error().code == errc::not_found);
    CHECK(db.engine->catalog().open(meta).error().code == errc::not_found);
  }
  REQUIRE(db.engine->close());
  CHECK(collection_tables_in(folder.path()) == 0);
}

TEST_CASE("a drop under an open snapshot is effective at once; tables go after the snapshot") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  std::filesystem::path table;
  {
    const auto store = db.create("docs");
    table = folder.path() / "db" / ("points-" + store->meta().id.text() + ".wt");
    CHECK(std::filesystem::exists(table));
    const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
    REQUIRE(store->apply(batch));
    store->idle();
    const auto view = store->snapshot();
    REQUIRE(view);
    REQUIRE(*(*view)->find(point_id(1)));
    REQUIRE(db.engine->catalog().drop("docs"));
    CHECK(names(*db.engine).empty());
    CHECK(*(*view)->find(point_id(1)));
    CHECK(std::filesystem::exists(table));
  }
  for (int i = 0; i < 100 && std::filesystem::exists(table); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK_FALSE(std::filesystem::exists(table));
}

TEST_CASE("tables and folders without a catalog row are swept at the start") {
  const tests::scratch_folder folder;
  {
    open_engine db(settings_for(folder.path()));
    db.create("kept");
  }
  const auto whole = uuid::random();
  const auto half = uuid::random();
  make_orphans(folder.path(), {tables::points(whole), tables::slots(whole), tables::points(half)});
  const auto derived = folder.path() / "derived" / uuid::random().text();
  std::filesystem::create_directory(derived);
  std::ofstream(derived / "index") << "bytes";
  CHECK(collection_tables_in(folder.path()) == 5);
  {
    open_engine db(settings_for(folder.path()));
    CHECK(names(*db.engine) == std::vector<std::string>{"kept"});
  }
  CHECK(collection_tables_in(folder.path()) == 2);
  CHECK_FALSE(std::filesystem::exists(derived));
}

TEST_CASE("a collection whose table is missing is corruption, and the others still open") {
  const tests::scratch_folder folder;
  uuid broken;
  {
    open_engine db(settings_for(folder.path()));
    broken = db.create("broken")->meta().id;
    db.create("whole");
  }
  {
    auto connection = wt::connection::open(folder.path() / "db", "log=(enabled=true)");
    REQUIRE(connection);
    auto session = connection->open_session();
    REQUIRE(session);
    REQUIRE(*session->drop(tables::slots(broken)));
  }
  open_engine db(settings_for(folder.path()));
  const auto all = db.engine->catalog().list();
  REQUIRE(all->size() == 2);
  CHECK(db.engine->catalog().open((*all)[0]).error().code == errc::corruption);
  CHECK(db.engine->catalog().open((*all)[1]));
}

TEST_CASE("files of tables that a crash left unlisted are removed at the start") {
  const tests::scratch_folder folder;
  const auto database = folder.path() / "db";
  uuid kept;
  {
    open_engine db(settings_for(folder.path()));
    kept = db.create("docs")->meta().id;
  }
  const auto lost = uuid::random().text();
  const auto listed = uuid::random().text();
  const auto foreign = database / ("points-" + lost + ".wt.bak");
  std::ofstream(database / ("points-" + lost + ".wt")) << "a page";
  std::ofstream(database / ("slots-" + lost + ".wt")) << "";
  std::ofstream(foreign) << "not ours";
  make_orphans(folder.path(), {"file:slots-" + listed + ".wt"});
  const open_engine db(settings_for(folder.path()));
  CHECK_FALSE(std::filesystem::exists(database / ("points-" + lost + ".wt")));
  CHECK_FALSE(std::filesystem::exists(database / ("slots-" + lost + ".wt")));
  CHECK_FALSE(std::filesystem::exists(database / ("slots-" + listed + ".wt")));
  CHECK(std::filesystem::exists(foreign));
  CHECK(std::filesystem::exists(database / ("points-" + kept.text() + ".wt")));
  CHECK(names(*db.engine) == std::vector<std::string>{"docs"});
}

TEST_CASE("the file of a table that was never whole is gone after one start") {
  const tests::scratch_folder folder;
  const auto database = folder.path() / "db";
  { const open_engine db(settings_for(folder.path())); }
  const auto lost = uuid::random();
  make_orphans(folder.path(), {tables::slots(lost)});
  const auto file = "slots-" + lost.text() + ".wt";
  {
    auto connection = wt::connection::open(database, "log=(enabled=true)");
    auto session = connection->open_session();
    CHECK(*session->drop("colgroup:slots-" + lost.text()));
    session->close();
    REQUIRE(connection->close());
  }
  std::ofstream(database / file) << "a part of a page";
  const open_engine db(settings_for(folder.path()));
  CHECK_FALSE(std::filesystem::exists(database / file));
}

TEST_CASE("many collections are open at once, and idle ones hold no session") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  std::vector<std::shared_ptr<collection_store>> stores;
  for (int i = 0; i < 40; ++i) {
    stores.push_back(db.create("c" + std::to_string(i)));
    const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
    REQUIRE(stores.back()->apply(batch));
  }
  for (const auto& store : stores) store->idle();
  for (const auto& store : stores) CHECK(*store->find(point_id(1)));
}

TEST_CASE("a damaged catalog row is corruption, and the folder is free again after the refusal") {
  const tests::scratch_folder folder;
  const auto settings = settings_for(folder.path());
  uuid id;
  {
    open_engine db(settings);
    id = db.create("docs")->meta().id;
  }
  {
    auto connection = wt::connection::open(folder.path() / "db", "log=(enabled=true)");
    REQUIRE(connection);
    auto session = connection->open_session();
    REQUIRE(session);
    auto rows = session->open(tables::catalog);
    REQUIRE(rows->put(tables::key(id), "damaged bytes, more than a header"));
    rows->close();
    session->close();
    REQUIRE(connection->close());
  }
  for (int i = 0; i < 2; ++i) {
    const auto opened = engine::open(settings);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == errc::corruption);
    CHECK(opened.error().message.find("catalog") != std::string::npos);
  }
}

TEST_CASE("a catalog that lost a row is refused, and no table is removed for it") {
  const tests::scratch_folder folder;
  const auto settings = settings_for(folder.path());
  uuid id;
  {
    open_engine db(settings);
    id = db.create("docs")->meta().id;
  }
  {
    auto connection = wt::connection::open(folder.path() / "db", "log=(enabled=true)");
    REQUIRE(connection);
    auto session = connection->open_session();
    REQUIRE(session);
    auto rows = session->open(tables::catalog);
    REQUIRE(rows->remove(tables::key(id)));
    rows->close();
    session->close();
    REQUIRE(connection->close());
  }
  const auto opened = engine::open(settings);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corruption);
  CHECK(opened.error().message.find("counters") != std::string::npos);
  CHECK(std::filesystem::exists(folder.path() / "db" / ("points-" + id.text() + ".wt")));
}

TEST_CASE("another specification is in the catalog and the journal, and survives a restart") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto made = db.engine->catalog().create("docs", spec_of(2));
  REQUIRE(made);
  auto spec = made->spec;
  spec.hnsw.m = 40;
  spec.metadata = R"({"owner":"me"})";
  spec.limits.max_points = 9;
  const auto altered = db.engine->catalog().alter(made->id, spec);
  REQUIRE(altered);
  CHECK(altered->spec == spec);
  CHECK((*db.engine->catalog().list())[0].spec == spec);
  std::vector<effect> seen;
  REQUIRE(db.engine->journal().read(1, [&](journal_entry&& entry) {
    for (const auto& change : entry.body)
      if (change.collection == made->id) seen.push_back(change.effect);
    return true;
  }));
  REQUIRE(seen.size() == 2);
  auto plain = spec;
  plain.next_number = 0;
  CHECK(seen[1] == effect(alter_collection_effect{plain}));
  auto bad = spec;
  bad.hnsw.m = 1;
  const auto refused = db.engine->catalog().alter(made->id, bad);
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::invalid_argument);
  const auto absent = db.engine->catalog().alter(uuid::random(), spec);
  REQUIRE(!absent);
  CHECK(absent.error().code == errc::not_found);
  db.reopen();
  CHECK((*db.engine->catalog().list())[0].spec == spec);
}
