// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_flat/flat_index.hpp"

THESPIS_INDEX_PLUGIN(thespis::flat::flat_index, "flat", "0.1.0")
