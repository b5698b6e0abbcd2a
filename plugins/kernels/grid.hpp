// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

/// Vectors of floats on grids of few bits. A vector y has a grid of its own: component i is about
/// s (c_i - z), with the same z for all.
/// Source: Gao et al. 2024, Practical and asymptotically optimal quantization (extended RaBitQ);
/// Aguerrebere et al. 2023, Similarity search in the blink of an eye (LVQ, two levels).
/// Thread: everything here may be called from any thread.
namespace thespis::kernels {

/// Where zero lies on the grid of 8 bits.
inline constexpr float byte_zero = 128.0F;
/// Where zero lies on the grid of the upper 4 of 8 bits: a cell reaches from 16 h to 16 h + 15.
inline constexpr float nibble_zero = 7.53125F;

/// How a vector y lies on its grid. For any r spread evenly by a rotation, <r, y> is about
/// factor * <r, c - z>, without bias, because the factor is |y|^2 / <y, c - z>.
struct grid_fit {
  float byte_factor = 0;    ///< For all 8 bits.
  float nibble_factor = 0;  ///< For the upper 4 of them.
};

/// How a vector lies on a grid of 1 to 4 bits, as `grid_fit`.
struct bits_fit {
  float factor = 0;       ///< For all bits: those of a cell c less (2^bits - 1) / 2.
  float sign_factor = 0;  ///< For the highest bit less 1/2.
};

/// A query r on its grid: r is about step * q.
struct query_fit {
  float step = 0;
  std::int32_t sum = 0;  ///< Of the components of q.
};

/// In the widest instruction set that the processor has.
struct grid_kernels {
  /// Puts y on its grid. `split`: the upper 4 bits are to be good by themselves.
  /// Shape: y and codes [dimension rounded up to 16], zeros behind the dimension of y.
  grid_fit (*fit)(const float* y, std::size_t dimension, bool split, std::uint8_t* codes) = nullptr;
  /// The same with 1 to 4 bits in all. Shape: codes [dimension rounded up to 64], zeros behind the
  /// dimension.
  bits_fit (*fit_bits)(const float* y, std::size_t dimension, unsigned bits,
                       std::uint8_t* codes) = nullptr;
  /// Collects one bit of each code. Shape: codes as `fit_bits` leaves them; plane [an eighth].
  void (*pack_plane)(const std::uint8_t* codes, std::size_t dimension, unsigned bit,
                     std::uint8_t* plane) = nullptr;
  /// Rounds a query to numbers from -127 to 127. Shape: as `fit`.
  query_fit (*fit_query)(const float* r, std::size_t dimension, std::int8_t* q) = nullptr;
};

[[nodiscard]] grid_kernels grid_kernels_here() noexcept;

/// Bytes of `dimension` components of 4 bits. Blocks of 64 bytes hold 128 components each, the
/// first 64 in the low halves; the last block may be shorter: it has half of its components,
/// rounded up, in the low halves.
[[nodiscard]] constexpr std::size_t nibble_bytes(std::size_t dimension) noexcept {
  return dimension / 128 * 64 + (dimension % 128 + 1) / 2;
}

/// Bytes of a query for codes of 4 bits: for each block of 64 bytes the components of its low
/// halves and then those of its high halves, 64 places each, zeros where there are none.
[[nodiscard]] constexpr std::size_t nibble_query_bytes(std::size_t dimension) noexcept {
  return (dimension + 127) / 128 * 128;
}

/// Splits codes of 8 bits into their upper and lower halves, each of `nibble_bytes`.
void split_nibbles(const std::uint8_t* codes, std::size_t dimension, std::uint8_t* upper,
                   std::uint8_t* lower) noexcept;

/// Brings a query into the order of `nibble_query_bytes`.
void order_for_nibbles(const std::int8_t* query, std::size_t dimension, std::int8_t* out) noexcept;

/// Makes a query of a code of 8 bits, less 128, that was split, and gives the sum of its
/// components. Shape: out [nibble_query_bytes].
std::int32_t query_of_nibbles(const std::uint8_t* upper, const std::uint8_t* lower,
                              std::size_t dimension, std::int8_t* out) noexcept;

/// Makes a query of the upper halves alone: twice each less 15. Gives the sum of its components.
/// Shape: out [nibble_query_bytes].
std::int32_t query_of_upper_nibbles(const std::uint8_t* upper, std::size_t dimension,
                                    std::int8_t* out) noexcept;

/// Makes a query of a code of `planes` bits, the highest in `sign` and the others in `finer`, as
/// `estimate_planes` has them: twice the cell less 2^planes - 1. Gives the sum of its components.
/// Shape: as `query_of_bytes`.
std::int32_t query_of_planes(const std::uint8_t* sign, const std::uint8_t* finer,
                             std::size_t planes, std::size_t dimension, std::int8_t* out) noexcept;

/// Makes a query of a code of 8 bits, less 128, and gives the sum of its components.
/// Shape: out [dimension rounded up to 64], zeros behind the dimension.
std::int32_t query_of_bytes(const std::uint8_t* codes, std::size_t dimension,
                            std::int8_t* out) noexcept;

}  // namespace thespis::kernels
