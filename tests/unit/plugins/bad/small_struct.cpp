// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "tests/unit/plugins/bad/bad_plugin.hpp"

BAD_PLUGIN(given.struct_size = 8)
