// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/matrix_source.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/limits.hpp"

namespace thespis::importer {

namespace {

class matrix_source final : public point_source {
 public:
  matrix_source(std::unique_ptr<byte_reader> in, element_type kind, std::uint64_t rows,
                std::uint32_t columns, std::uint64_t first_id)
      : in_(std::move(in)), kind_(kind), rows_(rows), shapes_{{"", columns}}, first_id_(first_id) {}

  const std::vector<vector_shape>& shapes() const noexcept override { return shapes_; }
  std::optional<std::uint64_t> rows() const noexcept override { return rows_; }

  result<void> skip(std::uint64_t rows) override {
    if (rows > rows_ - next_row_)
      return error(errc::invalid_argument, in_->name() + ": cannot skip " + std::to_string(rows) +
                                               " rows of " + std::to_string(rows_));
    THESPIS_CHECK(in_->skip(rows * row_bytes()));
    next_row_ += rows;
    return ok();
  }

  result<point_batch> read(std::size_t rows_max) override {
    point_batch out;
    out.first_row = next_row_;
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(rows_max, rows_ - next_row_));
    if (wanted == 0) {
      THESPIS_CHECK(check_end());
      return out;
    }
    bytes_.resize(wanted * row_bytes());
    THESPIS_TRY(const std::size_t got, in_->read(bytes_.data(), bytes_.size()));
    if (got < bytes_.size()) {
      char more = 0;
      THESPIS_CHECK(in_->read(&more, 1));  // the reader's own failure, if there is one
      return error(errc::corruption, in_->name() + ": the header says " + std::to_string(rows_) +
                                         " rows, the data ends in row " +
                                         std::to_string(next_row_ + got / row_bytes()));
    }
    vector_column column{shapes_[0], std::vector<float>(wanted * shapes_[0].size)};
    kind_.convert(bytes_.data(), column.values.size(), column.values.data());
    THESPIS_CHECK(check_finite(column, next_row_, in_->name()));
    out.columns.push_back(std::move(column));
    out.ids.reserve(wanted);
    for (std::size_t i = 0; i < wanted; ++i) out.ids.emplace_back(first_id_ + next_row_ + i);
    next_row_ += wanted;
    return out;
  }

 private:
  std::uint64_t row_bytes() const { return kind_.bytes * shapes_[0].size; }

  // Only compressed data can still be longer than its header says.
  result<void> check_end() {
    char more = 0;
    THESPIS_TRY(const std::size_t got, in_->read(&more, 1));
    if (got != 0)
      return error(errc::corruption, in_->name() + ": the header says " + std::to_string(rows_) +
                                         " rows, but there is more data");
    return ok();
  }

  std::unique_ptr<byte_reader> in_;
  element_type kind_;
  std::uint64_t rows_;
  std::vector<vector_shape> shapes_;
  std::uint64_t first_id_;
  std::uint64_t next_row_ = 0;
  std::vector<unsigned char> bytes_;
};

}  // namespace

result<void> check_finite(const vector_column& column, std::uint64_t first_row,
                          const std::string& name) {
  const auto& values = column.values;
  const auto bad =
      std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad == values.end()) return ok();
  const auto at = static_cast<std::uint64_t>(bad - values.begin());
  return error(errc::invalid_argument, name + " row " +
                                           std::to_string(first_row + at / column.shape.size) +
                                           ": component " + std::to_string(at % column.shape.size) +
                                           " is no finite 32-bit number");
}

result<std::unique_ptr<point_source>> open_matrix(std::unique_ptr<byte_reader> in,
                                                  const element_type& kind,
                                                  const matrix_header& header,
                                                  const source_options& options) {
  const auto& name = in->name();
  if (header.columns == 0 || header.columns > limits::dimension_max)
    return error(errc::invalid_argument, name + ": the header says " +
                                             std::to_string(header.columns) + " dimensions; 1 to " +
                                             std::to_string(limits::dimension_max) +
                                             " are possible");
  if (header.rows == 0) return error(errc::invalid_argument, name + ": the header says 0 rows");
  if (header.rows > std::numeric_limits<std::uint64_t>::max() / 16 / header.columns)
    return error(errc::corruption, name + ": the header says " + std::to_string(header.rows) +
                                       " rows; no file has as many");
  const auto expected = header.bytes + header.rows * header.columns * kind.bytes;
  if (!in->compressed() && in->file_bytes() != expected)
    return error(errc::corruption, name + ": the header says " + std::to_string(header.rows) +
                                       " rows of " + std::to_string(header.columns) + " " +
                                       std::string(kind.name) + ", that is " +
                                       std::to_string(expected) + " bytes; the file has " +
                                       std::to_string(in->file_bytes()));
  const auto first_id = options.first_id.value_or(0);
  if (first_id > std::numeric_limits<std::uint64_t>::max() - header.rows)
    return error(errc::invalid_argument, "first id " + std::to_string(first_id) + ": " +
                                             std::to_string(header.rows) +
                                             " rows would pass the largest id");
  return std::unique_ptr<point_source>(std::make_unique<matrix_source>(
      std::move(in), kind, header.rows, static_cast<std::uint32_t>(header.columns), first_id));
}

}  // namespace thespis::importer
