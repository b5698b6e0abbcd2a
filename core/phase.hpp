// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string_view>

/// Named stretches of work, so that a campaign that kills the process can tell in which of them it
/// did. Builds with `THESPIS_FAIL_POINTS` have them; a release has not.
///
/// The environment's `THESPIS_PHASES` names a file. It is mapped, so that it tells after kill -9
/// what the process was doing: up to 64 rows, each of a name (48 bytes, padded with zeros), how
/// many threads are within the phase, and how often one has entered it (two unsigned 64-bit
/// numbers of the machine's byte order). Whoever starts the process empties the file before.
///
/// Names are `<object>.<work>`, such as `index.save`.
namespace thespis::phase {

/// This thread is within a phase for as long as the object lives. Thread: any.
class scope {
 public:
  explicit scope(std::string_view name) noexcept;
  ~scope();
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

 private:
  struct row;
  friend class table;
  row* row_;  ///< Null where nobody watches.
};

}  // namespace thespis::phase

#ifdef THESPIS_FAIL_POINTS
#define THESPIS_PHASE(name) const ::thespis::phase::scope this_phase(name)
#else
#define THESPIS_PHASE(name) static_cast<void>(0)
#endif
