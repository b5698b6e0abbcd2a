// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/quantizer_sq8/sq8_quantizer.hpp"

#include <cstring>
#include <string>

#include "plugins/kernels/scratch.hpp"

namespace thespis::sq8 {
namespace {

/// A prepared query; behind it lie its components in 8 bits, and then room for floats.
struct alignas(64) query_head {
  kernels::code_query line;
};

std::int8_t* components(void* query) {
  return static_cast<std::int8_t*>(query) + sizeof(query_head);
}

std::uint32_t checked(std::uint32_t bits) {
  if (bits != 0 && bits != 8)
    throw plugin::failure(THESPIS_UNSUPPORTED,
                          "sq8: " + std::to_string(bits) + " bits a dimension; it has 8");
  return bits;
}

}  // namespace

sq8_quantizer::sq8_quantizer(const plugin::quantizer_setup& setup)
    : space_((checked(setup.bits), setup.metric), setup.dimension, setup.seed),
      grid_(kernels::grid_kernels_here()),
      kernels_(kernels::code_kernels_here()) {}

std::size_t sq8_quantizer::query_components() const noexcept {
  return (space_.dimension() + 63U) / 64 * 64;
}

thespis_code_layout sq8_quantizer::layout() const noexcept {
  thespis_code_layout sizes{};
  sizes.code_bytes = sizeof(kernels::code_head) + (space_.dimension() + 3U) / 4 * 4;
  sizes.query_bytes = static_cast<std::uint32_t>(sizeof(query_head) + query_components() +
                                                 space_.padded() * sizeof(float));
  sizes.slack_bytes = kernels::code_slack_bytes;
  return sizes;
}

void sq8_quantizer::encode(std::span<const float* const> rows, void* const* codes,
                           void* const* /*refinements*/) const {
  kernels::scratch<float> placed(space_.padded());
  kernels::scratch<std::uint8_t> cells(space_.padded());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float norm = space_.place_row(rows[i], placed.data());
    const auto fit = grid_.fit(placed.data(), space_.dimension(), false, cells.data());
    const kernels::code_head head{norm, fit.byte_factor};
    auto* out = static_cast<std::uint8_t*>(codes[i]);
    std::memcpy(out, &head, sizeof(head));
    std::memcpy(out + sizeof(head), cells.data(), (space_.dimension() + 3U) / 4 * 4);
  }
}

void sq8_quantizer::prepare(const float* vector, void* query) const noexcept {
  auto* q = components(query);
  auto* placed = reinterpret_cast<float*>(q + query_components());
  const auto terms = space_.place_query(vector, placed);
  std::memset(q, 0, query_components());
  const auto fit = grid_.fit_query(placed, space_.dimension(), q);
  const query_head head{kernels::query_for(terms, fit.step, fit.sum, kernels::byte_zero)};
  std::memcpy(query, &head, sizeof(head));
}

void sq8_quantizer::estimate(const void* query, std::span<const void* const> codes,
                             float* ranks) const noexcept {
  const auto& head = *static_cast<const query_head*>(query);
  const auto* q = static_cast<const std::int8_t*>(query) + sizeof(query_head);
  kernels_.estimate_bytes(head.line, q, space_.dimension(), codes.data(), codes.size(), ranks);
}

void sq8_quantizer::compare(const void* code, const void* /*refinement*/,
                            std::span<const void* const> codes, const void* const* /*refinements*/,
                            float* ranks) const {
  kernels::code_head head;
  std::memcpy(&head, code, sizeof(head));
  kernels::scratch<std::int8_t> q(query_components());
  const auto* cells = static_cast<const std::uint8_t*>(code) + sizeof(head);
  const auto sum = kernels::query_of_bytes(cells, space_.dimension(), q.data());
  const auto line =
      kernels::query_for(space_.row_terms(head.norm), head.factor, sum, kernels::byte_zero);
  kernels_.estimate_bytes(line, q.data(), space_.dimension(), codes.data(), codes.size(), ranks);
}

}  // namespace thespis::sq8
