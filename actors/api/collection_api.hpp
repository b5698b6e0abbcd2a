// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "actors/api/messages.hpp"
#include "actors/api/reader_api.hpp"

namespace thespis::actors {

/// The single writer of one collection. Writes are applied in the order of their arrival.
/// All answers: unavailable while it loads, is over its queue bound or is quarantined.
///
/// A write is answered when it is durable and searchable, or, where its context does not wait, when
/// it is committed. One with an idempotency key that was used is not applied: it is answered as the
/// first one was. Errors of these: conflict (the first is still in progress), key_reused (the first
/// was another request).
using collection_actor = caf::typed_actor<
    /// Inserts or replaces points. Errors: dimension_mismatch, invalid_argument (unknown vector
    /// name, NaN or infinity), conflict (also another version than expected), resource_exhausted,
    /// io.
    caf::replies_to<upsert_request, write_context>::with<write_reply>,
    /// Deletes points.
    caf::replies_to<delete_request, write_context>::with<write_reply>,
    /// Does any one write. Errors: those of `write_judge`, resource_exhausted, io.
    caf::replies_to<write_operation, write_context>::with<write_reply>,
    /// Does several in order, all or none; errors name the operation. Errors: likewise.
    caf::replies_to<batch_request, write_context>::with<write_reply>,
    /// How far the write of that number has come. Errors: not_found (it is none of this collection,
    /// or it was lost), unavailable, io.
    caf::replies_to<operation_atom, lsn_t>::with<operation_state>,
    /// Sizes and state now.
    caf::replies_to<info_atom>::with<collection_info>,
    /// Puts every index in order and tells what that found; answers when it is done. Runs after
    /// what waits to be inserted now, and beside searches. Requests that wait for it share one run.
    /// Errors: plugin (then the collection is restarted), resource_exhausted, unavailable.
    caf::replies_to<check_atom>::with<index_check_reply>,
    /// Saves derived state, releases storage and quits; answers when that is done.
    caf::replies_to<stop_atom>::with<bool>>;

}  // namespace thespis::actors
