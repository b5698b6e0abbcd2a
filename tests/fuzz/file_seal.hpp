// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/crc32c.hpp"
#include "plugins/host/index_file_format.hpp"

namespace thespis::fuzz {

/// Bytes that may be an index file, with every checksum made right that has a place, so that what
/// lies behind the checks is reached by the same input in every build.
[[nodiscard]] inline std::string seal_index_file(std::string_view input) {
  namespace format = plugins::index_format;
  std::string bytes(input);
  const auto number_at = [&](std::size_t at) {
    return format::number_at<std::uint32_t>(reinterpret_cast<unsigned char*>(bytes.data()) + at);
  };
  const auto put = [&](std::size_t at, std::uint32_t number) {
    std::memcpy(bytes.data() + at, &number, sizeof number);
  };
  constexpr std::size_t crc_bytes = sizeof(std::uint32_t);
  if (bytes.size() < format::fixed_head_bytes + crc_bytes + format::trailer_bytes) return bytes;
  const std::size_t trailer = bytes.size() - format::trailer_bytes;
  const std::size_t head = format::fixed_head_bytes + std::size_t{number_at(12)};
  if (head + crc_bytes > trailer) return bytes;
  const auto head_crc = crc32c(bytes.data(), head);
  put(head, head_crc);
  std::size_t at = head + crc_bytes;
  for (std::uint64_t block = 0; trailer - at >= format::block_head_bytes; ++block) {
    const std::size_t size = number_at(at);
    const auto begin = at + format::block_head_bytes;
    if (size == 0 || size > trailer - begin) break;
    std::vector<unsigned char> number;
    format::append(number, block);
    put(at + 4, crc32c(bytes.data() + begin, size, crc32c(number.data(), number.size())));
    at = begin + size;
  }
  constexpr auto checked = format::trailer_bytes - sizeof(format::end_magic) - crc_bytes;
  put(trailer + checked, crc32c(bytes.data() + trailer, checked, head_crc));
  return bytes;
}

}  // namespace thespis::fuzz
