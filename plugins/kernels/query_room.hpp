// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace thespis::kernels {

/// Room for the components of a query for the length of a call: on the stack for all but the
/// largest dimensions.
class query_room {
 public:
  explicit query_room(std::size_t bytes) {
    if (bytes > sizeof(near_)) far_ = std::make_unique_for_overwrite<std::int8_t[]>(bytes);
  }
  [[nodiscard]] std::int8_t* data() const noexcept { return far_ ? far_.get() : near_; }

 private:
  alignas(64) mutable std::int8_t near_[4096];
  std::unique_ptr<std::int8_t[]> far_;
};

}  // namespace thespis::kernels
