// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// The shape that searches use, which maintenance replaces. Searches hold on to it through a
/// pointer that they keep from one to the next: so threads do not write to one counter at every
/// search. Thread: any.
class current_shape {
 public:
  explicit current_shape(std::shared_ptr<shape> first)
      : owner_(std::move(first)), raw_(owner_.get()) {}

  [[nodiscard]] std::shared_ptr<shape> load() const {
    const std::lock_guard guard(lock_);
    return owner_;
  }

  void store(std::shared_ptr<shape> next) {
    {
      const std::lock_guard guard(lock_);
      owner_.swap(next);
      raw_.store(owner_.get(), std::memory_order_release);
    }
    // The old one, if nobody holds it, ends outside of the lock.
  }

  /// Whether `held` is not, or no longer, the current shape.
  [[nodiscard]] bool differs(const std::shared_ptr<const shape>& held) const noexcept {
    return held.get() != raw_.load(std::memory_order_acquire);
  }

  /// Makes `held` the current shape unless it is. What is held cannot be mistaken for a later one,
  /// because its memory is not free.
  void hold(std::shared_ptr<const shape>& held) const {
    if (differs(held)) held = load();
  }

 private:
  mutable std::mutex lock_;  // held to copy a pointer, once a search after each replacement
  std::shared_ptr<shape> owner_;
  std::atomic<const shape*> raw_;
};

}  // namespace thespis::hnsw
