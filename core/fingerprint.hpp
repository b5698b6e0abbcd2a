// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string_view>

namespace thespis {

/// Tells requests apart: 122 bits of their text. Two texts that differ by accident have the same
/// one with a chance of about (length / 7 / 2^61)^2; it is no defence against who looks for two
/// that do.
struct fingerprint {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  friend bool operator==(const fingerprint&, const fingerprint&) = default;
};

/// Takes texts one after the other. Where one ends and the next begins counts too.
/// Source: Carter & Wegman 1979, polynomials over a prime field, here 2^61 - 1.
class fingerprint_maker {
 public:
  void add(std::string_view text) noexcept;
  [[nodiscard]] fingerprint made() const noexcept { return sum_; }

 private:
  void step(std::uint64_t word) noexcept;

  fingerprint sum_;
};

}  // namespace thespis
