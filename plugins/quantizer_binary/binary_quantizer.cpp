// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/quantizer_binary/binary_quantizer.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <string>

#include "plugins/kernels/scratch.hpp"

namespace thespis::binary {
namespace {

constexpr std::uint32_t bits_max = 4;

/// A prepared query; behind it lie the tables for blocks, what codes are compared with, its
/// components in 8 bits if there are refinements, and then room for floats.
struct alignas(64) query_head {
  kernels::code_query coarse;  ///< For codes.
  kernels::code_query fine;    ///< For codes with refinements.
  kernels::block_query block;
};

constexpr std::size_t whole_words(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

std::uint32_t checked(std::uint32_t bits) {
  if (bits > bits_max)
    throw plugin::failure(THESPIS_UNSUPPORTED,
                          "binary: " + std::to_string(bits) + " bits a dimension; it has 1 to 4");
  return bits == 0 ? 1 : bits;
}

void write_head(void* to, const void* head, std::size_t head_bytes, const std::uint8_t* plane,
                std::size_t plane_bytes) {
  auto* out = static_cast<std::uint8_t*>(to);
  std::memcpy(out, head, head_bytes);
  std::memcpy(out + head_bytes, plane, plane_bytes);
  std::memset(out + head_bytes + plane_bytes, 0, whole_words(plane_bytes) - plane_bytes);
}

}  // namespace

binary_quantizer::binary_quantizer(const plugin::quantizer_setup& setup)
    : space_(setup.metric, setup.dimension, setup.seed),
      bits_(checked(setup.bits)),
      grid_(kernels::grid_kernels_here()),
      kernels_(kernels::code_kernels_here()),
      signs_(kernels::sign_kernels_here()),
      blocks_(kernels::block_kernels_here()) {}

thespis_code_layout binary_quantizer::layout() const noexcept {
  thespis_code_layout sizes{};
  const auto dimension = space_.dimension();
  const auto bytes = [](std::size_t count) { return static_cast<std::uint32_t>(count); };
  sizes.code_bytes = bytes(sizeof(kernels::code_head) + whole_words(plane_bytes()));
  if (bits_ > 1)
    sizes.refinement_bytes = bytes(sizeof(float) + whole_words((bits_ - 1) * plane_bytes()));
  sizes.query_bytes = bytes(sizeof(query_head) + kernels::block_table_bytes(dimension) +
                            kernels::sign_query_bytes(dimension) + query_components() +
                            space_.padded() * sizeof(float));
  sizes.slack_bytes = kernels::code_slack_bytes;
  sizes.block_rows = bytes(kernels::block_rows);
  sizes.block_bytes = bytes(kernels::block_bytes(dimension));
  return sizes;
}

void binary_quantizer::save(plugin::writer& out) const {
  out.value(bits_);
  space_.save(out);
}

void binary_quantizer::load(plugin::reader& in) {
  if (in.value<unsigned>() != bits_)
    throw plugin::failure(THESPIS_CORRUPTION, "saved quantizer has other bits");
  space_.load(in);
}

void binary_quantizer::encode(std::span<const float* const> rows, void* const* codes,
                              void* const* refinements) const {
  kernels::scratch<float> placed(space_.padded());
  kernels::scratch<std::uint8_t> cells(query_components());
  // Planes one behind the other; the last one is written in whole registers.
  kernels::scratch<std::uint8_t> planes(bits_ * plane_bytes() + 64);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float norm = space_.place_row(rows[i], placed.data());
    const auto fit = grid_.fit_bits(placed.data(), space_.dimension(), bits_, cells.data());
    for (unsigned p = 0; p < bits_; ++p)
      grid_.pack_plane(cells.data(), space_.dimension(), bits_ - 1 - p,
                       planes.data() + p * plane_bytes());
    const kernels::code_head head{norm, fit.sign_factor};
    write_head(codes[i], &head, sizeof(head), planes.data(), plane_bytes());
    if (bits_ > 1)
      write_head(refinements[i], &fit.factor, sizeof(fit.factor), planes.data() + plane_bytes(),
                 (bits_ - 1) * plane_bytes());
  }
}

namespace {

const std::uint8_t* tables_of(const void* query) {
  return static_cast<const std::uint8_t*>(query) + sizeof(query_head);
}
const std::uint8_t* signs_of(const void* query, std::size_t dimension) {
  return tables_of(query) + kernels::block_table_bytes(dimension);
}
const std::int8_t* components_of(const void* query, std::size_t dimension) {
  return reinterpret_cast<const std::int8_t*>(signs_of(query, dimension)) +
         kernels::sign_query_bytes(dimension);
}

constexpr float sign_zero = 0.5F;

}  // namespace

void binary_quantizer::prepare(const float* vector, void* query) const noexcept {
  const auto dimension = space_.dimension();
  auto* tables = static_cast<std::uint8_t*>(query) + sizeof(query_head);
  auto* signs = tables + kernels::block_table_bytes(dimension);
  auto* q = reinterpret_cast<std::int8_t*>(signs) + kernels::sign_query_bytes(dimension);
  auto* placed = reinterpret_cast<float*>(q + query_components());
  const auto terms = space_.place_query(vector, placed);
  query_head head{};
  const auto coarse = signs_.prepare(placed, dimension, signs);
  head.coarse = kernels::query_for(terms, coarse.step, coarse.sum, sign_zero);
  if (bits_ > 1) {
    std::memset(q, 0, query_components());
    const auto fine = grid_.fit_query(placed, dimension, q);
    head.fine = kernels::query_for(terms, fine.step, fine.sum, zero());
  }
  space_.block_query_of(terms, placed);
  head.block = blocks_.make_tables(placed, dimension, tables);
  std::memcpy(query, &head, sizeof(head));
}

void binary_quantizer::estimate(const void* query, std::span<const void* const> codes,
                                float* ranks) const noexcept {
  const auto& head = *static_cast<const query_head*>(query);
  const auto dimension = space_.dimension();
  signs_.estimate(head.coarse, signs_of(query, dimension), dimension, codes.data(), codes.size(),
                  ranks);
}

void binary_quantizer::refine(const void* query, std::span<const void* const> codes,
                              const void* const* refinements, float* ranks) const noexcept {
  const auto& head = *static_cast<const query_head*>(query);
  kernels_.estimate_planes(head.fine, components_of(query, space_.dimension()), space_.dimension(),
                           bits_ - 1, codes.data(), refinements, codes.size(), ranks);
}

namespace {

/// The dot product of two vectors of which only the signs are known. Were both codes estimated
/// independently, near vectors would seem nearer than they are: their errors are alike. For normal
/// components the share of equal signs says what their angle is.
/// `estimate` is factors * <u, v>, with signs of length 1/2; `factors` that of both.
/// Source: Charikar 2002, Similarity estimation techniques from rounding algorithms.
float dot_of_signs(float estimate, float factors, std::uint32_t dimension) {
  if (!(factors > 0)) return 0;
  constexpr float right_angle = std::numbers::pi_v<float> / 2;
  // Of normal components, the length is the mean times the root of a right angle.
  const float lengths = factors * static_cast<float>(dimension) / (4 * right_angle);
  const float agreement = 4 * (estimate / factors) / static_cast<float>(dimension);
  return lengths * std::sin(right_angle * agreement);
}

}  // namespace

void binary_quantizer::compare(const void* code, const void* refinement,
                               std::span<const void* const> codes, const void* const* refinements,
                               float* ranks) const {
  kernels::code_head head;
  std::memcpy(&head, code, sizeof(head));
  const auto* sign = static_cast<const std::uint8_t*>(code) + sizeof(head);
  float factor = head.factor;
  const std::uint8_t* finer = nullptr;
  if (bits_ > 1) {
    std::memcpy(&factor, refinement, sizeof(factor));
    finer = static_cast<const std::uint8_t*>(refinement) + sizeof(factor);
  }
  kernels::scratch<std::int8_t> q(query_components());
  const auto sum = kernels::query_of_planes(sign, finer, bits_, space_.dimension(), q.data());
  // The query is twice the cells less their middle.
  const auto terms = space_.row_terms(head.norm);
  if (bits_ > 1) {
    const auto line = kernels::query_for(terms, factor / 2, sum, zero());
    kernels_.estimate_planes(line, q.data(), space_.dimension(), bits_ - 1, codes.data(),
                             refinements, codes.size(), ranks);
    return;
  }
  const auto plain = kernels::query_for({0, 0, 1}, factor / 2, sum, zero());
  kernels_.estimate_signs(plain, q.data(), space_.dimension(), codes.data(), codes.size(), ranks);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    kernels::code_head other;
    std::memcpy(&other, codes[i], sizeof(other));
    const float product = dot_of_signs(ranks[i], factor * other.factor, space_.dimension());
    ranks[i] = terms.base + terms.norm_weight * other.norm + terms.dot_weight * product;
  }
}

void binary_quantizer::pack(const float* center, std::span<const float* const> rows,
                            void* block) const {
  std::memset(block, 0, kernels::block_bytes(space_.dimension()));
  auto& head = *static_cast<kernels::block_head*>(block);
  kernels::scratch<float> c(space_.padded());
  kernels::scratch<float> y(space_.padded());
  kernels::scratch<std::uint8_t> bits(space_.padded() / 8);
  const float center_norm = space_.place_row(center, c.data());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const float norm = space_.place_row(rows[i], y.data());
    const auto fit = blocks_.fit_signs(y.data(), c.data(), space_.dimension(), bits.data());
    kernels::put_signs(bits.data(), space_.dimension(), i, block);
    switch (space_.metric()) {
      case THESPIS_METRIC_EUCLID:
        // |q - x|^2 = |q - c|^2 + |x - c|^2 - 2 <q - c, x - c>
        head.set(i, fit.square + 2 * fit.factor * fit.center_signs, -2 * fit.factor);
        break;
      case THESPIS_METRIC_COSINE:
        // -<q, x> = -<q, c> - <c, x - c> - <q - c, x - c>; of <c, x - c> the space has lost the
        // part along its mean.
        head.set(i, fit.factor * fit.center_signs - fit.center_dot - (norm - center_norm),
                 -fit.factor);
        break;
      default:
        // -<q, x> = -<q, c> - <q, x - c>
        head.set(i, 0, -fit.factor);
    }
  }
}

void binary_quantizer::estimate_block(const void* query, const void* block, float center_rank,
                                      float* ranks) const noexcept {
  const auto& head = *static_cast<const query_head*>(query);
  blocks_.estimate(head.block, tables_of(query), space_.dimension(), block, center_rank, ranks);
}

}  // namespace thespis::binary
