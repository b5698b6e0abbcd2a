// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>

#include "config/config.hpp"

namespace thespis::config {

/// Writes settings as a TOML file that says of each what it is, its unit, its range and its
/// variable. `config/thespis.toml` is this text for the defaults.
/// A secret that is set is written as "[hidden]".
[[nodiscard]] std::string document(const settings& all);

/// Writes settings as a JSON object of sections; secrets as above.
[[nodiscard]] std::string document_json(const settings& all);

}  // namespace thespis::config
