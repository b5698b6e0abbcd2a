// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/plugin.hpp>

#include <concepts>

namespace thespis::plugin {

/// What a class must offer to become a compute plugin; members run on any thread at the same time
/// and may throw.
///
///     // Of rows that it reads; see `thespis_plugin_descriptor`.
///     static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);
///     explicit my_compute(const services&);
///     void ranks(const thespis_ranks_task&);
///     const char* target();                    // lives as long as the object
///
/// Optional: `std::uint64_t bytes()`, what it holds between calls.
template <class T>
concept compute_class = std::constructible_from<T, const services&> &&
    requires(T self, const thespis_ranks_task& task) {
  { T::elements } -> std::convertible_to<std::uint32_t>;
  self.ranks(task);
  { self.target() } -> std::convertible_to<const char*>;
};

/// The C functions of a compute class.
template <compute_class T>
struct compute_functions {
  static void destroy(void* self) noexcept { delete static_cast<T*>(self); }

  static thespis_status ranks(void* self, const thespis_ranks_task* task,
                              thespis_failure* out) noexcept {
    return guarded(out, [&] {
      if (task->metric < THESPIS_METRIC_COSINE || task->metric > THESPIS_METRIC_MANHATTAN)
        throw failure(THESPIS_INVALID_ARGUMENT, "unknown metric " + std::to_string(task->metric));
      if (!reads(T::elements, task->element))
        throw failure(THESPIS_UNSUPPORTED,
                      "cannot read element type " + std::to_string(task->element));
      if (task->dimension == 0 ||
          task->row_stride_bytes < task->dimension * bytes_of(task->element))
        throw failure(THESPIS_INVALID_ARGUMENT, "row stride is below the dimension");
      if (task->query_count != 0 && task->row_count != 0) static_cast<T*>(self)->ranks(*task);
    });
  }

  static const char* target(void* self) noexcept { return static_cast<T*>(self)->target(); }

  static void memory(void* self, thespis_memory* out) noexcept {
    fill_memory(out, *static_cast<T*>(self));
  }

  static constexpr thespis_compute_table table{
      sizeof(thespis_compute_table), 0, destroy, ranks, target, memory};

  static thespis_status create(const thespis_services* host, const void* /*params*/,
                               thespis_object* made, thespis_failure* out) noexcept {
    return guarded(out, [&] {
      made->self = new T(services(host));
      made->table = &table;
    });
  }
};

}  // namespace thespis::plugin

/// Exports `Class` as the compute plugin `name`, a string, of the version `version`, a string.
#define THESPIS_COMPUTE_PLUGIN(Class, name, version)                                       \
  extern "C" THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void) { \
    static constexpr thespis_plugin_descriptor descriptor{                                 \
        sizeof(thespis_plugin_descriptor),                                                 \
        THESPIS_ABI_MAJOR,                                                                 \
        THESPIS_ABI_MINOR,                                                                 \
        THESPIS_KIND_COMPUTE,                                                              \
        name,                                                                              \
        version,                                                                           \
        Class::elements,                                                                   \
        0,                                                                                 \
        ::thespis::plugin::compute_functions<Class>::create};                              \
    return &descriptor;                                                                    \
  }
