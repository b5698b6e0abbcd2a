// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/index_hnsw/codebook.hpp"

#include <utility>

namespace thespis::hnsw {
namespace {

constexpr std::size_t line_bytes = 64;

std::size_t round_up(std::size_t bytes, std::size_t unit) {
  return (bytes + unit - 1) / unit * unit;
}

// Codes follow each other closely, unless whole lines cost little more: a code that begins on a
// line touches one line less.
std::size_t stride_of(std::size_t bytes) {
  constexpr std::size_t unit = 4;
  const std::size_t lines = round_up(bytes, line_bytes);
  return lines - bytes <= bytes / 7 ? lines : round_up(bytes, unit);
}

// Lines that a code may touch, wherever it begins.
std::size_t lines_of(std::size_t bytes) {
  if (bytes == 0) return 0;
  if (stride_of(bytes) % line_bytes == 0) return round_up(bytes, line_bytes) / line_bytes;
  return (bytes + line_bytes - 2) / line_bytes + 1;
}

}  // namespace

codebook::codebook(plugin::services host, plugin::quantizer codes, std::uint32_t dimension)
    : codes_(std::move(codes)),
      fine_(codes_.layout().code_bytes + codes_.layout().refinement_bytes >= dimension),
      rows_(host, stride_of(codes_.layout().code_bytes), codes_.layout().slack_bytes),
      refinements_(host, stride_of(codes_.layout().refinement_bytes), codes_.layout().slack_bytes),
      code_lines_(lines_of(codes_.layout().code_bytes)),
      refinement_lines_(lines_of(codes_.layout().refinement_bytes)) {}

void codebook::add(std::uint32_t node) {
  rows_.ensure(node);
  if (refines()) refinements_.ensure(node);
}

void codebook::encode(std::uint32_t node, const float* row) {
  add(node);
  void* const code = rows_.at(node);
  void* const refinement = refines() ? refinements_.at(node) : nullptr;
  codes_.encode(&row, 1, &code, refines() ? &refinement : nullptr);
}

std::uint64_t codebook::bytes(std::uint32_t nodes) const noexcept {
  return std::uint64_t{nodes} * (rows_.block_bytes() + refinements_.block_bytes()) + codes_.bytes();
}

}  // namespace thespis::hnsw
