// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace thespis {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78u;  // 0x1EDC6F41 with its bits reversed

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    auto value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? polynomial : 0);
    table[byte] = value;
  }
  return table;
}

std::uint32_t by_table(const unsigned char* data, std::size_t bytes, std::uint32_t state) noexcept {
  static constexpr auto table = make_table();
  for (std::size_t i = 0; i < bytes; ++i) state = (state >> 8) ^ table[(state ^ data[i]) & 0xFF];
  return state;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t by_instruction(const unsigned char* data,
                                                               std::size_t bytes,
                                                               std::uint32_t state) noexcept {
  std::uint64_t wide = state;
  for (; bytes >= 8; bytes -= 8, data += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, data, sizeof(word));
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; bytes > 0; --bytes, ++data) narrow = _mm_crc32_u8(narrow, *data);
  return narrow;
}
#endif

}  // namespace

std::uint32_t crc32c_portable(const void* data, std::size_t bytes, std::uint32_t before) noexcept {
  return ~by_table(static_cast<const unsigned char*>(data), bytes, ~before);
}

std::uint32_t crc32c(const void* data, std::size_t bytes, std::uint32_t before) noexcept {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction)
    return ~by_instruction(static_cast<const unsigned char*>(data), bytes, ~before);
#endif
  return crc32c_portable(data, bytes, before);
}

}  // namespace thespis
