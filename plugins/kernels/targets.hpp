// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The instruction sets that every kernel is compiled for. Included before anything of Highway.

#ifdef __SANITIZE_THREAD__
/// Kernels of codes read past the end of a code, where the next one may be being written, and
/// multiply what they find by zero. The plain ones read what there is and nothing else.
#define HWY_COMPILE_ONLY_SCALAR
#endif

/// With the instructions for neural networks (VNNI), which come after plain AVX-512.
#define HWY_WANT_AVX3_DL

/// SSE4 stands in for SSSE3 on every machine that has not got AVX2, and NEON for SVE, whose
/// registers have no size that a structure could be made of.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
