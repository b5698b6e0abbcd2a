// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/slot_file.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <string>

#include "core/limits.hpp"
#include "plugins/host/index_file.hpp"

namespace thespis::actors {

namespace {

constexpr const char* format_name = "slots";
constexpr const char* format_version = "3";
// Without numbers of vectors: those of the collection were always the same.
constexpr const char* format_unnumbered = "2";
// Without a set of retired slots, too: every point had a vector.
constexpr const char* format_first = "1";
constexpr std::uint32_t byte_order = 0x01020304;
constexpr std::size_t word_bits = 64;
/// Words of a bitmap that are read at a time.
constexpr std::size_t words_per_read = slot_bitmap::chunk_words;

/// What precedes the dead slots of one vector.
struct vector_head {
  std::uint64_t inserted = 0;
  std::uint64_t settled = 0;
};

std::size_t words_for(slot_t end) { return (std::size_t{end} + word_bits - 1) / word_bits; }

result<void> write_bits(plugins::index_file_writer& out, const slot_bitmap& set, slot_t end) {
  const std::vector<std::uint64_t> none(slot_bitmap::chunk_words, 0);
  auto left = words_for(end);
  for (std::uint32_t at = 0; left > 0; ++at) {
    const auto* words = at < set.chunk_count() ? set.chunks()[at] : nullptr;
    const auto count = std::min<std::size_t>(left, slot_bitmap::chunk_words);
    THESPIS_CHECK(out.write(words != nullptr ? words : none.data(), count * sizeof(*words)));
    left -= count;
  }
  return ok();
}

result<slot_bitmap> read_bits(plugins::index_file_reader& in, slot_t end) {
  slot_bitmap set;
  std::vector<std::uint64_t> words;
  const auto whole = words_for(end);
  for (std::size_t first = 0; first < whole; first += words.size()) {
    words.resize(std::min(whole - first, words_per_read));
    THESPIS_CHECK(in.read(words.data(), words.size() * sizeof(words[0])));
    for (std::size_t i = 0; i < words.size(); ++i)
      for (auto word = words[i]; word != 0; word &= word - 1) {
        const auto slot =
            (first + i) * word_bits + static_cast<std::size_t>(std::countr_zero(word));
        if (slot < end) set.insert(static_cast<slot_t>(slot));
      }
  }
  return set;
}

/// Slots that are in all of `sets`.
slot_bitmap common(const std::vector<slot_bitmap>& sets, slot_t end) {
  slot_bitmap in_all;
  for (slot_t slot = 0; slot < end; ++slot)
    if (std::all_of(sets.begin(), sets.end(), [&](const auto& set) { return set.contains(slot); }))
      in_all.insert(slot);
  return in_all;
}

struct saved_vector {
  vector_head head;
  slot_bitmap dead;
};

// Of a vector that came later.
saved_vector none_live(slot_t end) {
  saved_vector made;
  made.dead.insert_below(end);
  return made;
}

bool any_added(std::span<const vector_place> vectors) {
  return std::any_of(vectors.begin(), vectors.end(),
                     [](const vector_place& place) { return place.added != slot_mark(); });
}

error unfit(const std::filesystem::path& file, const std::string& why) {
  return {errc::failed_precondition, "slot file " + file.string() + ": " + why};
}

}  // namespace

result<void> save_slots(const std::filesystem::path& file, const view& seen,
                        std::uint32_t generation, std::span<const upkeep_marks> upkeep) {
  plugins::index_file_header header;
  header.stamp = {seen.meta->id, "", generation, seen.end_slot, seen.lsn};
  header.dimension = static_cast<std::uint32_t>(seen.vectors.size());
  header.plugin_name = format_name;
  header.plugin_version = format_version;
  THESPIS_TRY(const auto out, plugins::index_file_writer::open(file, header));
  THESPIS_CHECK(out->write(&byte_order, sizeof byte_order));
  THESPIS_CHECK(write_bits(*out, seen.retired, seen.end_slot));
  for (std::size_t i = 0; i < seen.vectors.size(); ++i) {
    const auto number = seen.vectors[i].spec.place.number;
    THESPIS_CHECK(out->write(&number, sizeof number));
    const vector_head head{upkeep[i].inserted, upkeep[i].settled};
    THESPIS_CHECK(out->write(&head, sizeof head));
    THESPIS_CHECK(write_bits(*out, seen.vectors[i].dead, seen.end_slot));
  }
  THESPIS_CHECK(seen.slots.save(seen.end_slot, seen.lsn, [&](const void* data, std::size_t bytes) {
    return out->write(data, bytes);
  }));
  return out->finish();
}

std::vector<vector_place> dense_places(const collection_spec& spec) {
  std::vector<vector_place> places;
  for (const auto& vector : spec.vectors)
    if (!vector.multivector) places.push_back(vector.place);
  return places;
}

result<saved_slots> load_slots(const std::filesystem::path& file,
                               const plugins::index_file_stamp& expected,
                               std::span<const vector_place> vectors) {
  THESPIS_TRY(const auto in, plugins::index_file_reader::open(file));
  const auto& header = in->header();
  const auto& stamp = header.stamp;
  const bool first = header.plugin_version == format_first;
  const bool numbered = header.plugin_version == format_version;
  if (header.plugin_name != format_name ||
      (!numbered && !first && header.plugin_version != format_unnumbered))
    return unfit(file, "another format");
  if (stamp.collection != expected.collection || stamp.generation != expected.generation)
    return unfit(file, "of another collection");
  if (!numbered && (header.dimension != vectors.size() || any_added(vectors)))
    return unfit(file, "of other vectors");
  if (header.dimension > limits::vector_names_max) return unfit(file, "of too many vectors");
  if (stamp.next_slot > expected.next_slot || stamp.lsn > expected.lsn)
    return unfit(file, "newer than the collection");
  std::uint32_t order = 0;
  THESPIS_CHECK(in->read(&order, sizeof order));
  if (order != byte_order) return unfit(file, "written by a machine of another byte order");
  saved_slots saved;
  saved.next_slot = stamp.next_slot;
  saved.lsn = stamp.lsn;
  if (!first) {
    THESPIS_TRY(saved.retired, read_bits(*in, stamp.next_slot));
  }
  std::map<std::uint32_t, saved_vector> found;
  for (std::uint32_t i = 0; i < header.dimension; ++i) {
    auto number = numbered ? 0 : vectors[i].number;
    if (numbered) THESPIS_CHECK(in->read(&number, sizeof number));
    auto& one = found[number];
    THESPIS_CHECK(in->read(&one.head, sizeof one.head));
    THESPIS_TRY(one.dead, read_bits(*in, stamp.next_slot));
  }
  for (const auto& wanted : vectors) {
    auto one = found.find(wanted.number);
    if (one == found.end()) one = found.emplace(wanted.number, none_live(stamp.next_slot)).first;
    saved.upkeep.push_back({one->second.head.inserted, one->second.head.settled});
    saved.dead.push_back(std::move(one->second.dead));
  }
  if (first) saved.retired = common(saved.dead, stamp.next_slot);
  THESPIS_TRY(saved.slots, slot_table::load(stamp.next_slot, [&](void* data, std::size_t bytes) {
                return in->read(data, bytes);
              }));
  THESPIS_CHECK(in->finish());
  return saved;
}

}  // namespace thespis::actors
