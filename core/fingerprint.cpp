// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/fingerprint.hpp"

#include <cstddef>

namespace thespis {

namespace {

__extension__ using wide = unsigned __int128;

constexpr std::uint64_t prime = (std::uint64_t{1} << 61) - 1;
constexpr std::size_t word_bytes = 7;  // a word stays below the prime
// Drawn at random once; they are part of what is stored.
constexpr std::uint64_t first_base = 0x1a4ed5b0c83f6297;
constexpr std::uint64_t second_base = 0x0f7b29d46e10a35d;

static_assert(first_base < prime && second_base < prime);

// Below the prime if all three are.
std::uint64_t multiply_add(std::uint64_t sum, std::uint64_t base, std::uint64_t word) noexcept {
  const wide product = wide{sum} * base + word;
  std::uint64_t folded =
      static_cast<std::uint64_t>(product & prime) + static_cast<std::uint64_t>(product >> 61);
  folded = (folded & prime) + (folded >> 61);
  return folded == prime ? 0 : folded;
}

}  // namespace

void fingerprint_maker::step(std::uint64_t word) noexcept {
  sum_.first = multiply_add(sum_.first, first_base, word);
  sum_.second = multiply_add(sum_.second, second_base, word);
}

void fingerprint_maker::add(std::string_view text) noexcept {
  // The length goes first and not as zero, so that no text is a continuation of another.
  step(text.size() + 1);
  while (!text.empty()) {
    const auto bytes = text.substr(0, word_bytes);
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
    step(word);
    text.remove_prefix(bytes.size());
  }
}

}  // namespace thespis
