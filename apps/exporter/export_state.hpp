// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/exporter/export_file.hpp"
#include "core/error.hpp"

namespace thespis::exporter {

/// What is kept beside a file that is not finished.
struct export_state {
  std::string collection;
  std::string uuid;
  std::string create;  ///< As in `dump::export_header`.
  std::uint64_t bytes = 0;
  export_position position;
};

[[nodiscard]] std::string encode_state(const export_state& state);

/// Errors: invalid_argument.
[[nodiscard]] result<export_state> decode_state(std::string_view text);

}  // namespace thespis::exporter
