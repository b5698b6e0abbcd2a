// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/index.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <new>
#include <optional>

#include "core/limits.hpp"
#include "core/phase.hpp"
#include "plugins/host/arena_parts.hpp"
#include "plugins/host/index_file.hpp"
#include "plugins/host/index_parts.hpp"
#include "plugins/host/required.hpp"
#include "plugins/host/services.hpp"
#include "plugins/host/status.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t line_bytes = 64;

/// Floats on a 64-byte boundary.
struct aligned_floats {
  explicit aligned_floats(std::size_t count)
      : values(static_cast<float*>(::operator new(count * sizeof(float), alignment))) {}
  ~aligned_floats() { ::operator delete(values, alignment); }
  aligned_floats(const aligned_floats&) = delete;
  aligned_floats& operator=(const aligned_floats&) = delete;

  static constexpr std::align_val_t alignment{line_bytes};
  float* values;
};

thespis_bitmap lend(const slot_bitmap& set) {
  return {sizeof(thespis_bitmap),
          slot_bitmap::chunk_bits_log2,
          set.chunks(),
          set.chunk_count(),
          0,
          set.size()};
}

void copy_padded(std::span<const float> vector, std::uint32_t padded, float* out) {
  std::copy(vector.begin(), vector.end(), out);
  std::fill(out + vector.size(), out + padded, 0.0f);
}

bool same_set(const index_query& a, const index_query& b) {
  return a.first_slot == b.first_slot && a.end_slot == b.end_slot && a.dead == b.dead &&
         a.allowed == b.allowed && a.cancelled == b.cancelled;
}

/// The query as it crosses to the plugin. Its `k` is no more than there can be, 0 if nothing can.
thespis_index_query lower(const index_query& asked, slot_t arena_end, const float* vector,
                          const thespis_bitmap* dead, const thespis_bitmap* allowed) {
  thespis_index_query query{};
  query.struct_size = sizeof(query);
  query.ef = asked.ef;
  query.first_slot = asked.first_slot;
  query.end_slot = std::min(asked.end_slot, arena_end);
  std::uint64_t most = query.end_slot - std::min(query.first_slot, query.end_slot);
  if (allowed != nullptr) most = std::min(most, allowed->cardinality);
  query.k = static_cast<std::uint32_t>(std::min<std::uint64_t>(asked.k, most));
  query.vector = vector;
  query.dead = dead;
  query.allowed = allowed;
  query.flags = (asked.ignore_codes ? THESPIS_QUERY_IGNORE_CODES : 0u) |
                (asked.rescore ? 0u : THESPIS_QUERY_NO_RESCORING);
  query.oversampling = asked.oversampling;
  query.cancelled = reinterpret_cast<const std::uint32_t*>(asked.cancelled);
  return query;
}

/// What a stream call-back needs: where the bytes go, and why it failed.
template <class Stream>
struct stream_context {
  Stream* stream;
  std::optional<error> failure;

  /// Runs `body`, keeps its error or exception here and reports a status.
  template <class Body>
  thespis_status run(Body&& body) noexcept {
    try {
      if (failure) return THESPIS_IO;
      if (auto done = body(); !done) failure = std::move(done).error();
    } catch (const std::exception&) {
      failure.emplace(errc::resource_exhausted, "out of memory");
    }
    if (!failure) return THESPIS_OK;
    return failure->code == errc::corruption ? THESPIS_CORRUPTION : THESPIS_IO;
  }
};

error mismatch(const std::filesystem::path& file, const std::string& what, const std::string& found,
               const std::string& expected) {
  return {errc::failed_precondition,
          "index file " + file.string() + ": " + what + " is " + found + ", expected " + expected};
}

result<void> check_stamp(const std::filesystem::path& file, const index_file_stamp& found,
                         const index_file_stamp& expected, slot_t arena_end) {
  if (found.collection != expected.collection)
    return mismatch(file, "collection", found.collection.text(), expected.collection.text());
  if (found.vector_name != expected.vector_name)
    return mismatch(file, "vector", "'" + found.vector_name + "'",
                    "'" + expected.vector_name + "'");
  if (found.generation != expected.generation)
    return mismatch(file, "generation", std::to_string(found.generation),
                    std::to_string(expected.generation));
  if (found.next_slot > expected.next_slot)
    return mismatch(file, "next slot", std::to_string(found.next_slot),
                    "at most " + std::to_string(expected.next_slot));
  if (found.lsn > expected.lsn)
    return mismatch(file, "LSN", std::to_string(found.lsn),
                    "at most " + std::to_string(expected.lsn));
  if (found.next_slot > arena_end)
    return mismatch(file, "next slot", std::to_string(found.next_slot),
                    "at most the arena's " + std::to_string(arena_end));
  return ok();
}

}  // namespace

index::impl::~impl() {
  if (object.self != nullptr) table().destroy(object.self);
}

error index::impl::broken(const char* call, const std::string& what) const {
  return {errc::plugin, "plugin '" + name() + "': " + call + ": " + what};
}

result<std::unique_ptr<index::impl>> index::impl::make(std::shared_ptr<const library> plugin,
                                                       std::shared_ptr<const services> host,
                                                       std::shared_ptr<const arena> vectors,
                                                       const index_params& params) {
  thespis_index_params given{};
  given.struct_size = sizeof(given);
  given.metric = static_cast<thespis_metric>(vectors->metric());
  given.dimension = vectors->dimension();
  given.hnsw_m = params.hnsw.m;
  given.hnsw_ef_construct = params.hnsw.ef_construct;
  given.seed = params.seed;
  given.arena = &vectors->impl_->lent;
  given.preset = params.fast ? THESPIS_PRESET_FAST : THESPIS_PRESET_BALANCED;
  given.quantizer = params.quantizer.empty() ? nullptr : params.quantizer.c_str();
  given.quantizer_bits = params.quantizer_bits;

  auto parts = std::make_unique<impl>();
  THESPIS_TRY(const auto made, plugin->create(host->table(), &given, vectors->impl_->lent.element));
  THESPIS_CHECK(check_object<thespis_index_table>(
      plugin->description().name, made, index_table_bytes_min,
      [](const thespis_index_table& table) {
        return table.destroy == nullptr || table.insert == nullptr || table.search == nullptr ||
               table.save == nullptr || table.load == nullptr || table.memory == nullptr;
      }));
  parts->plugin = std::move(plugin);
  parts->host = std::move(host);
  parts->vectors = std::move(vectors);
  parts->object = made;
  return parts;
}

index::index(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}
index::~index() = default;

result<void> index::insert(std::span<const slot_t> slots) {
  THESPIS_PHASE("index.build");
  const auto end = impl_->vectors->end_slot();
  for (const auto slot : slots)
    if (slot >= end)
      return error(errc::internal, "index: slot " + std::to_string(slot) +
                                       " is not in the arena, which ends at " +
                                       std::to_string(end));
  if (slots.empty()) return ok();
  thespis_failure failure{};
  const auto status =
      impl_->table().insert(impl_->object.self, slots.data(), slots.size(), &failure);
  if (status != THESPIS_OK) return plugin_error(impl_->name(), "insert", status, failure);
  return ok();
}

result<void> index::impl::take(const thespis_index_query& query, const thespis_hits& hits,
                               const index_query& asked, std::vector<ranked_slot>& out) const {
  if (hits.count > query.k)
    return broken("search", std::to_string(hits.count) + " hits, asked for at most " +
                                std::to_string(query.k));
  out.clear();
  std::vector<slot_t> seen;
  seen.reserve(hits.count);
  float before = -std::numeric_limits<float>::infinity();
  for (std::uint64_t i = 0; i < hits.count; ++i) {
    auto [slot, rank] = hits.items[i];
    if (std::isnan(rank)) rank = std::numeric_limits<float>::infinity();
    if (slot < query.first_slot || slot >= query.end_slot)
      return broken("search", "slot " + std::to_string(slot) + " is not in [" +
                                  std::to_string(query.first_slot) + ", " +
                                  std::to_string(query.end_slot) + ")");
    if (asked.dead != nullptr && asked.dead->contains(slot))
      return broken("search", "slot " + std::to_string(slot) + " is dead");
    if (asked.allowed != nullptr && !asked.allowed->contains(slot))
      return broken("search", "slot " + std::to_string(slot) + " is not allowed");
    if (rank < before) return broken("search", "hits are not sorted");
    before = rank;
    seen.push_back(slot);
    out.push_back({slot, rank});
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end())
    return broken("search", "a slot is answered twice");
  return ok();
}

result<void> index::search(const index_query& query, std::vector<ranked_slot>& hits) const {
  return search_batch({&query, 1}, {&hits, 1});
}

result<void> index::search_batch(std::span<const index_query> queries,
                                 std::span<std::vector<ranked_slot>> hits) const {
  if (queries.size() != hits.size() || queries.empty())
    return queries.empty() ? ok() : result<void>(error(errc::internal, "index: no room for hits"));
  const auto& lent = impl_->vectors->impl_->lent;
  const auto end = impl_->vectors->end_slot();
  const auto& shared = queries.front();
  for (const auto& query : queries) {
    if (query.vector.size() != lent.dimension)
      return error(errc::dimension_mismatch,
                   "index: query has " + std::to_string(query.vector.size()) +
                       " dimensions, expected " + std::to_string(lent.dimension));
    if (!same_set(query, shared))
      return error(errc::internal,
                   "index: queries of a batch differ in range, filter or cancellation");
  }
  for (auto& found : hits) found.clear();
  const auto dead = shared.dead != nullptr ? lend(*shared.dead) : thespis_bitmap{};
  const auto allowed = shared.allowed != nullptr ? lend(*shared.allowed) : thespis_bitmap{};
  const aligned_floats vectors(queries.size() * lent.padded_dimension);
  std::vector<thespis_index_query> crossing;
  std::vector<std::size_t> owners;
  std::size_t room = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    float* vector = vectors.values + i * lent.padded_dimension;
    copy_padded(queries[i].vector, lent.padded_dimension, vector);
    const auto query = lower(queries[i], end, vector, shared.dead != nullptr ? &dead : nullptr,
                             shared.allowed != nullptr ? &allowed : nullptr);
    if (query.k == 0) continue;
    crossing.push_back(query);
    owners.push_back(i);
    room += query.k;
  }
  std::vector<thespis_hit> items(room);
  std::vector<thespis_hits> answers;
  for (std::size_t taken = 0; const auto& query : crossing) {
    answers.push_back({items.data() + taken, 0});
    taken += query.k;
  }
  THESPIS_CHECK(impl_->ask(crossing, answers));
  for (std::size_t i = 0; i < crossing.size(); ++i)
    THESPIS_CHECK(impl_->take(crossing[i], answers[i], queries[owners[i]], hits[owners[i]]));
  return ok();
}

result<void> index::impl::ask(std::span<const thespis_index_query> queries,
                              std::span<thespis_hits> answers) const {
  thespis_failure failure{};
  if (queries.size() > 1 && table().search_batch != nullptr) {
    std::vector<const thespis_index_query*> pointers;
    for (const auto& query : queries) pointers.push_back(&query);
    const auto status = table().search_batch(object.self, pointers.data(), pointers.size(),
                                             answers.data(), &failure);
    if (status != THESPIS_OK) return plugin_error(name(), "search_batch", status, failure);
    return ok();
  }
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto status = table().search(object.self, &queries[i], &answers[i], &failure);
    if (status != THESPIS_OK) return plugin_error(name(), "search", status, failure);
  }
  return ok();
}

result<void> index::save(const std::filesystem::path& file, const index_file_stamp& stamp) const {
  THESPIS_PHASE("index.save");
  index_file_header header;
  header.stamp = stamp;
  header.metric = impl_->vectors->metric();
  header.dimension = impl_->vectors->dimension();
  header.plugin_name = impl_->name();
  header.plugin_version = impl_->plugin->description().version;
  THESPIS_TRY(const auto out, index_file_writer::open(file, header));

  using context = stream_context<index_file_writer>;
  context state{out.get(), std::nullopt};
  thespis_writer writer{};
  writer.struct_size = sizeof(writer);
  writer.end_slot = stamp.next_slot;
  writer.context = &state;
  writer.write = [](void* raw, const void* data, std::size_t bytes) noexcept {
    auto& self = *static_cast<context*>(raw);
    return self.run([&] { return self.stream->write(data, bytes); });
  };
  thespis_failure failure{};
  const auto status = impl_->table().save(impl_->object.self, &writer, &failure);
  if (state.failure) return *state.failure;
  if (status != THESPIS_OK) return plugin_error(impl_->name(), "save", status, failure);
  return out->finish();
}

result<index_file_stamp> index::load(const std::filesystem::path& file,
                                     const index_file_stamp& expected, const slot_bitmap* dead) {
  THESPIS_TRY(const auto in, index_file_reader::open(file));
  const auto& header = in->header();
  const auto& about = impl_->plugin->description();
  if (header.plugin_name != about.name || header.plugin_version != about.version)
    return mismatch(file, "plugin", header.plugin_name + " " + header.plugin_version,
                    about.name + " " + about.version);
  if (header.metric != impl_->vectors->metric() || header.dimension != impl_->vectors->dimension())
    return mismatch(file, "vector shape",
                    std::to_string(header.dimension) + " " + std::string(to_string(header.metric)),
                    std::to_string(impl_->vectors->dimension()) + " " +
                        std::string(to_string(impl_->vectors->metric())));
  THESPIS_CHECK(check_stamp(file, header.stamp, expected, impl_->vectors->end_slot()));

  using context = stream_context<index_file_reader>;
  context state{in.get(), std::nullopt};
  thespis_reader reader{};
  reader.struct_size = sizeof(reader);
  reader.end_slot = header.stamp.next_slot;
  reader.context = &state;
  reader.bytes = in->payload_bytes();
  const auto lent = dead != nullptr ? lend(*dead) : thespis_bitmap{};
  if (dead != nullptr) reader.dead = &lent;
  reader.read = [](void* raw, void* data, std::size_t bytes) noexcept {
    auto& self = *static_cast<context*>(raw);
    return self.run([&] { return self.stream->read(data, bytes); });
  };
  thespis_failure failure{};
  const auto status = impl_->table().load(impl_->object.self, &reader, &failure);
  if (state.failure) return *state.failure;
  if (status != THESPIS_OK) return plugin_error(impl_->name(), "load", status, failure);
  THESPIS_CHECK(in->finish());
  return header.stamp;
}

result<index_maintenance> index::maintain(const slot_bitmap* dead) {
  THESPIS_PHASE("index.maintain");
  if (impl_->table().maintain == nullptr) return index_maintenance{};
  const auto lent = dead != nullptr ? lend(*dead) : thespis_bitmap{};
  thespis_maintenance report{};
  report.struct_size = sizeof(report);
  thespis_failure failure{};
  const auto status = impl_->table().maintain(impl_->object.self, dead != nullptr ? &lent : nullptr,
                                              &report, &failure);
  if (status != THESPIS_OK) return plugin_error(impl_->name(), "maintain", status, failure);
  return index_maintenance{report.nodes, report.dropped, report.unreachable, report.mended};
}

memory_use index::memory() const noexcept {
  thespis_memory held{};
  held.struct_size = sizeof(held);
  impl_->table().memory(impl_->object.self, &held);
  return {held.resident_bytes, held.mapped_bytes};
}

bool index::scans() const noexcept { return (impl_->table().flags & THESPIS_INDEX_SCANS) != 0; }

const std::string& index::plugin_name() const noexcept { return impl_->name(); }

}  // namespace thespis::plugins
