// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>

#include "actors/api/reader_api.hpp"
#include "actors/collection/dependencies.hpp"
#include "actors/collection/searcher.hpp"
#include "core/rate_limiter.hpp"

namespace thespis::actors {

using view_atom = caf::atom_constant<caf::atom("view")>;
using latest_atom = caf::atom_constant<caf::atom("latest")>;

/// A reader as the writer of its collection sees it.
using reader_internal = reader_actor::extend<
    /// From now on searches see this view.
    caf::reacts_to<view_atom, view_ptr>,
    /// The collection has this name now.
    caf::reacts_to<rename_atom, std::string>,
    /// The view that searches see now. Errors: unavailable (it is being loaded).
    caf::replies_to<latest_atom>::with<view_ptr>>;

struct reader_state {
  static inline const char* name = "reader";
  std::string collection;
  view_ptr latest;
  rate_limiter rate;
  running_count running = std::make_shared<std::atomic<std::uint32_t>>(0);
};

/// Behaviour of a reader: it keeps the latest view and hands each request, with that view, to a
/// searcher of its own, so that requests never wait for one another or for writes.
reader_internal::behavior_type reader(reader_internal::stateful_pointer<reader_state> self,
                                      std::string collection, dependencies_ptr dependencies);

}  // namespace thespis::actors
