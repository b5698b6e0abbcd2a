// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/quantizer.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <thespis/plugin/plugin.hpp>

namespace thespis::plugin {

/// What a quantizer is made with; see `thespis_quantizer_params`.
struct quantizer_setup {
  thespis_metric metric;
  std::uint32_t dimension;
  std::uint32_t bits;  ///< 0: the plugin chooses.
  std::uint64_t seed;
  plugin::services services;
};

/// What a class must offer to become a quantizer plugin. Threads and meaning are those of
/// `thespis_quantizer_table`; constructor, `train`, `save` and `load` may throw.
///
///     explicit my_quantizer(const quantizer_setup&);
///     thespis_code_layout layout() const;     // `struct_size` is filled in
///     void train(std::span<const float* const> rows);     // never empty
///     void save(writer&) const; void load(reader&); std::uint64_t bytes() const;
///     void encode(std::span<const float* const> rows, void* const* codes,
///                 void* const* refinements) const;
///     void prepare(const float* vector, void* query) const;
///     void estimate(const void* query, std::span<const void* const> codes, float* ranks) const;
///     void compare(const void* code, const void* refinement, std::span<const void* const> codes,
///                  const void* const* refinements, float* ranks) const;
///
/// Wanted where the layout has refinements, or blocks:
///     void refine(const void* query, std::span<const void* const> codes,
///                 const void* const* refinements, float* ranks) const;
///     void pack(const float* center, std::span<const float* const> rows, void* block) const;
///     void estimate_block(const void* query, const void* block, float center_rank,
///                         float* ranks) const;
template <class T>
concept quantizer_class = std::constructible_from<T, const quantizer_setup&> &&
    requires(T self, const T& made, std::span<const float* const> rows, void* const* room,
             void* query, std::span<const void* const> codes, const void* const* refinements,
             float* ranks, writer& out, reader& in) {
  { made.layout() } -> std::convertible_to<thespis_code_layout>;
  self.train(rows);
  made.save(out);
  self.load(in);
  { made.bytes() } -> std::convertible_to<std::uint64_t>;
  made.encode(rows, room, room);
  made.prepare(ranks, query);
  made.estimate(query, codes, ranks);
  made.compare(query, query, codes, refinements, ranks);
};

/// The C functions of a quantizer class.
template <quantizer_class T>
struct quantizer_functions {
  static T& of(void* self) noexcept { return *static_cast<T*>(self); }

  static void destroy(void* self) noexcept { delete static_cast<T*>(self); }

  static void layout(void* self, thespis_code_layout* out) noexcept {
    fill(out, of(self).layout());
  }

  static thespis_status train(void* self, const float* const* rows, std::size_t count,
                              thespis_failure* out) noexcept {
    return guarded(out, [&] {
      if (count == 0) throw failure(THESPIS_INVALID_ARGUMENT, "there are no rows to learn from");
      of(self).train({rows, count});
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
      if (stream.left() != 0) throw failure(THESPIS_CORRUPTION, "saved quantizer is too long");
    });
  }

  static void encode(void* self, const float* const* rows, std::size_t count, void* const* codes,
                     void* const* refinements) noexcept {
    of(self).encode({rows, count}, codes, refinements);
  }

  static void prepare(void* self, const float* vector, void* query) noexcept {
    of(self).prepare(vector, query);
  }

  static void estimate(void* self, const void* query, const void* const* codes, std::size_t count,
                       float* ranks) noexcept {
    of(self).estimate(query, {codes, count}, ranks);
  }

  static void refine(void* self, const void* query, const void* const* codes,
                     const void* const* refinements, std::size_t count, float* ranks) noexcept {
    if constexpr (refines) of(self).refine(query, {codes, count}, refinements, ranks);
  }

  static void compare(void* self, const void* code, const void* refinement,
                      const void* const* codes, const void* const* refinements, std::size_t count,
                      float* ranks) noexcept {
    of(self).compare(code, refinement, {codes, count}, refinements, ranks);
  }

  static void pack(void* self, const float* center, const float* const* rows, std::size_t count,
                   void* block) noexcept {
    if constexpr (packs) of(self).pack(center, {rows, count}, block);
  }

  static void estimate_block(void* self, const void* query, const void* block, float center_rank,
                             float* ranks) noexcept {
    if constexpr (packs) of(self).estimate_block(query, block, center_rank, ranks);
  }

  static void memory(void* self, thespis_memory* out) noexcept { fill_memory(out, of(self)); }

  static constexpr bool refines = requires(const T& made, std::span<const void* const> codes,
                                           const void* const* refinements, float* ranks) {
    made.refine(ranks, codes, refinements, ranks);
  };
  static constexpr bool packs =
      requires(const T& made, std::span<const float* const> rows, void* block, float* ranks) {
    made.pack(ranks, rows, block);
    made.estimate_block(ranks, block, 0.0F, ranks);
  };

  template <bool Refines, bool Packs>
  static constexpr thespis_quantizer_table table{sizeof(thespis_quantizer_table),
                                                 0,
                                                 destroy,
                                                 layout,
                                                 train,
                                                 save,
                                                 load,
                                                 encode,
                                                 prepare,
                                                 estimate,
                                                 Refines ? refine : nullptr,
                                                 compare,
                                                 Packs ? pack : nullptr,
                                                 Packs ? estimate_block : nullptr,
                                                 memory};

  // A class may have refinements or blocks for some parameters only.
  static const thespis_quantizer_table* table_for(const thespis_code_layout& sizes) {
    const bool refined = sizes.refinement_bytes != 0;
    const bool packed = sizes.block_rows != 0;
    if ((refined && !refines) || (packed && !packs))
      throw failure(THESPIS_INTERNAL, "layout has what the class lacks");
    if (refined) return packed ? &table<true, true> : &table<true, false>;
    return packed ? &table<false, true> : &table<false, false>;
  }

  static thespis_status create(const thespis_services* host, const void* raw, thespis_object* made,
                               thespis_failure* out) noexcept {
    return guarded(out, [&] {
      const auto& params = *static_cast<const thespis_quantizer_params*>(raw);
      if (params.metric < THESPIS_METRIC_COSINE || params.metric > THESPIS_METRIC_MANHATTAN)
        throw failure(THESPIS_UNSUPPORTED, "unknown metric " + std::to_string(params.metric));
      if (params.dimension == 0) throw failure(THESPIS_INVALID_ARGUMENT, "dimension is 0");
      const quantizer_setup setup{params.metric, params.dimension, params.bits, params.seed,
                                  services(host)};
      auto object = std::make_unique<T>(setup);
      made->table = table_for(object->layout());
      made->self = object.release();
    });
  }
};

}  // namespace thespis::plugin

/// Exports `Class` as the quantizer plugin `name`, a string, of the version `version`, a string.
#define THESPIS_QUANTIZER_PLUGIN(Class, name, version)                                     \
  extern "C" THESPIS_PLUGIN_EXPORT const thespis_plugin_descriptor* thespis_plugin(void) { \
    static constexpr thespis_plugin_descriptor descriptor{                                 \
        sizeof(thespis_plugin_descriptor),                                                 \
        THESPIS_ABI_MAJOR,                                                                 \
        THESPIS_ABI_MINOR,                                                                 \
        THESPIS_KIND_QUANTIZER,                                                            \
        name,                                                                              \
        version,                                                                           \
        THESPIS_ELEMENT_BIT(THESPIS_ELEMENT_FLOAT32),                                      \
        0,                                                                                 \
        ::thespis::plugin::quantizer_functions<Class>::create};                            \
    return &descriptor;                                                                    \
  }
