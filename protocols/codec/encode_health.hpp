// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/health.hpp"
#include "protocols/codec/json_writer.hpp"

namespace thespis::codec {

/// `{"status", "share", "started_at_us", "took_ms", "node": [...], "collections": [...]}`. A
/// component is `{"name", "status", "checked", "damaged", "findings"}`, a finding `{"object",
/// "what", "remedy", "damage"}`. `status` of the whole is "sound", "damaged", or "checking" while
/// the check runs and has found nothing.
void encode(json_writer& out, const health_report& report);

}  // namespace thespis::codec
