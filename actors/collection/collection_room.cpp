// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of collection_state that keeps within memory and disk.

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "actors/collection/collection_state.hpp"
#include "actors/collection/index_options.hpp"
#include "actors/collection/slot_file.hpp"
#include "actors/query/vector_fit.hpp"
#include "core/fail_point.hpp"
#include "core/phase.hpp"

namespace thespis::actors {

namespace {

/// Of a row in memory beside its floats: padding and norm.
constexpr std::uint64_t row_extra_bytes = 128;
/// Of a slot beside a long id: id, version and bits.
constexpr std::uint64_t slot_bytes = 64;
/// A write's vectors and payload are held so many times more while it commits: as journal entry,
/// and as new pages of two tables.
constexpr std::uint64_t commit_copies = 3;
/// Bits and versions in a file of slots, and blocks of sums.
constexpr std::uint64_t slot_file_bytes = 32;
/// Postings of dead slots go when so many of a page are dead.
constexpr double postings_dead_share = 0.1;

std::uint64_t bytes_of(const point& written) {
  std::uint64_t bytes = written.payload.json.size();
  for (const auto& vector : written.vectors)
    bytes += vector.values.size() * sizeof(float) + vector.indices.size() * sizeof(std::uint32_t);
  return bytes;
}

}  // namespace

collection_state::accounts::accounts(const std::shared_ptr<memory_budget>& memory)
    : rows(memory, memory_part::rows),
      mapped_rows(memory, memory_part::mapped_rows),
      index(memory, memory_part::index),
      slots(memory, memory_part::slots) {}

collection_state::collection_state(collection_bounds bounds)
    : bounds_(std::move(bounds)), accounts_(bounds_.memory) {}

collection_state::~collection_state() {
  if (bounds_.memory && meta_) bounds_.memory->remove_relief("rows of " + meta_->id.text());
}

result<memory_budget::share> collection_state::promise(std::uint64_t bytes,
                                                       const std::string& what) {
  return memory_budget::reserve(bounds_.memory, bytes, name() + ": " + what);
}

std::uint64_t index_slot_bytes(const vector_state& vector) {
  if (vector.index == nullptr) return 0;
  return index_row_bytes(*vector.index, vector.progress.indexed_end(), vector.spec, vector.hnsw);
}

result<void> collection_state::check_memory(std::span<const effect> effects) {
  if (!bounds_.memory) return ok();
  std::uint64_t per_point = slot_bytes;
  for (const auto& vector : vectors_) {
    per_point += index_slot_bytes(vector);
    if (!vector.arena->in_file()) per_point += vector.spec.size * sizeof(float) + row_extra_bytes;
  }
  std::uint64_t bytes = 0;
  for (const auto& change : effects) {
    if (const auto* upsert = std::get_if<upsert_effect>(&change))
      bytes += per_point + upsert->point.id.text().size() + multi_.bytes_of(upsert->point) +
               commit_copies * bytes_of(upsert->point);
    else if (const auto* edit = std::get_if<payload_effect>(&change))
      bytes += commit_copies * edit->payload.json.size();
  }
  if (bytes == 0) return ok();  // deletions free memory
  return bounds_.memory->check(bytes, name() + ": a write");
}

void collection_state::account() noexcept {
  if (!bounds_.memory) return;
  std::uint64_t rows = multi_.bytes();
  std::uint64_t mapped = 0;
  std::uint64_t index = 0;
  std::uint64_t waiting = 0;
  std::uint64_t dead = std::uint64_t{retired_.chunk_count()} * slot_bitmap::chunk_words * 8;
  for (const auto& vector : vectors_) {
    if (vector.arena->in_file())
      mapped += vector.mapped_resident;
    else
      rows += vector.arena->bytes();
    dead += std::uint64_t{vector.dead.chunk_count()} * slot_bitmap::chunk_words * 8;
    if (vector.index == nullptr) continue;
    index += vector.index->bytes();
    waiting += index_slot_bytes(vector) * (end_slot_ - vector.progress.indexed_end());
    if (!vector.next) continue;
    const auto& next = *vector.next;
    const auto indexed_end = next.progress.indexed_end();
    index += next.index->bytes();
    waiting += index_row_bytes(*next.index, indexed_end, vector.spec, next.hnsw) *
               (end_slot_ - indexed_end);
  }
  index += sparse_.bytes() + multi_.index_bytes();
  waiting += multi_.waiting_bytes(end_slot_);
  accounts_.rows.set(rows);
  accounts_.mapped_rows.set(mapped);
  accounts_.index.set(index, waiting);
  accounts_.slots.set(slots_.bytes() + dead);
}

void collection_state::tidy() noexcept {
  for (auto& vector : vectors_) {
    vector.arena->let_go();
    if (bounds_.memory && vector.arena->in_file())
      vector.mapped_resident = vector.arena->memory().resident_bytes;
    if (!vector.owed || !bounds_.memory) continue;
    if (!bounds_.memory->check(vector.index->bytes(), name())) continue;
    vector.upkeep = index_upkeep(*std::exchange(vector.owed, std::nullopt));
    vector.put_off.clear();
  }
  account();
}

void collection_state::note_put_off(std::uint32_t vector, std::string why) {
  if (vector >= vectors_.size()) return;  // postings ask again
  auto& owner = vectors_[vector];
  owner.owed = owner.upkeep.marks();
  owner.put_off = std::move(why);
}

void collection_state::note_unsaved(const std::string& vector_name, std::string why) {
  multi_.note_unsaved(vector_name, why);
  for (auto& vector : vectors_)
    if (vector.spec.name == vector_name) vector.unsaved = why;
  for (auto& vector : sparse_.all())
    if (vector.spec.name == vector_name) vector.unsaved = why;
}

void collection_state::describe_trouble(const vector_state& vector, collection_info& info) const {
  if (info.status != collection_status::green) return;
  const auto tell = [&](const std::string& what) {
    info.status = collection_status::yellow;
    info.status_detail = describe_vector(vector.spec.name) + ": " + what;
  };
  if (vector.next)
    tell(describe_remaking(vector.next->progress.indexed_end(), end_slot_, vector.next->starved));
  else if (!vector.without_graph.empty())
    tell("searches are exact, because its index was not loaded: " + vector.without_graph);
  else if (vector.starved)
    tell("slots wait for memory for the index and are scanned");
  else if (!vector.put_off.empty())
    tell("putting its index in order is put off: " + vector.put_off);
  else if (!vector.unsaved.empty())
    tell("its index is not saved: " + vector.unsaved);
}

std::string describe_remaking(slot_t indexed_end, slot_t end, bool starved) {
  return "its index is made anew with other parameters, " + std::to_string(indexed_end) + " of " +
         std::to_string(end) + " slots are in it" + (starved ? "; the others wait for memory" : "");
}

result<void> save_work::run() const {
  if (room) THESPIS_CHECK(room(bytes));
  THESPIS_CHECK(write());
  std::error_code ignored;  // the next start removes it, too
  if (!outdated.empty()) std::filesystem::remove(outdated, ignored);
  return ok();
}

result<plugins::index_maintenance> order_work::run() const {
  // A new index is made beside the one that is searched.
  const auto bytes = postings ? postings->bytes() : index->bytes();
  THESPIS_TRY(const auto promised,
              memory_budget::reserve(memory, bytes, "an index to be put in order"));
  if (!postings) return index->maintain(&dead);
  plugins::index_maintenance done;
  done.dropped = postings->maintain(dead, postings_dead_share);
  done.nodes = postings->snapshot().points();
  return done;
}

result<void> base_work::run() const {
  THESPIS_PHASE("slots.save");
  if (room)
    THESPIS_CHECK(room(seen->slots.bytes() + std::uint64_t{seen->end_slot} * slot_file_bytes));
  for (const auto& vector : seen->vectors)
    THESPIS_CHECK(vector.arena->save(seen->end_slot, seen->lsn));
  THESPIS_FAIL_POINT("base.sums_saved");
  return save_slots(file, *seen, generation, upkeep);
}

}  // namespace thespis::actors
