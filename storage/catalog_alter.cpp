// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the catalog that changes what a collection is made of.

#include <algorithm>
#include <array>

#include "core/collection_change.hpp"
#include "core/fail_point.hpp"
#include "core/phase.hpp"
#include "storage/catalog_tables.hpp"
#include "storage/codec.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

// Of the vectors that only `after` has, for the slots that there are.
std::uint64_t rows_bytes(const collection_spec& before, const collection_spec& after,
                         slot_t slots) {
  std::uint64_t bytes = 0;
  for (const auto& vector : after.vectors)
    if (before.find(vector.name) == nullptr && !vector.multivector)
      bytes += std::uint64_t{slots} * vector.size * sizeof(float);
  return bytes;
}

}  // namespace

result<alteration> catalog_tables::alter(const uuid& id, const collection_spec& spec,
                                         const idempotency_claim& once) {
  THESPIS_CHECK(validate(spec));
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(by_name_.begin(), by_name_.end(),
                                  [&](const auto& one) { return one.second.id == id; });
  if (found == by_name_.end())
    return error(errc::not_found, "collection " + id.text() + ": does not exist");
  THESPIS_PHASE("collection.alter");
  auto meta = found->second;
  THESPIS_TRY(const auto counters, counters_of(meta));
  meta.spec = spec;
  place_vectors(found->second.spec, meta.spec, {counters.generation, counters.next_slot});
  // Rows of a new vector begin with those that lack it.
  const auto rows = rows_bytes(found->second.spec, meta.spec, counters.next_slot);
  THESPIS_CHECK(shared_.disk.check(rows, rows > 0));
  THESPIS_TRY(const lsn_t lsn, commit_alteration(meta, once));
  THESPIS_FAIL_POINT("alter.row_committed");
  found->second = meta;
  shared_.flusher->wait_durable(lsn);
  THESPIS_FAIL_POINT("alter.durable");
  return alteration{std::move(meta.spec), lsn};
}

// Nobody writes where it matters which slots were assigned.
result<collection_counters> catalog_tables::counters_of(const collection_meta& meta) {
  const auto what = "collection '" + meta.name + "': counters";
  auto& rows = handles_->counters;
  const auto found = [&]() -> result<collection_counters> {
    THESPIS_TRY(const bool any, rows.find(tables::key(meta.id)));
    if (!any) return error(errc::corruption, what + " are missing");
    THESPIS_TRY(const auto bytes, rows.value());
    return codec::decode_counters(bytes, what);
  }();
  rows.reset();
  return found;
}

result<lsn_t> catalog_tables::commit_alteration(const collection_meta& meta,
                                                const idempotency_claim& once) {
  const std::array<effect, 1> effects{alter_collection_effect{meta.spec}};
  std::string row;
  THESPIS_CHECK(codec::encode_collection(meta, row));
  const auto rows = [&](const journal_log::ticket&) -> result<void> {
    THESPIS_TRY(const bool listed, handles_->catalog.update(tables::key(meta.id), row));
    if (listed) return ok();
    return error(errc::corruption, "collection '" + meta.name + "': its row is missing");
  };
  const write_note note{once, 0};
  return handles_->writer.commit(meta.id, effects, row.size(), rows, once ? &note : nullptr);
}

}  // namespace thespis::storage
