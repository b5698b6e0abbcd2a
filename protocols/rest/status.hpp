// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "core/error.hpp"

namespace thespis::rest {

/// The HTTP status of an error.
[[nodiscard]] unsigned http_status(errc code) noexcept;

/// The error that a status stands for, where the server refuses before there is one. This file is
/// the only place that knows either.
[[nodiscard]] errc code_of_status(unsigned status) noexcept;

}  // namespace thespis::rest
