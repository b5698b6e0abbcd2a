// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/plugin.hpp>

#include "plugins/index_hnsw/encoding.hpp"
#include "plugins/index_hnsw/shape.hpp"

namespace thespis::hnsw {

/// Writes the nodes published so far whose slots are below `out.end_slot()`, the links among them,
/// and their codes. The nodes that are written are numbered anew, in their order.
/// Format, little-endian: the header in the source; a u32 a node, its slot; a byte a node, its
/// level; then for each node and each of its layers from the base, a u16 count and so many u32
/// nodes. Then, if there are codes: u32 bytes and what the quantizer learnt; then of each node its
/// code and refinement. Thread: may run beside inserts and walks.
void save_shape(const shape& saved, const encoding& how, plugin::writer& out);

/// Adds the saved nodes, their links and codes to an empty shape; publishes none and sets no entry
/// point, but returns it. Every slot, level, count, link and the entry point is checked.
/// Errors: throws `plugin::failure` with corruption; the shape is then to be thrown away.
[[nodiscard]] entry_point load_shape(shape& empty, const encoding& how, plugin::reader& in);

}  // namespace thespis::hnsw
