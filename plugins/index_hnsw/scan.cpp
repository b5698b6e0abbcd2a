// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/scan.hpp"

#include <algorithm>
#include <bit>

namespace thespis::hnsw {
namespace {

// Collects slots and ranks them by the batch.
class scan_batch {
 public:
  scan_batch(const ranker& ranks, const probe& from, precision by, scratch& work) noexcept
      : ranks_(ranks), from_(from), by_(by), work_(work) {}

  void add(std::uint32_t slot) {
    const std::uint32_t node = ranks_.nodes().find(slot);
    if (node == no_node) return;
    if (by_ == precision::exact) {
      ranks_.prefetch_row(node);
    } else {
      ranks_.prefetch(node);
      if (by_ == precision::refine) ranks_.prefetch_refinement(node);
    }
    work_.nodes[count_++] = node;
    if (count_ == work_.nodes.size()) flush();
  }

  void flush() {
    rank();
    for (std::size_t i = 0; i < count_; ++i) work_.pool.offer(work_.ranks[i], work_.nodes[i]);
    count_ = 0;
  }

 private:
  void rank() noexcept {
    const std::uint32_t* const nodes = work_.nodes.data();
    float* const out = work_.ranks.data();
    if (by_ == precision::exact) return ranks_.exact(from_, nodes, count_, work_, out);
    if (by_ == precision::refine) return ranks_.refine(from_, nodes, count_, work_, out);
    ranks_.estimate(from_, nodes, count_, work_, out);
  }

  const ranker& ranks_;
  const probe& from_;
  precision by_;
  scratch& work_;
  std::size_t count_ = 0;
};

// Calls `visit` for each member of `set` in [first, end), skipping empty words.
template <class Visit>
void for_each_member(const thespis_bitmap& set, std::uint32_t first, std::uint32_t end,
                     Visit visit) {
  constexpr std::uint32_t word_bits = 64;
  const std::uint64_t chunk_bits = std::uint64_t{1} << set.chunk_bits_log2;
  for (std::uint64_t at = first / word_bits * word_bits; at < end;) {
    const std::uint64_t chunk = at >> set.chunk_bits_log2;
    if (chunk >= set.chunk_count) return;
    if (set.chunks[chunk] == nullptr) {
      at = (chunk + 1) * chunk_bits;
      continue;
    }
    std::uint64_t word = set.chunks[chunk][(at & (chunk_bits - 1)) / word_bits];
    for (; word != 0; word &= word - 1) {
      const std::uint64_t slot = at + static_cast<unsigned>(std::countr_zero(word));
      if (slot >= first && slot < end) visit(static_cast<std::uint32_t>(slot));
    }
    at += word_bits;
  }
}

// The first member of `set` in [first, end), or `end`.
std::uint32_t first_member(const thespis_bitmap& set, std::uint32_t first, std::uint32_t end) {
  constexpr std::uint32_t word_bits = 64;
  for (std::uint32_t at = first; at < end;) {
    const std::uint32_t chunk = at >> set.chunk_bits_log2;
    if (chunk >= set.chunk_count) return end;
    const std::uint32_t bit = at & ((std::uint32_t{1} << set.chunk_bits_log2) - 1);
    const std::uint64_t word =
        set.chunks[chunk] == nullptr ? 0 : set.chunks[chunk][bit / word_bits] >> (bit % word_bits);
    if (word != 0) return std::min(at + static_cast<std::uint32_t>(std::countr_zero(word)), end);
    at += word_bits - at % word_bits;
  }
  return end;
}

}  // namespace

void scan(const ranker& ranks, const probe& from, precision by, std::uint32_t kept,
          const thespis_index_query& query, scratch& work) {
  const graph& nodes = ranks.nodes();
  const std::uint32_t end = std::min(query.end_slot, nodes.end_slot());
  // No more can be found than there are, however large `kept` is.
  work.pool.reset(std::min(kept, std::max(nodes.count(), 1u)));
  scan_batch batch(ranks, from, by, work);
  const auto visit = [&](std::uint32_t slot) {
    if (!plugin::contains(query.dead, slot)) batch.add(slot);
  };
  if (query.allowed != nullptr) {
    for_each_member(*query.allowed, query.first_slot, end, visit);
  } else {
    for (std::uint32_t slot = query.first_slot; slot < end; ++slot) visit(slot);
  }
  batch.flush();
}

void seed_pool(const ranker& ranks, const probe& from, std::uint32_t count,
               const thespis_index_query& query, scratch& work) {
  const graph& nodes = ranks.nodes();
  const std::uint32_t end = std::min(query.end_slot, nodes.end_slot());
  const std::uint32_t step = std::max((end - query.first_slot) / count, 1u);
  scan_batch batch(ranks, from, precision::estimate, work);
  for (std::uint64_t first = query.first_slot; first < end; first += step) {
    const auto last = static_cast<std::uint32_t>(std::min<std::uint64_t>(first + step, end));
    const auto slot = first_member(*query.allowed, static_cast<std::uint32_t>(first), last);
    const std::uint32_t node = slot == last ? no_node : nodes.find(slot);
    if (node != no_node && plugin::admits(query, slot) && work.visited.insert(node))
      batch.add(slot);
  }
  batch.flush();
}

}  // namespace thespis::hnsw
