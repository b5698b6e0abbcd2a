// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>

namespace thespis::bench {

/// Runs `rounds` rounds of independent fused multiply-adds that touch no memory, in the widest
/// instructions of this machine. Returns the floating-point operations done; `out` keeps the result
/// from being optimised away.
std::size_t multiply_add_rounds(std::size_t rounds, float* out);

/// The same with products of bytes that are summed in 32 bits. Returns the products done.
std::size_t byte_product_rounds(std::size_t rounds, std::int32_t* out);

}  // namespace thespis::bench
