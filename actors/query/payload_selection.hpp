// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/error.hpp"
#include "core/point.hpp"
#include "core/search_request.hpp"

namespace thespis::actors {

/// Cuts a payload to a selector. A dotted path names a key within nested objects; a key that
/// contains dots is matched as a whole first. `exclude` is applied after `include`.
/// Errors: corruption if the stored text is not a JSON object.
[[nodiscard]] result<payload> select_payload(payload whole, const payload_selector& selector);

}  // namespace thespis::actors
