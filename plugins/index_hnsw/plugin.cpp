// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/hnsw_index.hpp"

THESPIS_INDEX_PLUGIN(thespis::hnsw::hnsw_index, "hnsw", "0.1.0")
