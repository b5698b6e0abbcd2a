// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_frequency.hpp"

#include <array>
#include <cmath>
#include <vector>

namespace thespis::fields {
namespace {

constexpr std::uint32_t page_words = page_slots / 64;

// The bits that both of two pages have. Counts 16 words in the bytes of one before it adds those
// up: without special instructions the library counts word by word from a table.
// Source: Warren, Hacker's Delight, 5-1.
std::uint64_t common_bits(const std::uint64_t* a, const std::uint64_t* b) {
  constexpr std::uint32_t step = 16;
  std::uint64_t count = 0;
  for (std::uint32_t begin = 0; begin < page_words; begin += step) {
    std::uint64_t bytes = 0;
    for (std::uint32_t word = begin; word < begin + step; ++word) {
      auto bits = a[word] & b[word];
      bits -= bits >> 1 & 0x5555555555555555u;
      bits = (bits & 0x3333333333333333u) + (bits >> 2 & 0x3333333333333333u);
      bytes += (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    }
    const auto pairs = (bytes & 0x00FF00FF00FF00FFu) + (bytes >> 8 & 0x00FF00FF00FF00FFu);
    count += pairs * 0x0001000100010001u >> 48;
  }
  return count;
}

// Slots of a segment that count: those that are not dead, 64 a word.
class live_slots {
 public:
  live_slots(const sparse_segment& segment, const page_filter& filter) {
    for (std::uint32_t word = 0; word < page_words; ++word)
      live_[word] = segment.present()[word] & filter.word(word);
    count_ = common_bits(live_.data(), segment.present());
    all_ = count_ == segment.points();
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t count(const sparse_segment& segment, const sparse_list& list) const {
    if (all_) return list.count;
    if (list.has_bitmap()) return common_bits(live_.data(), segment.bitmap_of(list));
    const auto all = segment.postings_of(list);
    const auto* live = live_.data();
    std::uint64_t found = 0;
    for (std::uint32_t at = 0; at < all.count; ++at)
      found += live[all.offsets[at] / 64] >> (all.offsets[at] % 64) & 1;
    return found;
  }

 private:
  std::array<std::uint64_t, page_words> live_;
  std::uint64_t count_ = 0;
  bool all_ = false;
};

}  // namespace

void weigh_by_frequency(const sparse_state& state, const sparse_query& query,
                        std::span<query_term> terms) {
  sparse_query whole = query;
  whole.allowed = nullptr;
  const term_filter wanted(terms);
  std::uint64_t points = 0;
  std::vector<std::uint64_t> found(terms.size());
  for (const auto& segment : state.segments) {
    const page_filter filter(whole, segment->base());
    if (filter.none()) continue;
    const live_slots live(*segment, filter);
    points += live.count();
    for (std::size_t at = 0; at < terms.size(); ++at)
      if (const auto* list = segment->find(terms[at].dimension))
        found[at] += live.count(*segment, *list);
  }
  for (const auto& row : state.tail->rows()) {
    if (row.slot >= whole.end_slot) break;
    if (whole.dead != nullptr && whole.dead->contains(row.slot)) continue;
    ++points;
    wanted.match(row, [&](std::size_t term, float) { ++found[term]; });
  }
  for (std::size_t at = 0; at < terms.size(); ++at) {
    const auto with = static_cast<double>(found[at]);
    terms[at].weight *= std::log((static_cast<double>(points) - with + 0.5) / (with + 0.5) + 1);
  }
}

}  // namespace thespis::fields
