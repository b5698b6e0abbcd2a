// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/quantizer_sq4/sq4_quantizer.hpp"

#include <cstring>
#include <string>

#include "plugins/kernels/scratch.hpp"

namespace thespis::sq4 {
namespace {

/// A prepared query; behind it lie its components in 8 bits, and then room for floats and for 8
/// bits in their first order.
struct alignas(64) query_head {
  kernels::code_query coarse;  ///< For codes.
  kernels::code_query fine;    ///< For codes with refinements.
};

const std::int8_t* components(const void* query) {
  return static_cast<const std::int8_t*>(query) + sizeof(query_head);
}

/// Whether there are refinements.
bool refined_by(std::uint32_t bits) {
  if (bits != 0 && bits != 4 && bits != 8)
    throw plugin::failure(THESPIS_UNSUPPORTED,
                          "sq4: " + std::to_string(bits) +
                              " bits a dimension; it has 4, or 8 of which 4 refine the others");
  return bits != 4;
}

constexpr std::size_t whole_words(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

}  // namespace

sq4_quantizer::sq4_quantizer(const plugin::quantizer_setup& setup)
    : space_(setup.metric, setup.dimension, setup.seed),
      refines_(refined_by(setup.bits)),
      half_bytes_(kernels::nibble_bytes(setup.dimension)),
      query_bytes_(kernels::nibble_query_bytes(setup.dimension)),
      grid_(kernels::grid_kernels_here()),
      kernels_(kernels::code_kernels_here()) {}

thespis_code_layout sq4_quantizer::layout() const noexcept {
  thespis_code_layout sizes{};
  const auto half = static_cast<std::uint32_t>(whole_words(half_bytes_));
  sizes.code_bytes = sizeof(kernels::code_head) + half;
  if (refines_) sizes.refinement_bytes = sizeof(float) + half;
  sizes.query_bytes = static_cast<std::uint32_t>(sizeof(query_head) + query_bytes_ +
                                                 space_.padded() * (sizeof(float) + 1));
  sizes.slack_bytes = kernels::code_slack_bytes;
  return sizes;
}

void sq4_quantizer::encode(std::span<const float* const> rows, void* const* codes,
                           void* const* refinements) const {
  kernels::scratch<float> placed(space_.padded());
  kernels::scratch<std::uint8_t> cells(space_.padded());
  kernels::scratch<std::uint8_t> upper(half_bytes_);
  kernels::scratch<std::uint8_t> lower(half_bytes_);
  const auto write = [this](void* to, const void* head, std::size_t head_bytes,
                            const std::uint8_t* nibbles) {
    auto* out = static_cast<std::uint8_t*>(to);
    std::memcpy(out, head, head_bytes);
    std::memcpy(out + head_bytes, nibbles, half_bytes_);
    std::memset(out + head_bytes + half_bytes_, 0, whole_words(half_bytes_) - half_bytes_);
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float norm = space_.place_row(rows[i], placed.data());
    const auto fit = grid_.fit(placed.data(), space_.dimension(), true, cells.data());
    const kernels::code_head head{norm, fit.nibble_factor};
    kernels::split_nibbles(cells.data(), space_.dimension(), upper.data(), lower.data());
    write(codes[i], &head, sizeof(head), upper.data());
    if (refines_) write(refinements[i], &fit.byte_factor, sizeof(float), lower.data());
  }
}

void sq4_quantizer::prepare(const float* vector, void* query) const noexcept {
  auto* q = static_cast<std::int8_t*>(query) + sizeof(query_head);
  auto* placed = reinterpret_cast<float*>(q + query_bytes_);
  auto* rounded = reinterpret_cast<std::int8_t*>(placed + space_.padded());
  const auto terms = space_.place_query(vector, placed);
  const auto fit = grid_.fit_query(placed, space_.dimension(), rounded);
  kernels::order_for_nibbles(rounded, space_.dimension(), q);
  const query_head head{kernels::query_for(terms, fit.step, fit.sum, kernels::nibble_zero),
                        kernels::query_for(terms, fit.step, fit.sum, kernels::byte_zero)};
  std::memcpy(query, &head, sizeof(head));
}

void sq4_quantizer::estimate(const void* query, std::span<const void* const> codes,
                             float* ranks) const noexcept {
  const auto& head = *static_cast<const query_head*>(query);
  kernels_.estimate_nibbles(head.coarse, components(query), half_bytes_, codes.data(), codes.size(),
                            ranks);
}

void sq4_quantizer::refine(const void* query, std::span<const void* const> codes,
                           const void* const* refinements, float* ranks) const noexcept {
  const auto& head = *static_cast<const query_head*>(query);
  kernels_.estimate_joined(head.fine, components(query), half_bytes_, codes.data(), refinements,
                           codes.size(), ranks);
}

void sq4_quantizer::compare(const void* code, const void* refinement,
                            std::span<const void* const> codes, const void* const* refinements,
                            float* ranks) const {
  kernels::code_head head;
  std::memcpy(&head, code, sizeof(head));
  kernels::scratch<std::int8_t> q(query_bytes_);
  const auto* upper = static_cast<const std::uint8_t*>(code) + sizeof(head);
  const auto terms = space_.row_terms(head.norm);
  if (!refines_) {
    // The middle of the cells on both sides, so that it does not matter which is the query, which
    // is twice as large.
    constexpr float middle = 7.5F;
    const auto sum = kernels::query_of_upper_nibbles(upper, space_.dimension(), q.data());
    const auto line = kernels::query_for(terms, head.factor / 2, sum, middle);
    kernels_.estimate_nibbles(line, q.data(), half_bytes_, codes.data(), codes.size(), ranks);
    return;
  }
  float factor = 0;
  std::memcpy(&factor, refinement, sizeof(factor));
  const auto* lower = static_cast<const std::uint8_t*>(refinement) + sizeof(factor);
  const auto sum = kernels::query_of_nibbles(upper, lower, space_.dimension(), q.data());
  const auto line = kernels::query_for(terms, factor, sum, kernels::byte_zero);
  kernels_.estimate_joined(line, q.data(), half_bytes_, codes.data(), refinements, codes.size(),
                           ranks);
}

}  // namespace thespis::sq4
