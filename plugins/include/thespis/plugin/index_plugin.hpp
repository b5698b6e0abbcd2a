// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/plugin.hpp>

#include <algorithm>
#include <concepts>

namespace thespis::plugin {

/// What an index is made with; see `thespis_index_params`.
struct index_setup {
  thespis_metric metric;
  std::uint32_t hnsw_m;
  std::uint32_t hnsw_ef_construct;
  std::uint64_t seed;
  thespis_preset preset;
  const char* quantizer;  ///< Null: the plugin chooses; "none": no codes. Valid while it is made.
  std::uint32_t quantizer_bits;
  plugin::arena arena;
  plugin::services services;
};

/// What a class must offer to become an index plugin. Threads and meaning are those of
/// `thespis_index_table`; every member may throw.
///
///     static constexpr bool scans = false;       // true: inserts nothing, every search is exact
///     // Of rows that it reads; see `thespis_plugin_descriptor`.
///     static constexpr std::uint32_t elements = THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32);
///     explicit my_index(const index_setup&);
///     void insert(std::span<const std::uint32_t> slots);
///     // Returns how many hits it has written.
///     std::size_t search(const thespis_index_query&, std::span<thespis_hit> hits);
///     void save(writer&); void load(reader&);
///     std::uint64_t bytes();                     // resident
///
/// Optional: `void search_batch(std::span<const thespis_index_query* const>,
///                              std::span<thespis_hits>)`,
///           `thespis_maintenance maintain(const thespis_bitmap* dead)`,
///           `std::uint64_t mapped_bytes()`.
template <class T>
concept index_class = std::constructible_from<T, const index_setup&> &&
    requires(T self, std::span<const std::uint32_t> slots, const thespis_index_query& query,
             std::span<thespis_hit> hits, writer& out, reader& in) {
  { T::scans } -> std::convertible_to<bool>;
  { T::elements } -> std::convertible_to<std::uint32_t>;
  self.insert(slots);
  { self.search(query, hits) } -> std::convertible_to<std::size_t>;
  self.save(out);
  self.load(in);
  { self.bytes() } -> std::convertible_to<std::uint64_t>;
};

/// The C functions of an index class.
template <index_class T>
struct index_functions {
  static T& of(void* self) noexcept { return *static_cast<T*>(self); }

  static void destroy(void* self) noexcept { delete static_cast<T*>(self); }

  static thespis_status insert(void* self, const std::uint32_t* slots, std::size_t count,
                               thespis_failure* out) noexcept {
    return guarded(out, [&] { of(self).insert({slots, count}); });
  }

  static thespis_status search(void* self, const thespis_index_query* query, thespis_hits* hits,
                               thespis_failure* out) noexcept {
    return guarded(
        out, [&] { hits->count = of(self).search(*query, std::span(hits->items, query->k)); });
  }

  static thespis_status search_batch(void* self, const thespis_index_query* const* queries,
                                     std::size_t count, thespis_hits* hits,
                                     thespis_failure* out) noexcept {
    return guarded(out, [&] {
      if constexpr (requires(T index, std::span<const thespis_index_query* const> all,
                             std::span<thespis_hits> found) { index.search_batch(all, found); }) {
        of(self).search_batch(std::span(queries, count), std::span(hits, count));
      } else {
        for (std::size_t i = 0; i < count; ++i)
          hits[i].count = of(self).search(*queries[i], std::span(hits[i].items, queries[i]->k));
      }
    });
  }

  static thespis_status save(void* self, const thespis_writer* to, thespis_failure* out) noexcept {
    return guarded(out, [&] {
      writer stream(to);
      of(self).save(stream);
    });
  }

  static thespis_status load(void* self, const thespis_reader* from,
                             thespis_failure* out) noexcept {
    return guarded(out, [&] {
      reader stream(from);
      of(self).load(stream);
      if (stream.left() != 0) throw failure(THESPIS_CORRUPTION, "saved index is too long");
    });
  }

  static void memory(void* self, thespis_memory* out) noexcept { fill_memory(out, of(self)); }

  static constexpr bool maintains = requires(T index, const thespis_bitmap* dead) {
    index.maintain(dead);
  };

  static thespis_status maintain(void* self, const thespis_bitmap* dead,
                                 thespis_maintenance* report, thespis_failure* out) noexcept {
    return guarded(out, [&] {
      if constexpr (maintains) fill(report, of(self).maintain(dead));
    });
  }

  static constexpr thespis_index_table table{sizeof(thespis_index_table),
                                             T::scans ? THESPIS_INDEX_SCANS : 0u,
                                             destroy,
                                             insert,
                                             search,
                                             search_batch,
                                             save,
                                             load,
                                             memory,
                                             maintains ? maintain : nullptr};

  static thespis_status create(const thespis_services* host, const void* raw, thespis_object* made,
                               thespis_failure* out) noexcept {
    return guarded(out, [&] {
      const auto& params = *static_cast<const thespis_index_params*>(raw);
      if (params.metric < THESPIS_METRIC_COSINE || params.metric > THESPIS_METRIC_MANHATTAN)
        throw failure(THESPIS_UNSUPPORTED, "unknown metric " + std::to_string(params.metric));
      if (params.dimension == 0 || params.arena == nullptr ||
          params.arena->dimension != params.dimension || params.arena->metric != params.metric)
        throw failure(THESPIS_INVALID_ARGUMENT, "dimension or metric is not that of the arena");
      if (!reads(T::elements, params.arena->element))
        throw failure(THESPIS_UNSUPPORTED,
                      "cannot read element type " + std::to_string(params.arena->element));
      const index_setup setup{params.metric,         params.hnsw_m,       params.hnsw_ef_construct,
                              params.seed,           params.preset,       params.quantizer,
                              params.quantizer_bits, arena(params.arena), services(host)};
      made->self = new T(setup);
      made->table = &table;
    });
  }
};

}  // namespace thespis::plugin

/// Exports `Class` as the index plugin `name`, a string, of the version `version`, a string.
#define THESPIS_INDEX_PLUGIN(Class, name, version)                                         \
  extern "C" THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void) { \
    static constexpr thespis_plugin_descriptor descriptor{                                 \
        sizeof(thespis_plugin_descriptor),                                                 \
        THESPIS_ABI_MAJOR,                                                                 \
        THESPIS_ABI_MINOR,                                                                 \
        THESPIS_KIND_INDEX,                                                                \
        name,                                                                              \
        version,                                                                           \
        Class::elements,                                                                   \
        0,                                                                                 \
        ::thespis::plugin::index_functions<Class>::create};                                \
    return &descriptor;                                                                    \
  }
