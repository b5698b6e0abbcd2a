// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/compute.h>
#include <thespis/plugin/index.h>
#include <thespis/plugin/quantizer.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/error.hpp"

namespace thespis::plugins {

/// Private to plugins/host: up to where each plugin of interface 1.0 fills what it gives. These
/// numbers never change; what was appended later is looked for with `THESPIS_HAS`.
inline constexpr std::size_t descriptor_bytes_min =
    offsetof(thespis_plugin_descriptor, create) + sizeof(thespis_plugin_descriptor::create);
inline constexpr std::size_t index_table_bytes_min =
    offsetof(thespis_index_table, maintain) + sizeof(thespis_index_table::maintain);
inline constexpr std::size_t quantizer_table_bytes_min =
    offsetof(thespis_quantizer_table, memory) + sizeof(thespis_quantizer_table::memory);
inline constexpr std::size_t compute_table_bytes_min =
    offsetof(thespis_compute_table, memory) + sizeof(thespis_compute_table::memory);

/// How every table begins.
struct table_head {
  std::uint32_t struct_size;
  std::uint32_t other;
  void (*destroy)(void* self);
};
static_assert(offsetof(table_head, destroy) == offsetof(thespis_index_table, destroy));
static_assert(offsetof(table_head, destroy) == offsetof(thespis_quantizer_table, destroy));
static_assert(offsetof(table_head, destroy) == offsetof(thespis_compute_table, destroy));

/// Decides whether `made` can be used: its table has `bytes_min` bytes, and `lacks_function` is
/// false, which is only looked at then. If not, the object is ended as far as that is possible.
/// Errors: plugin.
template <class Table, class Lacks>
[[nodiscard]] result<void> check_object(const std::string& plugin, const thespis_object& made,
                                        std::size_t bytes_min, const Lacks& lacks_function) {
  const auto& head = *static_cast<const table_head*>(made.table);
  const bool is_short = head.struct_size < bytes_min;
  if (!is_short && !lacks_function(*static_cast<const Table*>(made.table))) return ok();
  if (head.struct_size >= sizeof(table_head) && head.destroy != nullptr) head.destroy(made.self);
  const auto what = is_short ? "has " + std::to_string(head.struct_size) +
                                   " bytes, expected at least " + std::to_string(bytes_min)
                             : std::string("lacks a function");
  return error(errc::plugin, "plugin '" + plugin + "': create: its table " + what);
}

}  // namespace thespis::plugins
