// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/collection_repair.hpp"

#include <algorithm>
#include <utility>

#include "storage/codec.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr std::size_t step_bytes = 8u << 20;
/// Rows that one transaction removes.
constexpr std::size_t removed_at_once = 1000;

result<void> read_all(collection_check& check) {
  std::size_t read = 1;
  while (read > 0) {
    THESPIS_TRY(read, check.step(step_bytes));
  }
  return ok();
}

bool contains(const health_component& where, const health_finding& wanted) {
  return std::any_of(where.findings.begin(), where.findings.end(), [&](const health_finding& one) {
    return one.object == wanted.object && one.what == wanted.what;
  });
}

// What was found before and is not there any more was mended.
std::vector<health_component> merge(const std::vector<health_component>& before,
                                    std::vector<health_component> after) {
  for (std::size_t i = 0; i < after.size(); ++i) {
    for (auto found : before[i].findings) {
      if (contains(after[i], found)) continue;
      found.repaired = after[i].name == "counters" ? "counted anew" : "removed";
      after[i].add(std::move(found));
    }
  }
  return after;
}

}  // namespace

result<std::vector<health_component>> collection_repair::run(const offline_check_options& wanted,
                                                             bool salvaged) {
  collection_check check(sessions_, meta_);
  THESPIS_CHECK(read_all(check));
  counters_ = check.counted();
  const auto points = tables::points(meta_.id, check.generation());
  const auto slots = tables::slots(meta_.id, check.generation());
  const auto& bad = check.bad();
  const bool drop = wanted.repair && wanted.drop_damaged;
  const bool any_rows = !bad.points.empty() || !bad.slots.empty() || !bad.orphan_slots.empty();
  if (!wanted.repair || (!any_rows && !check.counters_wrong())) return check.found();
  if (!salvaged || drop) THESPIS_CHECK(remove(slots, bad.orphan_slots));
  if (drop) {
    THESPIS_CHECK(remove(points, bad.points));
    THESPIS_CHECK(remove(slots, bad.slots));
    // The vectors of a point that is gone are of no point now.
    collection_check again(sessions_, meta_);
    THESPIS_CHECK(read_all(again));
    THESPIS_CHECK(remove(slots, again.bad().orphan_slots));
  }
  collection_check counted(sessions_, meta_);
  THESPIS_CHECK(read_all(counted));
  counters_ = counted.counted();
  if (counted.counters_wrong()) THESPIS_CHECK(write_counters(counters_));
  collection_check last(sessions_, meta_);
  THESPIS_CHECK(read_all(last));
  return merge(check.found(), last.found());
}

result<void> collection_repair::remove(const std::string& table,
                                       const std::vector<std::string>& keys) {
  if (keys.empty()) return ok();
  changed_ = true;
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(table));
  for (std::size_t first = 0; first < keys.size(); first += removed_at_once) {
    wt::transaction writing(*session);
    THESPIS_CHECK(writing.begun());
    for (auto at = first; at < std::min(keys.size(), first + removed_at_once); ++at) {
      THESPIS_TRY([[maybe_unused]] const bool any, rows.remove(keys[at]));
    }
    THESPIS_CHECK(writing.commit());
  }
  return session->flush_log();
}

result<void> collection_repair::write_counters(const collection_counters& counters) {
  changed_ = true;
  std::string row;
  THESPIS_CHECK(codec::encode_counters(counters, row));
  THESPIS_TRY(auto session, sessions_.borrow());
  THESPIS_TRY(auto rows, session->open(tables::counters));
  wt::transaction writing(*session);
  THESPIS_CHECK(writing.begun());
  THESPIS_CHECK(rows.put(tables::key(meta_.id), row));
  THESPIS_CHECK(writing.commit());
  return session->flush_log();
}

}  // namespace thespis::storage
