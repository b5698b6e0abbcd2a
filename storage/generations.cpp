// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/generations.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "storage/codec.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

result<std::set<std::uint32_t>> generations_with_tables(wt::session& session,
                                                        const uuid& collection) {
  std::set<std::uint32_t> found;
  THESPIS_TRY(auto names, session.open_names());
  while (true) {
    THESPIS_TRY(const bool more, names.next());
    if (!more) return found;
    THESPIS_TRY(const auto name, names.key());
    const auto owner = tables::owner(name);
    if (owner && owner->collection == collection) found.insert(owner->generation);
  }
}

bool has_points(wt::session& session, const uuid& collection, std::uint32_t generation) {
  auto points = session.open(tables::points(collection, generation));
  if (!points) return false;
  const auto any = points->next();
  return any && *any;
}

}  // namespace

result<std::optional<std::uint32_t>> counted_generation(wt::session& session,
                                                        const uuid& collection) {
  THESPIS_TRY(auto rows, session.open(tables::counters));
  THESPIS_TRY(const bool any, rows.find(tables::key(collection)));
  if (!any) return std::optional<std::uint32_t>();
  THESPIS_TRY(const auto bytes, rows.value());
  const auto counters = codec::decode_counters(bytes, "counters");
  if (!counters) return std::optional<std::uint32_t>();
  return std::optional<std::uint32_t>(counters->generation);
}

result<std::map<uuid, std::uint32_t>> counted_generations(wt::session& session) {
  std::map<uuid, std::uint32_t> found;
  THESPIS_TRY(auto rows, session.open(tables::counters));
  while (true) {
    THESPIS_TRY(const bool more, rows.next());
    if (!more) return found;
    THESPIS_TRY(const auto key, rows.key());
    uuid collection;
    if (key.size() != collection.bytes.size()) continue;
    std::copy(key.begin(), key.end(), reinterpret_cast<char*>(collection.bytes.data()));
    THESPIS_TRY(const auto bytes, rows.value());
    if (const auto counters = codec::decode_counters(bytes, "counters"))
      found.emplace(collection, counters->generation);
  }
}

result<std::uint32_t> generation_of(wt::session& session, const uuid& collection) {
  THESPIS_TRY(const auto counted, counted_generation(session, collection));
  if (counted) return *counted;
  THESPIS_TRY(const auto there, generations_with_tables(session, collection));
  for (auto at = there.rbegin(); at != there.rend(); ++at)
    if (has_points(session, collection, *at)) return *at;
  return there.empty() ? 0 : *there.begin();
}

}  // namespace thespis::storage
