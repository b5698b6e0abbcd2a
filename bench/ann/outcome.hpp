// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stdexcept>
#include <utility>

#include "core/error.hpp"

namespace thespis::bench {

/// The value of `outcome`. Errors: throws std::runtime_error with the error's message.
template <class T>
T value_of(result<T> outcome) {
  if (!outcome) throw std::runtime_error(outcome.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

}  // namespace thespis::bench
