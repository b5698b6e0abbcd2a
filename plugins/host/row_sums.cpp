// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/row_sums.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "core/crc32c.hpp"
#include "core/fail_point.hpp"
#include "plugins/host/index_file_format.hpp"
#include "plugins/host/parallel_check.hpp"

namespace thespis::plugins {
namespace {

constexpr std::uint64_t block_bytes_wanted = 1u << 20;
/// Sums read at a time, so that no length in a file is trusted with memory.
constexpr std::size_t sums_per_read = 4096;

error unfit(const std::filesystem::path& file, const std::string& why) {
  return {errc::failed_precondition, "row sums " + file.string() + ": " + why};
}

}  // namespace

row_sums::row_sums(std::uint64_t stride_bytes)
    : stride_bytes_(stride_bytes),
      block_rows_(static_cast<slot_t>(
          std::bit_floor(std::max<std::uint64_t>(block_bytes_wanted / stride_bytes, 1)))) {}

std::uint32_t row_sums::sum_of(slot_t first, slot_t end, const locate& row) const {
  return crc32c(row(first), (end - first) * stride_bytes_);
}

result<slot_t> row_sums::load(const std::filesystem::path& file,
                              const index_file_header& expected) {
  THESPIS_TRY(const auto in, index_file_reader::open(file));
  const auto& found = in->header();
  if (found.plugin_name != expected.plugin_name || found.plugin_version != expected.plugin_version)
    return unfit(file, "another format");
  if (found.stamp.collection != expected.stamp.collection ||
      found.stamp.vector_name != expected.stamp.vector_name ||
      found.stamp.generation != expected.stamp.generation || found.metric != expected.metric ||
      found.dimension != expected.dimension)
    return unfit(file, "of other vectors");
  if (found.stamp.next_slot > expected.stamp.next_slot || found.stamp.lsn > expected.stamp.lsn)
    return unfit(file, "newer than the collection");
  unsigned char number[sizeof(std::uint32_t)];
  THESPIS_CHECK(in->read(number, sizeof(number)));
  if (index_format::number_at<std::uint32_t>(number) != block_rows_)
    return unfit(file, "blocks of another size");
  const auto end = found.stamp.next_slot;
  std::size_t left = (std::size_t{end} + block_rows_ - 1) / block_rows_;
  loaded_.clear();
  std::vector<unsigned char> some;
  while (left > 0) {
    const auto count = std::min(left, sums_per_read);
    some.resize(count * sizeof(number));
    THESPIS_CHECK(in->read(some.data(), some.size()));
    for (std::size_t i = 0; i < count; ++i)
      loaded_.push_back(index_format::number_at<std::uint32_t>(some.data() + i * sizeof(number)));
    left -= count;
  }
  THESPIS_CHECK(in->finish());
  return end;
}

slot_t row_sums::verify(slot_t end, const locate& row) {
  const std::size_t blocks = (std::size_t{end} + block_rows_ - 1) / block_rows_;
  const auto first_bad = first_failing(blocks, [&](std::size_t at) {
    const auto first = static_cast<slot_t>(at * block_rows_);
    return sum_of(first, std::min(end, first + block_rows_), row) == loaded_[at];
  });
  const auto good = static_cast<slot_t>(std::min<std::size_t>(end, first_bad * block_rows_));
  loaded_.resize(good / block_rows_);
  complete_ = std::move(loaded_);
  loaded_.clear();
  return good;
}

result<void> row_sums::save(const std::filesystem::path& file, const index_file_header& header,
                            const locate& row, const std::function<result<void>()>& sync) {
  const auto end = header.stamp.next_slot;
  const auto whole = end / block_rows_;
  while (complete_.size() < whole) {
    const auto first = static_cast<slot_t>(complete_.size()) * block_rows_;
    complete_.push_back(sum_of(first, first + block_rows_, row));
  }
  std::vector<unsigned char> payload;
  index_format::append(payload, std::uint32_t{block_rows_});
  for (std::size_t i = 0; i < whole; ++i) index_format::append(payload, complete_[i]);
  if (const auto first = whole * block_rows_; first < end)
    index_format::append(payload, sum_of(first, end, row));
  THESPIS_CHECK(sync());
  THESPIS_FAIL_POINT("rows.synced");
  THESPIS_TRY(const auto out, index_file_writer::open(file, header));
  THESPIS_CHECK(out->write(payload.data(), payload.size()));
  return out->finish();
}

}  // namespace thespis::plugins
