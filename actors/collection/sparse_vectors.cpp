// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/sparse_vectors.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "actors/collection/derived_files.hpp"
#include "core/log.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::actors {

namespace {

constexpr const char* format_name = "postings";
constexpr const char* format_version = "1";

}  // namespace

result<void> save_postings(const std::filesystem::path& file,
                           const fields::sparse_snapshot& postings,
                           const plugins::index_file_stamp& stamp) {
  plugins::index_file_header header;
  header.stamp = stamp;
  header.plugin_name = format_name;
  header.plugin_version = format_version;
  THESPIS_TRY(const auto out, plugins::index_file_writer::open(file, header));
  THESPIS_CHECK(postings.save(stamp.next_slot, [&](const void* data, std::size_t bytes) {
    return out->write(data, bytes);
  }));
  return out->finish();
}

result<saved_postings> load_postings(const std::filesystem::path& file,
                                     const plugins::index_file_stamp& expected) {
  THESPIS_TRY(const auto in, plugins::index_file_reader::open(file));
  const auto& header = in->header();
  const auto unfit = [&](const char* why) {
    return error(errc::failed_precondition, "file of postings " + file.string() + ": " + why);
  };
  if (header.plugin_name != format_name || header.plugin_version != format_version)
    return unfit("another format");
  if (header.stamp.collection != expected.collection ||
      header.stamp.generation != expected.generation ||
      header.stamp.vector_name != expected.vector_name)
    return unfit("of another collection or vector");
  if (header.stamp.next_slot > expected.next_slot || header.stamp.lsn > expected.lsn)
    return unfit("newer than the collection");
  const fields::sparse_source source{
      [&](void* data, std::size_t bytes) { return in->read(data, bytes); }, in->payload_bytes()};
  THESPIS_TRY(auto index, fields::sparse_index::load(source));
  THESPIS_CHECK(in->finish());
  if (index->next_slot() > header.stamp.next_slot)
    return error(errc::corruption,
                 "file of postings " + file.string() + ": it has slots beyond its end");
  return saved_postings{std::move(index), header.stamp.next_slot};
}

void sparse_vectors::open(const std::vector<sparse_vector_spec>& specs,
                          const std::filesystem::path& folder,
                          const plugins::index_file_stamp& expected) {
  for (const auto& spec : specs) {
    auto& added = all_.emplace_back();
    added.spec = spec;
    added.file = derived_files::of_vector(folder, spec.place, derived_files::postings_extension);
    // Nothing of it is in earlier slots.
    if (spec.place.added.generation == expected.generation)
      added.kept_end = std::min(spec.place.added.end, expected.next_slot);
    auto stamp = expected;
    stamp.vector_name = spec.name;
    auto saved = load_postings(added.file, stamp);
    if (saved) {
      added.index = std::move(saved->index);
      added.saved_end = saved->next_slot;
      added.kept_end = std::max(added.kept_end, saved->next_slot);
      continue;
    }
    added.index = std::make_shared<fields::sparse_index>();
    if (saved.error().code != errc::not_found)
      log::warn("collection", "saved postings do not fit, reading the vectors again",
                {{"vector", spec.name}, {"why", saved.error().message}});
  }
}

void sparse_vectors::reshape(const std::vector<sparse_vector_spec>& specs,
                             const std::filesystem::path& folder,
                             const plugins::index_file_stamp& expected) {
  std::erase_if(all_, [&](const one& known) {
    const bool kept = std::any_of(specs.begin(), specs.end(), [&](const auto& spec) {
      return spec.place == known.spec.place && spec.name == known.spec.name;
    });
    std::error_code ignored;  // the next start removes it, too
    if (!kept) std::filesystem::remove(known.file, ignored);
    return !kept;
  });
  std::vector<sparse_vector_spec> added;
  for (const auto& spec : specs)
    if (std::none_of(all_.begin(), all_.end(),
                     [&](const one& known) { return known.spec.name == spec.name; }))
      added.push_back(spec);
  open(added, folder, expected);
  std::sort(all_.begin(), all_.end(),
            [](const one& a, const one& b) { return a.spec.name < b.spec.name; });
}

slot_t sparse_vectors::kept_end() const noexcept {
  slot_t end = no_slot;
  for (const auto& vector : all_) end = std::min(end, vector.kept_end);
  return end;
}

result<std::size_t> sparse_vectors::put(slot_t slot, std::span<const named_vector> vectors) {
  std::size_t taken = 0;
  for (auto& known : all_) {
    const auto found =
        std::find_if(vectors.begin(), vectors.end(),
                     [&](const named_vector& vector) { return vector.name == known.spec.name; });
    if (found == vectors.end()) continue;
    ++taken;
    if (slot < known.kept_end) continue;
    const auto put = known.index->insert(slot, found->indices, found->values);
    if (!put)
      return error(errc::corruption, "sparse vector '" + known.spec.name + "' of slot " +
                                         std::to_string(slot) + ": " + put.error().message);
  }
  return taken;
}

std::vector<sparse_view> sparse_vectors::views() const {
  std::vector<sparse_view> made;
  made.reserve(all_.size());
  for (const auto& vector : all_) made.push_back({vector.spec, vector.index->snapshot()});
  return made;
}

void sparse_vectors::tell(slot_t end, std::vector<vector_index_info>& indexes) const {
  for (const auto& vector : all_) {
    auto& told = indexes.emplace_back();
    told.name = vector.spec.name;
    told.index = "sparse";
    told.indexed_slots = end;
    told.quantizer = "none";
    told.index_bytes = vector.index->bytes();
  }
}

std::uint64_t sparse_vectors::bytes() const {
  std::uint64_t sum = 0;
  for (const auto& vector : all_) sum += vector.index->bytes();
  return sum;
}

}  // namespace thespis::actors
