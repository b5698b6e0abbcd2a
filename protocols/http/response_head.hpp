// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>

#include "protocols/http/message.hpp"

namespace thespis::http {

/// Replaces `out` by the status line and headers of an answer, up to its body.
void render_head(std::string& out, const request& asked, const response& answer, bool keep_alive);

/// The phrase of a status code, such as "Not Found".
[[nodiscard]] std::string_view reason_phrase(unsigned status) noexcept;

}  // namespace thespis::http
