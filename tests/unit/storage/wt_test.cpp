// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/wt.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

struct database {
  database() {
    auto opened = wt::connection::open(folder.path(), "create,log=(enabled=true)");
    REQUIRE(opened);
    connection = std::move(*opened);
  }
  wt::session session() {
    auto opened = connection.open_session();
    REQUIRE(opened);
    return std::move(*opened);
  }

  tests::scratch_folder folder;
  wt::connection connection;
};

}  // namespace

TEST_CASE("codes of the database become kinds of error with words of both sides") {
  CHECK(wt::check(0, "work"));
  CHECK(wt::failure(WT_ROLLBACK, "work").code == errc::conflict);
  CHECK(wt::failure(ENOSPC, "work").code == errc::resource_exhausted);
  CHECK(wt::failure(EMFILE, "work").code == errc::resource_exhausted);
  CHECK(wt::failure(WT_ERROR, "work").code == errc::corruption);
  CHECK(wt::failure(EIO, "work").code == errc::io);
  CHECK(wt::failure(EIO, "do the work").message.find("do the work") != std::string::npos);
}

TEST_CASE("a panic ends the process at once with one line") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDERR_FILENO);
    (void)wt::failure(WT_PANIC, "commit");
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text(1000, '\0');
  const auto got = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  REQUIRE(got > 0);
  text.resize(static_cast<std::size_t>(got));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find("see to its disk and restart") != std::string::npos);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == wt::panic_exit_status);
}

TEST_CASE("a cursor finds, seeks and steps in both directions") {
  database db;
  auto session = db.session();
  REQUIRE(session.create("table:t"));
  auto rows = session.open("table:t");
  REQUIRE(rows);
  CHECK_FALSE(*rows->seek("a"));
  for (const auto* key : {"b", "d", "f"}) REQUIRE(rows->put(key, std::string("value ") + key));
  REQUIRE(*rows->find("d"));
  CHECK(*rows->value() == "value d");
  CHECK_FALSE(*rows->find("c"));
  REQUIRE(*rows->seek("c"));
  CHECK(*rows->key() == "d");
  REQUIRE(*rows->next());
  CHECK(*rows->key() == "f");
  CHECK_FALSE(*rows->next());
  REQUIRE(*rows->previous());
  CHECK(*rows->key() == "f");
  CHECK_FALSE(*rows->seek("g"));
}

TEST_CASE("a strict cursor refuses to insert twice and to change what is missing") {
  database db;
  auto session = db.session();
  REQUIRE(session.create("table:t"));
  auto rows = session.open("table:t", wt::writes::strict);
  REQUIRE(rows);
  REQUIRE(rows->put("a", "1"));
  CHECK(rows->put("a", "2").error().code == errc::already_exists);
  CHECK(*rows->update("a", "3"));
  CHECK_FALSE(*rows->update("b", "3"));
  CHECK_FALSE(*rows->remove("b"));
  CHECK(*rows->remove("a"));
}

TEST_CASE("two transactions on one row conflict, and the loser's rows are gone") {
  database db;
  auto one = db.session();
  auto two = db.session();
  REQUIRE(one.create("table:t"));
  auto first = one.open("table:t");
  auto second = two.open("table:t");
  {
    wt::transaction winner(one);
    REQUIRE(winner.begun());
    REQUIRE(first->put("row", "winner"));
    wt::transaction loser(two);
    REQUIRE(loser.begun());
    REQUIRE(second->put("other", "loser"));
    CHECK(second->put("row", "loser").error().code == errc::conflict);
    REQUIRE(winner.commit());
  }
  CHECK(*first->find("row"));
  CHECK(*first->value() == "winner");
  CHECK_FALSE(*first->find("other"));
}

TEST_CASE("a table in use is not dropped, a missing one is no error to drop but one to open") {
  database db;
  auto session = db.session();
  REQUIRE(session.create("table:t"));
  auto rows = session.open("table:t");
  auto dropped = session.drop("table:t");
  REQUIRE(dropped);
  CHECK_FALSE(*dropped);
  rows->close();
  CHECK(*session.drop("table:t"));
  CHECK(*session.drop("table:t"));
  CHECK(session.open("table:t").error().code == errc::corruption);
}

TEST_CASE("sessions beyond the limit are refused as exhausted") {
  const tests::scratch_folder folder;
  auto connection = wt::connection::open(folder.path(), "create,session_max=4");
  REQUIRE(connection);
  std::vector<wt::session> taken;
  errc code{};
  for (int i = 0; i < 200 && code == errc{}; ++i) {
    auto session = connection->open_session();
    if (session)
      taken.push_back(std::move(*session));
    else
      code = session.error().code;
  }
  CHECK(code == errc::resource_exhausted);
}
