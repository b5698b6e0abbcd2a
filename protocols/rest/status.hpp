// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/error.hpp"

namespace thespis::rest {

/// The HTTP status of an error; the only place that knows.
[[nodiscard]] unsigned http_status(errc code) noexcept;

}  // namespace thespis::rest
