// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/moment.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"

using namespace thespis;
using actors::former_point;
using actors::moment;

namespace {

former_point was(std::uint64_t id, lsn_t lsn) {
  storage::point_record record;
  record.lsn = lsn;
  return {point_id(id), std::move(record)};
}

former_point was_absent(std::uint64_t id) { return {point_id(id), std::nullopt}; }

std::vector<former_point> list(former_point one, former_point other) {
  std::vector<former_point> formers;
  formers.push_back(std::move(one));
  formers.push_back(std::move(other));
  return formers;
}

std::vector<std::uint64_t> ids_of(const moment& from, std::optional<point_id> first = {}) {
  std::vector<std::uint64_t> ids;
  for (moment::walk at(from, first); at.here() != nullptr; at.advance())
    ids.push_back(at.here()->id.number());
  return ids;
}

}  // namespace

TEST_CASE("a moment tells what points were before the writes after it") {
  const auto first = std::make_shared<moment>();
  CHECK(first->former(point_id(7)) == nullptr);
  CHECK(ids_of(*first).empty());
  const auto second = first->pass(list(was_absent(9), was(7, 1)));
  const auto third = second->pass(list(was(9, 2), was(8, 1)));

  REQUIRE(first->former(point_id(7)) != nullptr);
  CHECK(first->former(point_id(7))->record->lsn == 1);
  REQUIRE(first->former(point_id(9)) != nullptr);
  CHECK_FALSE(first->former(point_id(9))->record);
  REQUIRE(first->former(point_id(8)) != nullptr);
  CHECK(first->former(point_id(6)) == nullptr);

  CHECK(second->former(point_id(7)) == nullptr);
  REQUIRE(second->former(point_id(9)) != nullptr);
  CHECK(second->former(point_id(9))->record->lsn == 2);
  CHECK(third->former(point_id(9)) == nullptr);

  CHECK(ids_of(*first) == std::vector<std::uint64_t>{7, 8, 9});
  CHECK(ids_of(*second) == std::vector<std::uint64_t>{8, 9});
  CHECK(ids_of(*first, point_id(8)) == std::vector<std::uint64_t>{8, 9});
  CHECK(ids_of(*first, point_id(10)).empty());
  moment::walk nine(*first, point_id(9));
  REQUIRE(nine.here() != nullptr);
  CHECK_FALSE(nine.here()->record);
}

TEST_CASE("what only older moments need goes with the last of them") {
  auto first = std::make_shared<moment>();
  auto second = first->pass({});
  const std::weak_ptr<moment> kept = second;
  second.reset();
  CHECK_FALSE(kept.expired());
  first.reset();
  CHECK(kept.expired());
}

TEST_CASE("a long chain of moments ends without a deep stack") {
  auto first = std::make_shared<moment>();
  auto last = first;
  for (int i = 0; i < 300'000; ++i) last = last->pass({});
  first.reset();
  const std::weak_ptr<moment> end = last;
  CHECK_FALSE(end.expired());
  first = std::make_shared<moment>();
  last = first;
  for (int i = 0; i < 300'000; ++i) last = last->pass({});
  const std::weak_ptr<moment> held_by_chain = last;
  last.reset();
  CHECK_FALSE(held_by_chain.expired());
  first.reset();
  CHECK(held_by_chain.expired());
}

TEST_CASE("moments are read and let go while a writer passes them on") {
  auto now = std::make_shared<moment>();
  const auto first = now;
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  std::atomic<std::uint64_t> wrong{0};
  for (int reader = 0; reader < 3; ++reader)
    readers.emplace_back([&] {
      while (!done) {
        const auto* former = first->former(point_id(1));
        if (former != nullptr && former->record->lsn != 1) ++wrong;
        if (ids_of(*first).size() > 2) ++wrong;
      }
    });
  for (lsn_t lsn = 1; lsn <= 300; ++lsn) now = now->pass(list(was(1, lsn), was(2, lsn)));
  done = true;
  for (auto& reader : readers) reader.join();
  CHECK(wrong == 0);
}
