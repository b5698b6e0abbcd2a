// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>

namespace thespis {

/// Memory of this process as the system counts it. Units: bytes.
struct process_memory {
  std::uint64_t resident_bytes = 0;  ///< In physical memory, also pages of files.
  std::uint64_t private_bytes = 0;   ///< Of these, what no file stands behind.
  std::uint64_t virtual_bytes = 0;   ///< Address space.

  /// Asks the system: a few microseconds. All zeros where it does not tell. Thread: any.
  [[nodiscard]] static process_memory now() noexcept;
};

/// The memory that a process may have, and who says so.
struct memory_ceiling {
  std::uint64_t bytes = 0;
  std::string origin;  ///< Such as "cgroup".
};

/// The smallest of what control groups (version 1 and 2), the limit of address space and the
/// machine allow. `root` stands before the paths that are read; a test may put its own there.
[[nodiscard]] memory_ceiling find_memory_ceiling(const std::string& root = {});

}  // namespace thespis
