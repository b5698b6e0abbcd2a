// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

std::size_t utf8_sequence(std::string_view text) noexcept {
  const auto within = [&](std::size_t i, unsigned low, unsigned high) {
    if (i >= text.size()) return false;
    const auto byte = static_cast<unsigned char>(text[i]);
    return byte >= low && byte <= high;
  };
  if (within(0, 0x00, 0x7F)) return 1;
  if (within(0, 0xC2, 0xDF)) return within(1, 0x80, 0xBF) ? 2 : 0;
  if (within(0, 0xE0, 0xEF)) {
    const bool shortest = !within(0, 0xE0, 0xE0) || within(1, 0xA0, 0xBF);
    const bool surrogate = within(0, 0xED, 0xED) && within(1, 0xA0, 0xBF);
    return shortest && !surrogate && within(1, 0x80, 0xBF) && within(2, 0x80, 0xBF) ? 3 : 0;
  }
  if (within(0, 0xF0, 0xF4)) {
    const bool shortest = !within(0, 0xF0, 0xF0) || within(1, 0x90, 0xBF);
    const bool in_range = !within(0, 0xF4, 0xF4) || within(1, 0x80, 0x8F);
    return shortest && in_range && within(1, 0x80, 0xBF) && within(2, 0x80, 0xBF) &&
                   within(3, 0x80, 0xBF)
               ? 4
               : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto size = utf8_sequence(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

}  // namespace thespis::codec
