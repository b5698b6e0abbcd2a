// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "storage/fields/sparse_index.hpp"
#include "storage/fields/sparse_segment.hpp"
#include "storage/fields/sparse_tail.hpp"

namespace thespis::fields {

/// A score as it is answered: the nearest float32, of which there is one for any sum.
[[nodiscard]] inline float score_of(double sum) noexcept {
  constexpr double most = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(sum, -most, most));
}

/// The best `k` hits so far: by descending score, then ascending slot. Thread: one.
class best_hits {
 public:
  explicit best_hits(std::size_t k) : k_(k) {}

  /// Keeps a hit if it is among the best; hits may come in any order, each slot once.
  void offer(sparse_hit hit) {
    if (hits_.size() == k_) {
      if (k_ == 0 || !better(hit, hits_.front())) return;
      std::pop_heap(hits_.begin(), hits_.end(), better);
      hits_.back() = hit;
    } else {
      hits_.push_back(hit);
    }
    std::push_heap(hits_.begin(), hits_.end(), better);
  }

  /// What a hit has to reach at least.
  [[nodiscard]] double floor() const noexcept {
    return hits_.size() < k_ || k_ == 0 ? -std::numeric_limits<double>::infinity()
                                        : static_cast<double>(hits_.front().score);
  }

  /// The hits, best first.
  [[nodiscard]] std::vector<sparse_hit> take() {
    std::sort(hits_.begin(), hits_.end(), better);
    return std::move(hits_);
  }

 private:
  static bool better(const sparse_hit& a, const sparse_hit& b) noexcept {
    return a.score != b.score ? a.score > b.score : a.slot < b.slot;
  }

  std::size_t k_;
  std::vector<sparse_hit> hits_;  ///< A heap, the worst in front.
};

/// Which slots of a page a search looks at.
class page_filter {
 public:
  page_filter(const sparse_query& query, slot_t base) noexcept
      : dead_(chunk_of(query.dead, base)),
        allowed_(chunk_of(query.allowed, base)),
        none_(query.allowed != nullptr && allowed_ == nullptr),
        slots_(query.end_slot <= base ? 0 : std::min(page_slots, query.end_slot - base)) {}

  /// Whether no slot can pass.
  [[nodiscard]] bool none() const noexcept { return none_ || slots_ == 0; }
  /// Whether every slot passes.
  [[nodiscard]] bool all() const noexcept {
    return dead_ == nullptr && allowed_ == nullptr && !none_ && slots_ == page_slots;
  }
  /// Those of 64 slots that pass.
  [[nodiscard]] std::uint64_t word(std::uint32_t at) const noexcept {
    if (none_ || at * 64 >= slots_) return 0;
    auto bits = ~std::uint64_t{0};
    if (slots_ - at * 64 < 64) bits >>= 64 - (slots_ - at * 64);
    if (dead_ != nullptr) bits &= ~dead_[at];
    if (allowed_ != nullptr) bits &= allowed_[at];
    return bits;
  }

 private:
  static const std::uint64_t* chunk_of(const slot_bitmap* set, slot_t base) noexcept {
    static_assert(page_slots == 1u << slot_bitmap::chunk_bits_log2);
    const auto page = base / page_slots;
    return set == nullptr || page >= set->chunk_count() ? nullptr : set->chunks()[page];
  }

  const std::uint64_t* dead_;
  const std::uint64_t* allowed_;
  bool none_;
  std::uint32_t slots_;
};

/// A dimension of a query.
struct query_term {
  std::uint32_t dimension = 0;
  double weight = 0;  ///< With the inverse document frequency, if that is asked for.
  float scaled = 0;   ///< The weight as estimates use it.
};

/// Finds terms of a query in vectors that are not indexed yet.
class term_filter {
 public:
  /// `terms` ascend by dimension and outlive it.
  explicit term_filter(std::span<const query_term> terms) : terms_(terms) {
    for (const auto& term : terms) maybe_[place_of(term.dimension)] = true;
  }

  /// Calls `visit(number of the term, value)` for each dimension that both have, in their order.
  template <class Visit>
  void match(const sparse_tail::row& row, Visit visit) const {
    for (const auto& entry : row.entries) {
      if (!maybe_[place_of(entry.dimension)]) continue;
      const auto at = std::lower_bound(
          terms_.begin(), terms_.end(), entry.dimension,
          [](const query_term& term, std::uint32_t value) { return term.dimension < value; });
      if (at != terms_.end() && at->dimension == entry.dimension)
        visit(static_cast<std::size_t>(at - terms_.begin()), entry.value);
    }
  }

 private:
  static constexpr std::uint32_t places_log2 = 12;

  // Source: Knuth, The Art of Computer Programming, 6.4: multiplicative hashing.
  static std::size_t place_of(std::uint32_t dimension) noexcept {
    return dimension * 0x9E3779B1u >> (32 - places_log2);
  }

  std::span<const query_term> terms_;
  std::array<bool, std::size_t{1} << places_log2> maybe_{};
};

}  // namespace thespis::fields
