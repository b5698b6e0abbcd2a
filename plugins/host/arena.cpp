// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <string>

#include "core/limits.hpp"
#include "plugins/host/arena_parts.hpp"

namespace thespis::plugins {
namespace {

constexpr std::size_t line_bytes = 64;
constexpr std::size_t chunk_bytes_wanted = 4u << 20;
constexpr std::size_t huge_page_bytes = 2u << 20;
/// Up to here a collection is small, and huge pages would cost more than they give.
constexpr std::uint32_t chunks_of_small_pages = 2;
/// So many chunks lie one behind the other, so that huge pages reach over their borders.
constexpr std::uint32_t chunks_together = 16;
/// Few rows per chunk would make the table of chunks large.
constexpr std::uint32_t chunk_rows_log2_min = 6;

constexpr std::size_t round_up(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

/// Maps zeroed memory that takes no room before it is written. Null if there is no address space.
unsigned char* map(std::size_t bytes, std::size_t alignment) noexcept {
  const auto whole = bytes + alignment;
  void* raw = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) return nullptr;
  auto* begin = static_cast<unsigned char*>(raw);
  const auto before = round_up(reinterpret_cast<std::uintptr_t>(begin), alignment) -
                      reinterpret_cast<std::uintptr_t>(begin);
  if (before > 0) ::munmap(begin, before);
  if (const auto after = whole - before - bytes; after > 0) ::munmap(begin + before + bytes, after);
  return begin + before;
}

float inverse_norm(std::span<const float> values) noexcept {
  double sum = 0;
  for (const float value : values) sum += static_cast<double>(value) * value;
  const auto inverse = static_cast<float>(1.0 / std::sqrt(sum));
  return std::isfinite(inverse) ? inverse : 0.0f;  // zero, or so short that it has no direction
}

error no_memory(const arena& where, std::size_t bytes) {
  return {errc::resource_exhausted, "arena of dimension " + std::to_string(where.dimension()) +
                                        ": no address space for " + std::to_string(bytes) +
                                        " bytes"};
}

}  // namespace

arena::impl::~impl() {
  for (std::uint32_t i = 0; i < chunk_count; i += chunks_together)
    ::munmap(chunks[i], chunks_together * chunk_bytes);
  if (chunks != nullptr) ::munmap(chunks, table_bytes);
}

arena::arena(std::unique_ptr<impl> parts) : impl_(std::move(parts)) {}
arena::~arena() = default;

result<std::shared_ptr<arena>> arena::create(std::uint32_t dimension, distance metric) {
  if (dimension == 0 || dimension > limits::dimension_max)
    return error(errc::invalid_argument, "arena: dimension " + std::to_string(dimension) +
                                             " is not within 1 and " +
                                             std::to_string(limits::dimension_max));
  auto parts = std::make_unique<impl>();
  parts->metric = metric;

  auto& lent = parts->lent;
  lent.struct_size = sizeof(lent);
  lent.metric = static_cast<thespis_metric>(metric);
  lent.dimension = dimension;
  lent.padded_dimension =
      static_cast<std::uint32_t>(round_up(dimension, line_bytes / sizeof(float)));
  lent.row_stride_bytes = lent.padded_dimension * sizeof(float);
  if (metric == distance::cosine) {
    lent.inverse_norm_offset_bytes = static_cast<std::uint32_t>(lent.row_stride_bytes);
    lent.row_stride_bytes += line_bytes;
  }
  const auto rows = std::max<std::size_t>(chunk_bytes_wanted / lent.row_stride_bytes, 1);
  lent.chunk_rows_log2 =
      std::max(static_cast<std::uint32_t>(std::bit_width(rows) - 1), chunk_rows_log2_min);

  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  parts->chunk_bytes = round_up(lent.row_stride_bytes << lent.chunk_rows_log2, page);
  const auto chunks_max = (std::size_t{limits::slots_max} >> lent.chunk_rows_log2) + 1;
  parts->table_bytes = round_up(chunks_max * sizeof(unsigned char*), page);
  parts->chunks = reinterpret_cast<unsigned char**>(map(parts->table_bytes, page));
  lent.chunks = parts->chunks;
  const auto table_bytes = parts->table_bytes;
  std::shared_ptr<arena> made(new arena(std::move(parts)));
  if (made->impl_->chunks == nullptr) return no_memory(*made, table_bytes);
  return made;
}

bool arena::impl::map_chunks(std::uint32_t count) noexcept {
  const auto region_bytes = chunks_together * chunk_bytes;
  while (chunk_count < count) {
    const auto at = chunk_count;
    const auto in_region = at % chunks_together;
    auto* region = in_region == 0 ? map(region_bytes, huge_page_bytes) : chunks[at - in_region];
    if (region == nullptr) return false;
    chunks[at] = region + in_region * chunk_bytes;
    ++chunk_count;
    // Advice only: where the kernel cannot follow it, nothing is lost but speed.
    if (at == 0) (void)::madvise(region, region_bytes, MADV_NOHUGEPAGE);
    if (at == chunks_of_small_pages || (at != 0 && in_region == 0))
      (void)::madvise(region, region_bytes, MADV_HUGEPAGE);
  }
  return true;
}

void arena::impl::publish(slot_t new_end) noexcept {
  if (new_end > end.load(std::memory_order_relaxed)) end.store(new_end, std::memory_order_release);
}

unsigned char* arena::impl::row(slot_t slot) const noexcept {
  const auto in_chunk = slot & ((1u << lent.chunk_rows_log2) - 1);
  return chunks[slot >> lent.chunk_rows_log2] + in_chunk * lent.row_stride_bytes;
}

result<void> arena::extend(slot_t end) {
  if (end > limits::slots_max)
    return error(errc::too_large, "arena: " + std::to_string(end) +
                                      " slots are above the limit of " +
                                      std::to_string(limits::slots_max));
  if (end == 0) return ok();
  if (!impl_->map_chunks(((end - 1) >> impl_->lent.chunk_rows_log2) + 1))
    return no_memory(*this, impl_->chunk_bytes);
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
  if (!impl_->map_chunks((slot >> lent.chunk_rows_log2) + 1))
    return no_memory(*this, impl_->chunk_bytes);
  auto* begin = impl_->row(slot);
  std::memcpy(begin, values.data(), values.size_bytes());
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

std::uint32_t arena::dimension() const noexcept { return impl_->lent.dimension; }
distance arena::metric() const noexcept { return impl_->metric; }

slot_t arena::end_slot() const noexcept { return impl_->end.load(std::memory_order_acquire); }

std::size_t arena::bytes() const noexcept {
  const auto& lent = impl_->lent;
  const std::size_t end = end_slot();
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto whole = (end >> lent.chunk_rows_log2) * impl_->chunk_bytes;
  const auto rest = (end & ((std::size_t{1} << lent.chunk_rows_log2) - 1)) * lent.row_stride_bytes;
  return whole + round_up(rest, page);
}

thespis_arena lend(const arena& vectors) noexcept { return vectors.impl_->lent; }

}  // namespace thespis::plugins
