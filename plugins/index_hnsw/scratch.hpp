// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/candidate_pool.hpp"

namespace thespis::hnsw {

class shape;

/// Which nodes a walk has met: a byte a node that holds the number of the walk, so that starting
/// a walk costs nothing but, every 255th time, one clearing.
class visited_set {
 public:
  /// Forgets all nodes and makes room for those below `end_node`.
  void begin(std::uint32_t end_node);

  /// Notes a node; returns false if it was known. A node that came after `begin` made room counts
  /// as known.
  [[nodiscard]] bool insert(std::uint32_t node) noexcept {
    if (node >= stamps_.size()) return false;
    std::uint8_t& stamp = stamps_.data()[node];
    if (stamp == walk_) return false;
    stamp = walk_;
    return true;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return stamps_.capacity(); }

 private:
  line_vector<std::uint8_t> stamps_;
  std::uint8_t walk_ = 0;
};

/// What one search or insert works in. Aligned, so that no two threads write to one line.
struct alignas(128) scratch {
  explicit scratch(std::uint32_t links_max);

  /// Room for a query prepared for codes, 64-byte aligned. Throws std::bad_alloc.
  [[nodiscard]] void* query(std::size_t bytes);

  /// What the last search went through, kept for the next; null if that was replaced since.
  std::shared_ptr<const shape> held;
  visited_set visited;
  candidate_pool pool;
  line_vector<candidate> frontier;   ///< Heap of a filtered walk; list of a pruning.
  line_vector<std::uint32_t> nodes;  ///< Neighbours to rank; at least `links_max`.
  line_vector<float> ranks;          ///< As long as `nodes`, as are all up to `floats`.
  line_vector<std::uint32_t> slots;
  line_vector<const void*> rows;
  line_vector<const void*> refinements;
  line_vector<const float*> floats;
  line_vector<candidate> chosen;      ///< What a pruning keeps.
  line_vector<candidate> neighbours;  ///< New links of the node being inserted.

  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct line {
    alignas(64) std::byte bytes[64];
  };
  line_vector<line> query_;
};

/// Keeps scratches for reuse, so that a search allocates nothing once it is warm.
/// Thread: members may be called from any thread.
class scratch_shelf {
 public:
  explicit scratch_shelf(std::uint32_t links_max) noexcept : links_max_(links_max) {}
  ~scratch_shelf();
  scratch_shelf(const scratch_shelf&) = delete;
  scratch_shelf& operator=(const scratch_shelf&) = delete;

  /// Gives a scratch back when it goes.
  class loan {
   public:
    explicit loan(scratch_shelf& shelf) : shelf_(shelf), held_(shelf.take()) {}
    ~loan() { shelf_.put_back(std::move(held_)); }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    scratch* operator->() const noexcept { return held_.get(); }
    scratch& operator*() const noexcept { return *held_; }

   private:
    scratch_shelf& shelf_;
    std::unique_ptr<scratch> held_;
  };

  /// Memory of the scratches that are not in use.
  [[nodiscard]] std::uint64_t bytes() const noexcept;

  /// Lets go of the shapes that idle scratches hold.
  void forget_shapes() noexcept;

 private:
  struct alignas(128) place {
    std::atomic<scratch*> item{nullptr};
    std::atomic<std::uint64_t> bytes{0};  // of the item, once it is there
  };
  static constexpr std::size_t places = 32;

  [[nodiscard]] std::unique_ptr<scratch> take();
  void put_back(std::unique_ptr<scratch> item) noexcept;

  std::uint32_t links_max_;
  std::array<place, places> shelf_;
};

}  // namespace thespis::hnsw
