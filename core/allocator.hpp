// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

namespace thespis {

/// Gives free memory that the allocator keeps back to the system, as far as it can: mimalloc where
/// it serves this process, otherwise the C library. Thread: any.
void purge_allocator() noexcept;

}  // namespace thespis
