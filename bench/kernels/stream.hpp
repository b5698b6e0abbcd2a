// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>

namespace thespis::bench {

/// Reads `count` floats, a multiple of 1,024, in the widest instructions of this machine, as fast
/// as its memory gives them: the best of the ways that were tried. Returns a sum, so that nothing
/// is optimised away.
float read_stream(const float* from, std::size_t count);

}  // namespace thespis::bench
