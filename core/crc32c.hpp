// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

namespace thespis {

/// The CRC-32C (Castagnoli) of `bytes` bytes, continued from `before`, the checksum of what came
/// earlier: crc32c(ab) == crc32c(b, crc32c(a)).
/// Source: RFC 3720, appendix B.4.
[[nodiscard]] std::uint32_t crc32c(const void* data, std::size_t bytes,
                                   std::uint32_t before = 0) noexcept;

/// The same without special instructions.
[[nodiscard]] std::uint32_t crc32c_portable(const void* data, std::size_t bytes,
                                            std::uint32_t before = 0) noexcept;

/// Whether the checksum that a decoder found is the one that it computed. In fuzz builds it always
/// is, so that inputs reach what lies behind the check.
[[nodiscard]] constexpr bool checksum_holds([[maybe_unused]] std::uint32_t found,
                                            [[maybe_unused]] std::uint32_t computed) noexcept {
#if defined(THESPIS_FUZZ)
  return true;
#else
  return found == computed;
#endif
}

}  // namespace thespis
