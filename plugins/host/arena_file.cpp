// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The part of the arena that keeps rows in a mapped file.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>

#include "core/limits.hpp"
#include "plugins/host/arena.hpp"
#include "plugins/host/arena_parts.hpp"
#include "plugins/host/pages.hpp"

namespace thespis::plugins {
namespace {

/// Chunks mapped together: there is a bound on how many mappings a process may have.
constexpr std::uint32_t chunks_per_mapping = 64;
/// The kernel maps the neighbours of a page that is touched, so that a row brings in so much.
constexpr std::uint64_t bytes_per_touch = 64u << 10;
/// Units: bytes of rows of an `on_disk` arena that may gather in memory before they are let go.
constexpr std::uint64_t kept_bytes_min = 64u << 20;
/// Beyond so many chunks, residency is estimated from so many.
constexpr std::uint32_t chunks_sampled_max = 64;

/// Pages of [begin, begin + bytes) that this process has in its tables, in bytes.
std::uint64_t present_bytes(int pagemap, const unsigned char* begin, std::size_t bytes) noexcept {
  constexpr std::uint64_t present = std::uint64_t{1} << 63;
  std::array<std::uint64_t, 512> entries;
  std::uint64_t count = 0;
  auto at = reinterpret_cast<std::uintptr_t>(begin) / page_bytes();
  auto left = bytes / page_bytes();
  while (left > 0) {
    const auto wanted = std::min(left, entries.size());
    const auto got = ::pread(pagemap, entries.data(), wanted * sizeof(entries[0]),
                             static_cast<off_t>(at * sizeof(entries[0])));
    if (got <= 0) break;
    const auto read = static_cast<std::size_t>(got) / sizeof(entries[0]);
    for (std::size_t i = 0; i < read; ++i) count += (entries[i] & present) != 0 ? 1 : 0;
    at += read;
    left -= read;
  }
  return count * page_bytes();
}

}  // namespace

index_file_header arena::impl::sums_header(slot_t next_slot, lsn_t lsn) const {
  index_file_header header;
  header.stamp = {where.collection, where.vector_name, where.generation, next_slot, lsn};
  header.metric = metric;
  header.dimension = lent.dimension;
  header.plugin_name = "rows";
  header.plugin_version = "1";
  return header;
}

result<opened_arena> arena::impl::open_file(const arena_file& wanted) {
  where = wanted;
  const row_file_identity identity{wanted.collection, wanted.generation, lent.dimension, metric,
                                   lent.row_stride_bytes};
  THESPIS_TRY(file, row_file::open(where.path, identity));
  sums = std::make_unique<row_sums>(lent.row_stride_bytes);
  lent.context = this;
  expect_few(where.on_disk);

  opened_arena opened;
  const auto had_rows = file->bytes() > 0;
  const auto known =
      sums->load(where.path.string() + ".sums", sums_header(where.next_slot, where.lsn));
  if (known && *known > 0) {
    // A block is checked whole or not at all.
    auto there =
        static_cast<slot_t>(std::min<std::uint64_t>(*known, file->bytes() / lent.row_stride_bytes));
    if (there < *known) there -= there % sums->block_rows();
    if (there > 0) {
      THESPIS_CHECK(map_file(((there - 1) >> lent.chunk_rows_log2) + 1));
      opened.kept_end = sums->verify(there, [this](slot_t slot) { return row(slot); });
    }
    if (opened.kept_end < *known)
      opened.lost = "rows from slot " + std::to_string(opened.kept_end) + " on are " +
                    (opened.kept_end < there ? "damaged" : "missing");
  } else if (!known && had_rows) {
    opened.lost = known.error().message;
  }
  // What follows is not cut off: an arena that failed and is still searched may have it mapped.
  left_over_end = static_cast<slot_t>(
      std::min<std::uint64_t>(file->bytes() / lent.row_stride_bytes, limits::slots_max));
  if (opened.kept_end > 0) THESPIS_CHECK(make_room(opened.kept_end));
  publish(opened.kept_end);
  if (on_disk) let_go();
  return opened;
}

result<saved_rows> arena::check(std::uint32_t dimension, distance metric, const arena_file& where) {
  THESPIS_TRY(auto parts, impl::lay_out(dimension, metric));
  parts->where = where;
  const auto stride = parts->lent.row_stride_bytes;
  const row_file_identity identity{where.collection, where.generation, dimension, metric, stride};
  THESPIS_TRY(parts->file, row_file::look(where.path, identity));
  row_sums sums(stride);
  saved_rows found;
  THESPIS_TRY(found.saved_end, sums.load(where.path.string() + ".sums",
                                         parts->sums_header(where.next_slot, where.lsn)));
  auto there =
      static_cast<slot_t>(std::min<std::uint64_t>(found.saved_end, parts->file->bytes() / stride));
  if (there < found.saved_end) there -= there % sums.block_rows();
  if (there == 0) return found;
  THESPIS_CHECK(parts->map_file(((there - 1) >> parts->lent.chunk_rows_log2) + 1));
  found.good_end = sums.verify(there, [&](slot_t slot) { return parts->row(slot); });
  return found;
}

result<void> arena::impl::map_file(std::uint32_t count) {
  while (chunk_count < count) {
    const auto begin = std::uint64_t{chunk_count} * chunk_bytes;
    THESPIS_TRY(auto* mapping, file->map(begin, chunk_bytes * chunks_per_mapping));
    if (on_disk)
      (void)::madvise(mapping, chunk_bytes * chunks_per_mapping, MADV_RANDOM);  // advice only
    const auto chunks_max = table_bytes / sizeof(unsigned char*);
    for (std::uint32_t i = 0; i < chunks_per_mapping; ++i) {
      if (chunk_count == chunks_max) {
        unmap_pages(mapping, chunk_bytes);
      } else {
        chunks[chunk_count++] = mapping;
      }
      mapping += chunk_bytes;
    }
  }
  return ok();
}

void arena::impl::expect(const std::uint32_t* slots, std::size_t count) noexcept {
  const auto page = page_bytes();
  for (std::size_t i = 0; i < count; ++i) {
    const auto begin = reinterpret_cast<std::uintptr_t>(row(slots[i]));
    const auto first = begin / page * page;
    const auto bytes = round_up(begin + lent.row_stride_bytes - first, page);
    (void)::madvise(reinterpret_cast<void*>(first), bytes, MADV_WILLNEED);  // advice only
  }
  const auto touch = std::max<std::uint64_t>(bytes_per_touch, lent.row_stride_bytes);
  const auto rows_max =
      std::max<std::uint64_t>(kept_bytes_min,
                              end.load(std::memory_order_relaxed) * lent.row_stride_bytes / 20) /
      touch;
  if (rows_expected.fetch_add(count, std::memory_order_relaxed) + count < rows_max) return;
  // One of the threads that come here at once is enough.
  if (rows_expected.exchange(0, std::memory_order_relaxed) >= rows_max) let_go();
}

void arena::impl::expect_few(bool few) noexcept {
  on_disk = few;
  lent.flags = THESPIS_ARENA_EVICTABLE | (few ? THESPIS_ARENA_ON_DISK : 0u);
  lent.will_read = nullptr;
  if (few)
    lent.will_read = [](void* context, const std::uint32_t* slots, std::size_t count) {
      static_cast<impl*>(context)->expect(slots, count);
    };
  for (std::uint32_t at = 0; at < chunk_count; ++at)
    (void)::madvise(chunks[at], chunk_bytes, few ? MADV_RANDOM : MADV_NORMAL);  // advice only
}

void arena::impl::let_go() const noexcept {
  const auto now = end.load(std::memory_order_acquire);
  for (std::uint32_t at = 0; used_bytes(at, now) > 0; ++at)
    (void)::madvise(chunks[at], used_bytes(at, now), MADV_DONTNEED);  // the file keeps them
}

std::uint64_t arena::impl::resident_bytes() const noexcept {
  const auto now = end.load(std::memory_order_acquire);
  const auto count = now == 0 ? 0 : ((now - 1) >> lent.chunk_rows_log2) + 1;
  if (count == 0) return 0;
  const int pagemap = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return std::uint64_t{now} * lent.row_stride_bytes;
  const auto step = (count + chunks_sampled_max - 1) / chunks_sampled_max;
  std::uint64_t sum = 0;
  for (std::uint32_t at = 0; at < count; at += step)
    sum += present_bytes(pagemap, chunks[at], used_bytes(at, now));
  ::close(pagemap);
  return sum * step;
}

// After a sync that failed, Linux takes the pages for clean: a second one succeeds although the
// rows are not on the disk, and a page that is read again may be an old one.
result<void> arena::impl::sync_rows() const {
  auto synced = file->sync();
  if (synced) return synced;
  std::error_code ignored;  // what cannot be removed fails its sums at the next start
  std::filesystem::remove(where.path.string() + ".sums", ignored);
  std::filesystem::remove(where.path, ignored);
  return error(errc::corruption, synced.error().message + "; its rows are read from storage again");
}

void arena::set_on_disk(bool on_disk) noexcept {
  if (!in_file()) return;
  impl_->expect_few(on_disk);
  if (on_disk) impl_->let_go();
}

void arena::let_go() const noexcept {
  if (in_file() && impl_->on_disk) impl_->let_go();
}

void arena::let_go_all() const noexcept {
  if (in_file()) impl_->let_go();
}

result<void> arena::save(slot_t end, lsn_t lsn) const {
  if (!in_file()) return ok();
  const auto& parts = *impl_;
  return parts.sums->save(
      parts.where.path.string() + ".sums", parts.sums_header(std::min(end, end_slot()), lsn),
      [&](slot_t slot) { return parts.row(slot); }, [&] { return parts.sync_rows(); });
}

}  // namespace thespis::plugins
