// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "storage/bytes.hpp"

/// Fields and failures that records share.
namespace thespis::storage::codec::detail {

/// A record that makes no sense.
[[nodiscard]] inline error corrupt(std::string_view what, std::string_view why) {
  return {errc::corruption, std::string(what) + ": " + std::string(why)};
}

/// A record that a later build wrote.
[[nodiscard]] inline error newer(std::string_view what, std::string_view field, unsigned value) {
  return {errc::unsupported, std::string(what) + ": " + std::string(field) + " " +
                                 std::to_string(value) + " is not known to this build"};
}

/// Writes a name or an id, which are at most 512 bytes by `core/limits.hpp`.
inline void write_name(byte_writer& out, std::string_view name) {
  out.u16(static_cast<std::uint16_t>(name.size()));
  out.raw(name);
}

/// Reads what `write_name` wrote.
[[nodiscard]] inline std::string read_name(byte_reader& in) {
  return std::string(in.raw(in.u16()));
}

}  // namespace thespis::storage::codec::detail
