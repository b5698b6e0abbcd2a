// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <thespis/plugin/plugin.hpp>
#include <vector>

#include "plugins/index_hnsw/graph.hpp"

namespace thespis::hnsw {

/// Writes the nodes published so far below `out.end_slot()`, and the links among them.
/// Format, little-endian: the header below; one byte a slot, level + 1 or 0 for none; then for each
/// node in slot order and each of its layers from the base, a u16 count and so many u32 slots.
/// Thread: may run beside inserts and walks.
void save_graph(const graph& nodes, plugin::writer& out);

/// Adds the saved nodes and their links to an empty graph; publishes none. Every level, count, link
/// and the entry point is checked. Sets `entry` if there are nodes, and returns level + 1 of each
/// slot, 0 where there is no node.
/// Errors: throws `plugin::failure` with corruption; the graph is then to be thrown away.
[[nodiscard]] std::vector<std::uint8_t> load_lists(graph& nodes, plugin::reader& in,
                                                   entry_point& entry);

}  // namespace thespis::hnsw
