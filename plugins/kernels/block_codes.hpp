// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

/// Vectors that are met together, as signs of their differences from a common center c: all of them
/// are estimated at once from tables that stay in registers. With v = R(x - c) and u its signs, +1
/// or -1, <q - c, x - c> is about f (<Rq, u> - <Rc, u>), f = |v|^2 / <v, u>, without bias.
/// Source: Gou et al. 2025, SymphonyQG; Gao & Long 2024, RaBitQ, section 3.3; Andre et al. 2017
/// (tables in registers).
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

inline constexpr std::size_t block_rows = 32;

/// Groups of 4 components: each has a table of 16 sums in the query, and 4 bits of each row in a
/// block. Whole registers hold 4 groups.
[[nodiscard]] constexpr std::size_t block_groups(std::size_t dimension) noexcept {
  return (dimension + 15) / 16 * 4;
}

/// Bytes of all tables of a query.
[[nodiscard]] constexpr std::size_t block_table_bytes(std::size_t dimension) noexcept {
  return block_groups(dimension) * 16;
}

/// The beginning of a block. The rank of row i is
/// base + fixed[i] + factor[i] * <r, u_i>, r being the query.
/// Shape: behind it, 16 bytes for each group; byte b holds in its low half the row b / 2 or, if b
/// is odd, 8 + b / 2; in its high half the row 16 further on. Bit j is that of component j.
/// Numbers are the upper halves of floats: an error of 0.2 percent, a tenth of that of one bit a
/// component where vectors are longest, for which a block is up to a sixth shorter.
struct block_head {
  std::uint16_t fixed[block_rows];
  std::uint16_t factor[block_rows];

  void set(std::size_t row, float fixed_part, float scale) noexcept {
    fixed[row] = rounded(fixed_part);
    factor[row] = rounded(scale);
  }
  /// To the nearest float whose lower half is zero.
  [[nodiscard]] static std::uint16_t rounded(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
  }
  [[nodiscard]] static float widened(std::uint16_t half) noexcept {
    return std::bit_cast<float>(std::uint32_t{half} << 16);
  }
};

[[nodiscard]] constexpr std::size_t block_bytes(std::size_t dimension) noexcept {
  return sizeof(block_head) + block_groups(dimension) * 16;
}

/// <r, u> is about step * (sum of what the tables say) - offset.
struct block_query {
  float step = 0;
  float offset = 0;
};

/// Signs u of a difference v = y - c and what the rank is made of.
struct sign_fit {
  float square = 0;        ///< |v|^2.
  float factor = 0;        ///< |v|^2 / <v, u>.
  float center_signs = 0;  ///< <c, u>.
  float center_dot = 0;    ///< <c, v>.
};

/// In the widest instruction set that the processor has.
struct block_kernels {
  /// Shape: y and c [padded to 16 with zeros]; bits [block_groups / 2 bytes]: bit i says that
  /// component i of the signs is +1.
  sign_fit (*fit_signs)(const float* y, const float* c, std::size_t dimension,
                        std::uint8_t* bits) = nullptr;
  /// Fills the tables of a query. Shape: r [padded to 16 with zeros]; tables [block_table_bytes],
  /// 64-byte aligned.
  block_query (*make_tables)(const float* r, std::size_t dimension, std::uint8_t* tables) = nullptr;
  /// Ranks of all rows of a block, `base` being that of its center.
  void (*estimate)(const block_query& line, const std::uint8_t* tables, std::size_t dimension,
                   const void* block, float base, float* ranks) = nullptr;
};

[[nodiscard]] block_kernels block_kernels_here() noexcept;

/// Puts the signs of a row, bit i of which is that of component i, into a block that was zero.
/// Shape: bits [block_groups / 2 bytes], zeros behind the dimension.
void put_signs(const std::uint8_t* bits, std::size_t dimension, std::size_t row,
               void* block) noexcept;

}  // namespace thespis::kernels
