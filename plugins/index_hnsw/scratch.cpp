// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/scratch.hpp"

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <thread>

#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {
namespace {

// Rows of an exact scan are ranked in batches of at least this many.
constexpr std::uint32_t batch_min = 64;

std::size_t home_of_this_thread() {
  static thread_local const std::size_t home =
      std::hash<std::thread::id>()(std::this_thread::get_id());
  return home;
}

}  // namespace

void visited_set::begin(std::uint32_t end_node) {
  constexpr std::size_t room_min = 1024;
  if (stamps_.size() < end_node) {
    // Room to spare: the nodes that come during the walk are to be met too.
    stamps_.assign(std::bit_ceil(std::max<std::size_t>(end_node + std::size_t{1}, room_min)), 0);
    walk_ = 0;
  }
  if (walk_ == std::numeric_limits<std::uint8_t>::max()) {
    std::fill(stamps_.begin(), stamps_.end(), std::uint8_t{0});
    walk_ = 0;
  }
  ++walk_;
}

scratch::scratch(std::uint32_t links_max)
    : nodes((std::max(links_max, batch_min) + 31) / 32 * 32),
      ranks(nodes.size()),
      slots(nodes.size()),
      rows(nodes.size()),
      refinements(nodes.size()),
      floats(nodes.size()) {
  chosen.reserve(links_max);
}

void* scratch::query(std::size_t bytes) {
  const std::size_t lines = (bytes + sizeof(line) - 1) / sizeof(line);
  if (query_.size() < lines) query_.resize(lines);
  return query_.data();
}

std::size_t scratch::bytes() const noexcept {
  return sizeof(scratch) + visited.bytes() + pool.bytes() +
         frontier.capacity() * sizeof(candidate) + query_.capacity() * sizeof(line) +
         nodes.capacity() * (2 * sizeof(std::uint32_t) + sizeof(float) + 3 * sizeof(void*)) +
         (chosen.capacity() + neighbours.capacity()) * sizeof(candidate);
}

scratch_shelf::~scratch_shelf() {
  for (auto& at : shelf_) delete at.item.load(std::memory_order_acquire);
}

std::unique_ptr<scratch> scratch_shelf::take() {
  const std::size_t home = home_of_this_thread();
  for (std::size_t i = 0; i < places; ++i) {
    auto& at = shelf_[(home + i) % places].item;
    if (at.load(std::memory_order_relaxed) == nullptr) continue;
    if (scratch* found = at.exchange(nullptr, std::memory_order_acquire); found != nullptr)
      return std::unique_ptr<scratch>(found);
  }
  return std::make_unique<scratch>(links_max_);
}

void scratch_shelf::put_back(std::unique_ptr<scratch> item) noexcept {
  const std::size_t home = home_of_this_thread();
  const auto bytes = item->bytes();
  for (std::size_t i = 0; i < places; ++i) {
    auto& at = shelf_[(home + i) % places];
    scratch* expected = nullptr;
    if (at.item.load(std::memory_order_relaxed) != nullptr) continue;
    if (at.item.compare_exchange_strong(expected, item.get(), std::memory_order_release)) {
      item.release();
      at.bytes.store(bytes, std::memory_order_relaxed);
      return;
    }
  }
}

std::uint64_t scratch_shelf::bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& at : shelf_)
    if (at.item.load(std::memory_order_relaxed) != nullptr)
      sum += at.bytes.load(std::memory_order_relaxed);
  return sum;
}

void scratch_shelf::forget_shapes() noexcept {
  for (auto& at : shelf_) {
    std::unique_ptr<scratch> found(at.item.exchange(nullptr, std::memory_order_acquire));
    if (found == nullptr) continue;
    found->held.reset();
    put_back(std::move(found));
  }
}

}  // namespace thespis::hnsw
