// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_frequency.hpp"

#include <bit>
#include <cmath>
#include <vector>

#include "storage/fields/sparse_builder.hpp"

namespace thespis::fields {
namespace {

// Slots of a segment that count: in it and not dead, 64 a word.
class live_slots {
 public:
  live_slots(const sparse_segment& segment, const page_filter& filter)
      : words_(page_slots / 64), all_(true) {
    for (std::uint32_t word = 0; word < words_.size(); ++word) {
      words_[word] = segment.present()[word] & filter.word(word);
      count_ += static_cast<std::uint64_t>(std::popcount(words_[word]));
    }
    all_ = count_ == segment.points();
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t count(const sparse_segment& segment, const sparse_list& list) const {
    if (all_) return list.count;
    std::uint64_t found = 0;
    for_each_posting(segment, list, [&](offset_t offset, float) {
      found += words_[offset / 64] >> (offset % 64) & 1;
    });
    return found;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::uint64_t count_ = 0;
  bool all_;
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
