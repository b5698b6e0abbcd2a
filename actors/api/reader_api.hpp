// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "actors/api/messages.hpp"

namespace thespis::actors {

/// Answers from a collection's latest durable view; never waits for writes.
/// All answers: dimension_mismatch, invalid_argument (also an unknown vector name), unavailable
/// (loading, overloaded or quarantined), plugin, io.
using reader_actor = caf::typed_actor<
    /// Nearest points to a vector or a stored point. Errors: also not_found for the point.
    caf::replies_to<shared<search_request>>::with<shared<search_reply>>,
    /// Several searches over one view; one that fails fails the batch.
    caf::replies_to<shared<search_batch_request>>::with<shared<search_batch_reply>>,
    /// Points by id.
    caf::replies_to<shared<retrieve_request>>::with<shared<retrieve_reply>>,
    /// A page of points in id order.
    caf::replies_to<shared<scroll_request>>::with<shared<scroll_reply>>,
    /// The exact number of points.
    caf::replies_to<count_atom>::with<std::uint64_t>,
    /// Whether a point exists.
    caf::replies_to<exists_atom, point_id>::with<bool>>;

}  // namespace thespis::actors
