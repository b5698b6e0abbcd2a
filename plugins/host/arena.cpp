// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "core/limits.hpp"
#include "plugins/host/arena_parts.hpp"
#include "plugins/host/pages.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t chunk_bytes_wanted = 4u << 20;
/// Up to here a collection is small, and huge pages would cost more than they give.
constexpr std::uint32_t chunks_of_small_pages = 2;
/// So many chunks lie one behind the other, so that huge pages reach over their borders.
constexpr std::uint32_t chunks_together = 16;
/// Few rows per chunk would make the table of chunks large.
constexpr std::uint32_t chunk_rows_log2_min = 6;

float inverse_norm(std::span<const float> values) noexcept {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  const auto inverse = static_cast<float>(1.0 / std::sqrt(sum));
  return std::isfinite(inverse) ? inverse : 0.0f;  // zero, or so short that it has no direction
}

error no_memory(std::uint32_t dimension, std::size_t bytes) {
  return {errc::resource_exhausted, "arena of dimension " + std::to_string(dimension) +
                                        ": no address space for " + std::to_string(bytes) +
                                        " bytes"};
}

}  // namespace

arena::arena(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}
arena::~arena() = default;

arena::impl::~impl() {
  const auto step = file ? 1 : chunks_together;
  for (std::uint32_t i = 0; i < chunk_count; i += step) unmap_pages(chunks[i], step * chunk_bytes);
  unmap_pages(chunks, table_bytes);
}

result<std::unique_ptr<arena::impl>> arena::impl::lay_out(std::uint32_t dimension, distance rank) {
  if (dimension == 0 || dimension > limits::dimension_max)
    return error(errc::invalid_argument, "arena: dimension " + std::to_string(dimension) +
                                             " is not within 1 and " +
                                             std::to_string(limits::dimension_max));
  auto parts = std::make_unique<impl>();
  parts->metric = rank;

  auto& lent = parts->lent;
  lent.struct_size = sizeof(lent);
  lent.metric = static_cast<thespis_metric>(rank);
  lent.dimension = dimension;
  lent.element = THESPIS_ELEMENT_FLOAT32;
  lent.padded_dimension =
      static_cast<std::uint32_t>(round_up(dimension, line_bytes / sizeof(float)));
  lent.row_stride_bytes = lent.padded_dimension * sizeof(float);
  if (rank == distance::cosine) {
    lent.inverse_norm_offset_bytes = static_cast<std::uint32_t>(lent.row_stride_bytes);
    lent.row_stride_bytes += line_bytes;
  }
  const auto rows = std::max<std::size_t>(chunk_bytes_wanted / lent.row_stride_bytes, 1);
  lent.chunk_rows_log2 =
      std::max(static_cast<std::uint32_t>(std::bit_width(rows) - 1), chunk_rows_log2_min);

  parts->chunk_bytes = round_up(lent.row_stride_bytes << lent.chunk_rows_log2, page_bytes());
  const auto chunks_max = (std::size_t{limits::slots_max} >> lent.chunk_rows_log2) + 1;
  parts->table_bytes = round_up(chunks_max * sizeof(unsigned char*), page_bytes());
  parts->chunks =
      static_cast<unsigned char**>(map_pages(parts->table_bytes, page_bytes(), pages::unpromised));
  lent.chunks = parts->chunks;
  if (parts->chunks == nullptr) return no_memory(dimension, parts->table_bytes);
  return parts;
}

result<std::shared_ptr<arena>> arena::create(std::uint32_t dimension, distance metric) {
  THESPIS_TRY(auto parts, impl::lay_out(dimension, metric));
  return std::shared_ptr<arena>(new arena(std::move(parts)));
}

result<opened_arena> arena::open(std::uint32_t dimension, distance metric,
                                 const arena_file& where) {
  THESPIS_TRY(auto parts, impl::lay_out(dimension, metric));
  THESPIS_TRY(auto opened, parts->open_file(where));
  opened.rows = std::shared_ptr<arena>(new arena(std::move(parts)));
  return opened;
}

result<void> arena::impl::map_memory(std::uint32_t count) {
  const auto region_bytes = chunks_together * chunk_bytes;
  while (chunk_count < count) {
    const auto at = chunk_count;
    const auto in_region = at % chunks_together;
    auto* region = in_region == 0 ? static_cast<unsigned char*>(
                                        map_pages(region_bytes, huge_page_bytes, pages::unpromised))
                                  : chunks[at - in_region];
    if (region == nullptr) return no_memory(lent.dimension, region_bytes);
    chunks[at] = region + in_region * chunk_bytes;
    ++chunk_count;
    // Advice only: where the kernel cannot follow it, nothing is lost but speed.
    if (at == 0) (void)::madvise(region, region_bytes, MADV_NOHUGEPAGE);
    if (at == chunks_of_small_pages || (at != 0 && in_region == 0))
      (void)::madvise(region, region_bytes, MADV_HUGEPAGE);
  }
  return ok();
}

result<void> arena::impl::make_room(slot_t new_end) {
  if (new_end > limits::slots_max)
    return error(errc::too_large, "arena: " + std::to_string(new_end) +
                                      " slots are above the limit of " +
                                      std::to_string(limits::slots_max));
  if (new_end == 0) return ok();
  const auto count = ((new_end - 1) >> lent.chunk_rows_log2) + 1;
  if (!file) return map_memory(count);
  THESPIS_CHECK(map_file(count));
  return file->grow(std::uint64_t{new_end} * lent.row_stride_bytes, where.room);
}

void arena::impl::publish(slot_t new_end) noexcept {
  if (new_end > end.load(std::memory_order_relaxed)) end.store(new_end, std::memory_order_release);
}

void arena::impl::clear_before(slot_t first) noexcept {
  const auto last = std::min(first, left_over_end);
  for (auto slot = end.load(std::memory_order_relaxed); slot < last; ++slot)
    std::memset(row(slot), 0, lent.row_stride_bytes);
}

unsigned char* arena::impl::row(slot_t slot) const noexcept {
  const auto in_chunk = slot & ((1u << lent.chunk_rows_log2) - 1);
  return chunks[slot >> lent.chunk_rows_log2] + in_chunk * lent.row_stride_bytes;
}

std::size_t arena::impl::used_bytes(std::uint32_t at, slot_t new_end) const noexcept {
  const auto first = std::uint64_t{at} << lent.chunk_rows_log2;
  const auto rows = std::min<std::uint64_t>(new_end - std::min<std::uint64_t>(first, new_end),
                                            std::uint64_t{1} << lent.chunk_rows_log2);
  return round_up(rows * lent.row_stride_bytes, page_bytes());
}

result<void> arena::reserve(slot_t end) { return impl_->make_room(end); }

result<void> arena::extend(slot_t end) {
  THESPIS_CHECK(impl_->make_room(end));
  impl_->clear_before(end);
  impl_->publish(end);
  return ok();
}

result<void> arena::put(slot_t slot, std::span<const float> values) {
  const auto& lent = impl_->lent;
  if (values.size() != lent.dimension)
    return error(errc::dimension_mismatch, "arena: vector has " + std::to_string(values.size()) +
                                               " dimensions, expected " +
                                               std::to_string(lent.dimension));
  if (slot >= limits::slots_max)
    return error(errc::too_large, "arena: slot " + std::to_string(slot) +
                                      " is not below the limit of " +
                                      std::to_string(limits::slots_max));
  THESPIS_CHECK(impl_->make_room(slot + 1));
  impl_->clear_before(slot);
  auto* begin = impl_->row(slot);
  std::memcpy(begin, values.data(), values.size_bytes());
  if (slot < impl_->left_over_end)
    std::memset(begin + values.size_bytes(), 0, lent.row_stride_bytes - values.size_bytes());
  if (lent.inverse_norm_offset_bytes != 0) {
    const float norm = inverse_norm(values);
    std::memcpy(begin + lent.inverse_norm_offset_bytes, &norm, sizeof(norm));
  }
  impl_->publish(slot + 1);
  return ok();
}

const float* arena::row(slot_t slot) const noexcept {
  return reinterpret_cast<const float*>(impl_->row(slot));
}

std::size_t arena::row_stride() const noexcept {
  return impl_->lent.row_stride_bytes / sizeof(float);
}

slot_t arena::rows_together(slot_t slot) const noexcept {
  const auto chunk_rows = slot_t{1} << impl_->lent.chunk_rows_log2;
  return chunk_rows - (slot & (chunk_rows - 1));
}

std::uint32_t arena::dimension() const noexcept { return impl_->lent.dimension; }
distance arena::metric() const noexcept { return impl_->metric; }
bool arena::in_file() const noexcept { return impl_->file != nullptr; }

slot_t arena::end_slot() const noexcept { return impl_->end.load(std::memory_order_acquire); }

std::size_t arena::bytes() const noexcept {
  const auto end = end_slot();
  const auto whole = end >> impl_->lent.chunk_rows_log2;
  return whole * impl_->chunk_bytes + impl_->used_bytes(whole, end);
}

memory_use arena::memory() const noexcept {
  const std::uint64_t taken = bytes();
  if (!in_file()) return {taken, 0};
  return {std::min(impl_->resident_bytes(), taken), taken};
}

thespis_arena lend(const arena& vectors) noexcept { return vectors.impl_->lent; }

}  // namespace thespis::plugins
