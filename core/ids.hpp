// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

namespace thespis {

/// Position of an entry in the node's journal; 0 stands before the first.
using lsn_t = std::uint64_t;

/// Place of one version of a point's vectors in a collection, dense from 0 within a generation.
using slot_t = std::uint32_t;

/// Stands for "no slot".
inline constexpr slot_t no_slot = 0xFFFFFFFFu;

}  // namespace thespis
