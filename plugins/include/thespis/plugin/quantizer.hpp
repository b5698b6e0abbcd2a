// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/quantizer.h>

#include <cstddef>
#include <cstdint>
#include <thespis/plugin/plugin.hpp>
#include <utility>

namespace thespis::plugin {

/// A quantizer of the host, as an index uses it. Meaning and threads are those of
/// `thespis_quantizer_table`.
/// Owns: the quantizer.
class quantizer {
 public:
  /// Errors: throws `failure` if there is no quantizer `name` or it refuses `params`.
  quantizer(const services& host, const char* name, thespis_quantizer_params params) {
    params.struct_size = sizeof(params);
    thespis_failure reason{};
    const auto& table = host.table();
    check(table.quantizer(table.context, name, &params, &object_, &reason), reason);
    layout_.struct_size = sizeof(layout_);
    functions().layout(object_.self, &layout_);
  }
  quantizer(quantizer&& other) noexcept
      : object_(std::exchange(other.object_, thespis_object{})), layout_(other.layout_) {}
  quantizer& operator=(quantizer&&) = delete;
  ~quantizer() {
    if (object_.self != nullptr) functions().destroy(object_.self);
  }

  [[nodiscard]] const thespis_code_layout& layout() const noexcept { return layout_; }
  [[nodiscard]] bool refines() const noexcept { return layout_.refinement_bytes != 0; }
  [[nodiscard]] bool packs() const noexcept { return layout_.block_rows != 0; }

  void train(std::span<const float* const> rows) {
    thespis_failure reason{};
    check(functions().train(object_.self, rows.data(), rows.size(), &reason), reason);
  }
  void save(const thespis_writer& to) const {
    thespis_failure reason{};
    check(functions().save(object_.self, &to, &reason), reason);
  }
  void load(const thespis_reader& from) {
    thespis_failure reason{};
    check(functions().load(object_.self, &from, &reason), reason);
  }

  void encode(const float* const* rows, std::size_t count, void* const* codes,
              void* const* refinements) const noexcept {
    functions().encode(object_.self, rows, count, codes, refinements);
  }
  void prepare(const float* vector, void* query) const noexcept {
    functions().prepare(object_.self, vector, query);
  }
  void estimate(const void* query, const void* const* codes, std::size_t count,
                float* ranks) const noexcept {
    functions().estimate(object_.self, query, codes, count, ranks);
  }
  void refine(const void* query, const void* const* codes, const void* const* refinements,
              std::size_t count, float* ranks) const noexcept {
    functions().refine(object_.self, query, codes, refinements, count, ranks);
  }
  void compare(const void* code, const void* refinement, const void* const* codes,
               const void* const* refinements, std::size_t count, float* ranks) const noexcept {
    functions().compare(object_.self, code, refinement, codes, refinements, count, ranks);
  }
  void pack(const float* center, const float* const* rows, std::size_t count,
            void* block) const noexcept {
    functions().pack(object_.self, center, rows, count, block);
  }
  void estimate_block(const void* query, const void* block, float center_rank,
                      float* ranks) const noexcept {
    functions().estimate_block(object_.self, query, block, center_rank, ranks);
  }
  /// Resident memory.
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    thespis_memory held{};
    held.struct_size = sizeof(held);
    functions().memory(object_.self, &held);
    return held.resident_bytes;
  }

 private:
  [[nodiscard]] const thespis_quantizer_table& functions() const noexcept {
    return *static_cast<const thespis_quantizer_table*>(object_.table);
  }
  static void check(thespis_status status, const thespis_failure& reason) {
    if (status != THESPIS_OK) throw failure(status, reason.message);
  }

  thespis_object object_{};
  thespis_code_layout layout_{};
};

}  // namespace thespis::plugin
