// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "protocols/codec/utf8.hpp"

/// What libFuzzer, and the replay of kept inputs, call with one input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace thespis::fuzz {

/// The target: each has a definition of its own. A property that does not hold ends the process.
void check_input(std::string_view input);

/// Ends the process, which is how a finding is reported, unless `holds`.
inline void require(bool holds, std::string_view property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %.*s\n", static_cast<int>(property.size()), property.data());
  std::abort();
}

/// Takes the first byte off the input, which says what the rest is for; 0 if there is none.
[[nodiscard]] inline std::uint8_t take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto first = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return first;
}

/// A refusal of what people gave: a fault of theirs, never of ours, and it says which.
inline void require_fault_of_caller(const error& refusal) {
  require(!refusal.message.empty(), "a refusal has a message");
  require(refusal.code == errc::invalid_argument || refusal.code == errc::unsupported ||
              refusal.code == errc::too_large,
          refusal.message);
}

/// A refused request: what it says is also text that an answer can carry.
inline void require_refused_request(const error& refusal) {
  require_fault_of_caller(refusal);
  require(codec::is_utf8(refusal.message), "a refused request is told why in UTF-8");
}

/// Of stored bytes: damage, or something that this build does not know.
inline void require_damage(const error& refusal) {
  require(!refusal.message.empty(), "a refusal has a message");
  require(codec::is_utf8(refusal.message), "a refusal's message is UTF-8");
  require(refusal.code == errc::corruption || refusal.code == errc::unsupported ||
              refusal.code == errc::failed_precondition,
          refusal.message);
}

}  // namespace thespis::fuzz
