// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// An index that tells what it was given. Its bytes are 1000 x preset + 10 x bits + quantizer (0 to
// 3 as in `quantizer_of`); it answers every slot that a query admits, all with the rank 1000 x
// flags + oversampling. It takes two seconds for a row that begins with 99, and refuses codes of
// three bits.

#include <thespis/plugin/index_plugin.hpp>

#include <chrono>
#include <string_view>
#include <thread>

namespace {

std::uint64_t quantizer_of(const char* name) {
  if (name == nullptr) return 0;
  const std::string_view text(name);
  return text == "none" ? 1 : text == "sq8" ? 2 : 3;
}

bool contains(const thespis_bitmap* set, std::uint32_t slot) {
  if (set == nullptr) return false;
  const auto chunk = slot >> set->chunk_bits_log2;
  if (chunk >= set->chunk_count || set->chunks[chunk] == nullptr) return false;
  const auto bit = slot & ((1u << set->chunk_bits_log2) - 1);
  return (set->chunks[chunk][bit / 64] >> (bit % 64) & 1) != 0;
}

class recorder_index {
 public:
  static constexpr bool scans = false;
  static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);

  explicit recorder_index(const thespis::plugin::index_setup& setup)
      : rows_(setup.arena),
        given_(1000u * setup.preset + 10u * setup.quantizer_bits + quantizer_of(setup.quantizer)) {
    if (setup.quantizer_bits == 3)
      throw thespis::plugin::failure(THESPIS_UNSUPPORTED, "three bits are one too many");
  }

  void insert(std::span<const std::uint32_t> slots) {
    for (const auto slot : slots)
      if (rows_.row(slot)[0] == 99.0F) std::this_thread::sleep_for(std::chrono::seconds(2));
  }

  std::size_t search(const thespis_index_query& query, std::span<thespis_hit> hits) {
    std::size_t count = 0;
    for (auto slot = query.first_slot; slot < query.end_slot && count < hits.size(); ++slot)
      if (!contains(query.dead, slot))
        hits[count++] = {slot, 1000.0F * static_cast<float>(query.flags) + query.oversampling};
    return count;
  }

  void save(thespis::plugin::writer&) {}
  void load(thespis::plugin::reader&) {}
  std::uint64_t bytes() { return given_; }

 private:
  thespis::plugin::arena rows_;
  std::uint64_t given_;
};

}  // namespace

THESPIS_INDEX_PLUGIN(recorder_index, "recorder", "1.0.0")
