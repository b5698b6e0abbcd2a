// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/engine.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

TEST_CASE("a reopened engine keeps its node id and raises its term") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto id = db.engine->node_id();
  CHECK(db.engine->term() == 1);
  db.reopen();
  CHECK(db.engine->node_id() == id);
  CHECK(db.engine->term() == 2);
}

TEST_CASE("points survive closing and opening, value for value") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  {
    const auto store = db.create("docs");
    const std::vector<effect> batch{upsert(point_id(1), {1, 2}, R"({"a":1})"),
                                    upsert(text_id("x"), {3, 4})};
    REQUIRE(store->apply(batch));
  }
  db.reopen();
  const auto store = db.store("docs");
  const auto view = store->snapshot();
  REQUIRE(view);
  const auto found = (*view)->find(point_id(1));
  REQUIRE(found);
  REQUIRE(*found);
  CHECK((*found)->payload.json == R"({"a":1})");
  CHECK((*found)->created_us == 11);
  CHECK((*found)->updated_us == 22);
  CHECK((*view)->vectors((*found)->slot)->at(0).values == std::vector<float>{1, 2});
  CHECK(store->counters().points == 2);
  CHECK(store->counters().next_slot == 2);
}

TEST_CASE("a folder in use is refused by name, and free again after close") {
  const tests::scratch_folder folder;
  const auto settings = settings_for(folder.path());
  open_engine db(settings);
  const auto second = engine::open(settings);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::io);
  CHECK(second.error().message.find(folder.path().string()) != std::string::npos);
  CHECK(second.error().message.find("in use") != std::string::npos);
  db.reopen();
}

TEST_CASE("a data folder whose parent is missing is refused by path") {
  const tests::scratch_folder folder;
  const auto path = folder.path() / "no" / "data";
  const auto opened = engine::open(settings_for(path));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::io);
  CHECK(opened.error().message.find(path.string()) != std::string::npos);
}

TEST_CASE("a new data folder is made however its path is written") {
  const tests::scratch_folder folder;
  const auto made = folder.path() / "new" / "";
  REQUIRE_FALSE(made.has_filename());
  {
    const open_engine db(settings_for(made));
    CHECK(std::filesystem::is_directory(folder.path() / "new" / "db"));
  }
  const open_engine again(settings_for(folder.path() / "." / "new"));
  CHECK(again.engine->term() == 2);
}

TEST_CASE("a data folder that is a file is refused by path") {
  const tests::scratch_folder folder;
  const auto path = folder.path() / "data";
  std::ofstream(path) << "text";
  const auto opened = engine::open(settings_for(path));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::io);
  CHECK(opened.error().message.find(path.string()) != std::string::npos);
}

TEST_CASE("a read-only data folder is refused by path") {
  const tests::scratch_folder folder;
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  // Permissions do not bind root, so a child of another user tries.
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) ::_exit(2);
    const auto opened = engine::open(settings_for(folder.path()));
    const bool refused = !opened && opened.error().code == errc::io &&
                         opened.error().message.find(folder.path().string()) != std::string::npos;
    ::_exit(refused ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
}

TEST_CASE("a newer or damaged format file is refused") {
  const tests::scratch_folder folder;
  { open_engine db(settings_for(folder.path())); }
  const auto file = folder.path() / "format";
  const auto opened_with = [&](const std::string& text) {
    std::ofstream(file, std::ios::trunc) << text;
    return engine::open(settings_for(folder.path()));
  };
  CHECK(opened_with("thespis data folder, format 2\n").error().code == errc::unsupported);
  CHECK(opened_with("thespis data folder, format x\n").error().code == errc::corruption);
  CHECK(opened_with("something else").error().code == errc::corruption);
  CHECK(opened_with("").error().code == errc::corruption);
  CHECK(opened_with("thespis data folder, format 1\n"));
  std::filesystem::remove(file);
  CHECK(engine::open(settings_for(folder.path())).error().code == errc::corruption);
}

TEST_CASE("closing with an open snapshot is refused, and works once it is gone") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  {
    const auto store = db.create("docs");
    const auto view = store->snapshot();
    REQUIRE(view);
    const auto closed = db.engine->close();
    REQUIRE_FALSE(closed);
    CHECK(closed.error().code == errc::failed_precondition);
  }
  CHECK(db.engine->close());
  CHECK(db.engine->close());
}

TEST_CASE("statistics count what was written") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto store = db.create("docs");
  const auto before = db.engine->stats();
  const std::vector<effect> batch{upsert(point_id(1), {1, 2})};
  REQUIRE(store->apply(batch));
  REQUIRE(db.engine->checkpoint());
  const auto after = db.engine->stats();
  CHECK(after.cache_bytes > 0);
  CHECK(after.log_bytes_written > before.log_bytes_written);
  CHECK(after.checkpoints > before.checkpoints);
  CHECK(after.flushes >= 1);
}

TEST_CASE("derived folders are made on demand and go with their collection") {
  const tests::scratch_folder folder;
  open_engine db(settings_for(folder.path()));
  const auto meta = db.create("docs")->meta();
  const auto path = db.engine->derived_folder(meta.id);
  REQUIRE(path);
  CHECK(*path == folder.path() / "derived" / meta.id.text());
  CHECK(std::filesystem::is_directory(*path));
  std::ofstream(*path / "index") << "bytes";
  REQUIRE(db.engine->catalog().drop("docs"));
  CHECK_FALSE(std::filesystem::exists(*path));
}
