// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace thespis::kernels {

/// Room for `count` values for the length of a call, without values at first, on a cache line: on
/// the stack for all but the longest vectors.
/// Errors: throws std::bad_alloc.
template <class Value>
class scratch {
 public:
  explicit scratch(std::size_t count) {
    if (count > near_count) far_.reset(new (line) Value[count]);
  }
  [[nodiscard]] Value* data() noexcept { return far_ ? far_.get() : near_; }

 private:
  static constexpr std::size_t near_count = 2048;
  static constexpr std::align_val_t line{64};
  struct release {
    void operator()(Value* memory) const noexcept { ::operator delete[](memory, line); }
  };

  alignas(64) Value near_[near_count];
  std::unique_ptr<Value[], release> far_;
};

}  // namespace thespis::kernels
