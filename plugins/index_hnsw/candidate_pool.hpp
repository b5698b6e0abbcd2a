// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

#include "plugins/index_hnsw/graph.hpp"
#include "plugins/index_hnsw/line_vector.hpp"

namespace thespis::hnsw {

/// A node and how near it is.
struct candidate {
  float rank;
  std::uint32_t tag;  ///< Node, and a mark in the top bit: expanded, or settled (graph.hpp).

  [[nodiscard]] std::uint32_t node() const noexcept { return tag & ~mark_bit; }
  [[nodiscard]] bool marked() const noexcept { return (tag & mark_bit) != 0; }
  static constexpr std::uint32_t mark_bit = 0x80000000u;
};

/// The order of pools and of lists to choose from.
[[nodiscard]] inline bool nearer(const candidate& a, const candidate& b) noexcept {
  return a.rank != b.rank ? a.rank < b.rank : a.node() < b.node();
}

/// The nearest nodes met so far, sorted, at most `capacity`; serves as queue and result at once.
/// A sorted array beats two heaps at the sizes of a search: most newcomers are refused by one
/// comparison, the others move a few lines.
class candidate_pool {
 public:
  void reset(std::uint32_t capacity) {
    if (items_.size() <= capacity) items_.resize(capacity + 1);
    capacity_ = capacity;
    size_ = 0;
    next_ = 0;
    wanted_ = capacity;
    admitted_ = 0;
  }

  /// For `offer_if`: the pool is full once it holds `wanted` admitted nodes, with whatever else is
  /// nearer than the last of them, and has room for `capacity` in all.
  void reset(std::uint32_t wanted, std::uint32_t capacity) {
    reset(capacity);
    wanted_ = wanted;
  }

  /// A newcomer must be nearer than this.
  [[nodiscard]] float bound() const noexcept {
    return size_ < capacity_ ? std::numeric_limits<float>::infinity() : items_[size_ - 1].rank;
  }

  /// Inserts a node that is not in the pool, if it is near enough.
  void offer(float rank, std::uint32_t node) noexcept {
    if (size_ == capacity_ && !(rank < items_[size_ - 1].rank)) return;
    place(rank, node, size_ < capacity_ ? size_ : capacity_ - 1);
  }

  /// As `offer`, but only nodes for which `admits(node)` is true count as wanted; the others are
  /// kept for expansion. Returns false if there is no room: the pool is then of no more use.
  template <class Admits>
  [[nodiscard]] bool offer_if(float rank, std::uint32_t node, const Admits& admits) noexcept {
    if (admitted_ == wanted_ && !(rank < items_[size_ - 1].rank)) return true;
    const bool admitted = admits(node);
    const bool replaces = admitted && admitted_ == wanted_;
    if (size_ == capacity_ && !replaces) return false;
    place(rank, node, size_);
    if (!admitted) return true;
    if (replaces) {
      --size_;
    } else if (++admitted_ < wanted_) {
      return true;
    }
    // Full: it ends with an admitted node, for nothing farther is ever expanded or answered.
    while (!admits(items_[size_ - 1].node())) --size_;
    return true;
  }

  /// Marks the nearest node that was not expanded and returns its number, or `no_node`.
  [[nodiscard]] std::uint32_t expand_next() noexcept {
    while (next_ < size_ && items_[next_].marked()) ++next_;
    if (next_ >= size_) return no_node;
    auto& item = items_[next_++];
    item.tag |= candidate::mark_bit;
    return item.node();
  }

  /// Corrects the rank of the node that `expand_next` gave last: estimates that were too good make
  /// way for what they keep out.
  void correct(float rank) noexcept {
    candidate* const data = items_.data();
    std::uint32_t at = next_ - 1;
    const candidate item{rank, data[at].tag};
    for (; at + 1 < size_ && data[at + 1].rank < rank; ++at) data[at] = data[at + 1];
    for (; at > 0 && data[at - 1].rank > rank; --at) data[at] = data[at - 1];
    data[at] = item;
    // Whatever moved into its place waits.
    --next_;
  }

  /// The node that would be expanded next if nothing nearer came, or `no_node`.
  [[nodiscard]] std::uint32_t peek_next() const noexcept {
    for (std::uint32_t i = next_; i < size_; ++i)
      if (!items_[i].marked()) return items_[i].node();
    return no_node;
  }

  /// The nodes, nearest first, to be ranked anew and sorted by the caller once a walk is done.
  [[nodiscard]] std::span<candidate> items() noexcept { return {items_.data(), size_}; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }
  [[nodiscard]] const candidate& operator[](std::uint32_t i) const noexcept { return items_[i]; }
  [[nodiscard]] std::size_t bytes() const noexcept { return items_.capacity() * sizeof(candidate); }

 private:
  // Sorts a node in among the first `kept`, which are followed by room for one.
  void place(float rank, std::uint32_t node, std::uint32_t kept) noexcept {
    candidate* const data = items_.data();
    std::uint32_t at = 0;
    for (std::uint32_t length = kept; length > 0;) {
      const std::uint32_t half = length / 2;
      const bool right = data[at + half].rank <= rank;
      at = right ? at + half + 1 : at;
      length = right ? length - half - 1 : half;
    }
    std::memmove(data + at + 1, data + at, (kept - at) * sizeof(candidate));
    data[at] = {rank, node};
    size_ = kept + 1;
    if (at < next_) next_ = at;
  }

  line_vector<candidate> items_;
  std::uint32_t capacity_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t next_ = 0;  // nothing before it waits for expansion
  std::uint32_t wanted_ = 0;
  std::uint32_t admitted_ = 0;
};

}  // namespace thespis::hnsw
