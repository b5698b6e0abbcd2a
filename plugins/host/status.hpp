// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/abi.h>

#include <string>

#include "core/error.hpp"

namespace thespis::plugins {

/// Private to plugins/host: what a plugin's call reported, as one of our errors:
/// corruption, resource_exhausted, or else plugin.
[[nodiscard]] error plugin_error(const std::string& plugin, const char* call, thespis_status status,
                                 const thespis_failure& failure);

/// A text of a plugin, cut at `bytes_max`, with control characters replaced.
[[nodiscard]] std::string printable(const char* text, std::size_t bytes_max);

/// Makes `message` the reason of a failure that goes to a plugin.
void say(thespis_failure& failure, const std::string& message) noexcept;

}  // namespace thespis::plugins
