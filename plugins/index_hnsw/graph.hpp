// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/segments.hpp"

namespace thespis::hnsw {

/// Stands for "no node".
inline constexpr std::uint32_t no_node = 0xFFFFFFFFu;
/// Nodes that a graph can hold, and slots: a link keeps one bit for itself and zero for "none".
inline constexpr std::uint32_t nodes_max = 0x7FFFFFF0u;
/// Layers above the base, by far more than 2^31 nodes of the smallest m draw in practice.
inline constexpr std::uint32_t level_max = 40;

/// One link: 0 for none, else node + 1, and in the top bit whether the link is *settled*.
/// The settled links of a node were chosen together, so no two of them need to be compared again
/// when the list is next pruned.
using link_word = std::uint32_t;
inline constexpr link_word settled_bit = 0x80000000u;
[[nodiscard]] constexpr std::uint32_t target_of(link_word word) noexcept {
  return (word & ~settled_bit) - 1;
}

/// Where walks begin.
struct entry_point {
  std::uint32_t node = no_node;
  std::uint32_t level = 0;
};

/// A view of one node's links in one layer, filled from the front. Writers hold the node's lock;
/// readers may meet a list that is being rewritten: each word they see is a link that was or is
/// there.
class link_list {
 public:
  link_list(std::byte* words, std::uint32_t capacity) noexcept
      : words_(reinterpret_cast<std::atomic<link_word>*>(words)), capacity_(capacity) {}

  /// The i-th link, or 0 at the end of the list.
  [[nodiscard]] link_word load(std::uint32_t i) const noexcept {
    return words_[i].load(std::memory_order_acquire);
  }
  void store(std::uint32_t i, link_word word) noexcept {
    words_[i].store(word, std::memory_order_release);
  }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }
  void prefetch() const noexcept {
    for (std::uint32_t i = 0; i < capacity_; i += 16) __builtin_prefetch(words_ + i);
  }

 private:
  std::atomic<link_word>* words_;
  std::uint32_t capacity_;
};

/// Links, levels and locks of all nodes; knows nothing of vectors. Nodes have numbers of their own,
/// so that neighbours can lie near each other in memory; each stands for one slot. The base layer
/// has 2 m links a node in their order; the few nodes of upper layers have m links a layer,
/// elsewhere.
/// Source: Malkov & Yashunin 2018, section 4.
class graph {
 public:
  graph(plugin::services host, std::uint32_t m, std::uint64_t seed);

  /// Level of a node: a function of seed and slot alone.
  [[nodiscard]] std::uint32_t draw_level(std::uint32_t slot) const noexcept;

  /// Makes a node, with room for its lists, and returns its number. Throws std::bad_alloc.
  [[nodiscard]] std::uint32_t add(std::uint32_t slot, std::uint32_t level);
  /// Makes the node visible to `find`, `present` and `count`, after its links are made.
  void publish(std::uint32_t node) noexcept;

  [[nodiscard]] bool present(std::uint32_t node) const noexcept;
  /// The published node of `slot`, or `no_node`.
  [[nodiscard]] std::uint32_t find(std::uint32_t slot) const noexcept;
  [[nodiscard]] std::uint32_t slot_of(std::uint32_t node) const noexcept {
    return *reinterpret_cast<const std::uint32_t*>(slots_.at(node));
  }
  /// Whether links of the node in the base layer changed since the graph was at rest.
  [[nodiscard]] bool changed(std::uint32_t node) const noexcept {
    return changed_at(node).load(std::memory_order_relaxed) != 0;
  }
  void note_change(std::uint32_t node) const noexcept {
    changed_at(node).store(1, std::memory_order_relaxed);
  }
  /// The graph is at rest: nothing has changed yet. Thread: nobody else uses it.
  void rest() noexcept;
  /// Level given to `add`; 0 if that failed.
  [[nodiscard]] std::uint32_t level_of(std::uint32_t node) const noexcept;
  [[nodiscard]] link_list links(std::uint32_t node, std::uint32_t layer) const noexcept {
    if (layer == 0) return {base_.at(node), 2 * m_};
    return {upper_.at(upper_at(node).load(std::memory_order_acquire) + layer - 1), m_};
  }

  [[nodiscard]] entry_point entry() const noexcept;
  /// Makes the node the entry point if it is the first or higher than the present one; returns
  /// whether it was the first.
  bool offer_entry(std::uint32_t node, std::uint32_t level, bool only_if_first) noexcept;

  /// One past the largest slot that was added.
  [[nodiscard]] std::uint32_t end_slot() const noexcept {
    return end_slot_.load(std::memory_order_acquire);
  }
  /// One past the largest node that was added.
  [[nodiscard]] std::uint32_t end_node() const noexcept {
    return end_node_.load(std::memory_order_acquire);
  }
  /// Nodes published.
  [[nodiscard]] std::uint32_t count() const noexcept {
    return count_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint32_t m() const noexcept { return m_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept;

  /// Holds the lock of one node while its lists are written. Never hold two.
  class node_lock {
   public:
    node_lock(const graph& owner, std::uint32_t node) noexcept;
    ~node_lock();
    node_lock(const node_lock&) = delete;
    node_lock& operator=(const node_lock&) = delete;

   private:
    std::atomic<std::uint8_t>& state_;
  };

 private:
  // One byte a node: level + 1 (0: not added), whether it is published, and its lock.
  static constexpr std::uint8_t level_mask = 0x3F;
  static constexpr std::uint8_t published_bit = 0x40;
  static constexpr std::uint8_t locked_bit = 0x80;

  [[nodiscard]] std::atomic<std::uint8_t>& state(std::uint32_t node) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint8_t>*>(states_.at(node));
  }
  [[nodiscard]] std::atomic<std::uint8_t>& changed_at(std::uint32_t node) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint8_t>*>(changed_.at(node));
  }
  [[nodiscard]] std::atomic<std::uint32_t>& upper_at(std::uint32_t node) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(upper_at_.at(node));
  }
  [[nodiscard]] std::atomic<std::uint32_t>& node_at(std::uint32_t slot) const noexcept {
    return *reinterpret_cast<std::atomic<std::uint32_t>*>(node_at_.at(slot));
  }

  std::uint32_t m_;
  std::uint64_t seed_;
  double level_factor_;
  segments base_;
  segments states_;
  segments upper_at_;  // number of the node's first block in upper_
  segments upper_;     // one block a node and upper layer
  segments changed_;   // a byte a node: whether its base links changed
  segments slots_;     // slot of each node
  segments node_at_;   // node + 1 of each slot that is published
  std::atomic<std::uint32_t> upper_count_{0};
  std::atomic<std::uint32_t> added_{0};
  std::atomic<std::uint32_t> end_node_{0};
  std::atomic<std::uint32_t> end_slot_{0};
  std::atomic<std::uint32_t> count_{0};
  std::atomic<std::uint64_t> entry_;
  std::mutex entry_change_;
};

}  // namespace thespis::hnsw
