// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/vecs_source.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "apps/importer/matrix_source.hpp"
#include "core/limits.hpp"

namespace thespis::importer {

namespace {

constexpr std::size_t count_bytes = 4;  // of the number before each row

class vecs_source final : public point_source {
 public:
  // The number before row 0 has been read already.
  vecs_source(std::unique_ptr<byte_reader> in, element_type kind, std::uint32_t columns,
              std::optional<std::uint64_t> rows, std::uint64_t first_id)
      : in_(std::move(in)), kind_(kind), rows_(rows), shapes_{{"", columns}}, first_id_(first_id) {}

  const std::vector<vector_shape>& shapes() const noexcept override { return shapes_; }
  std::optional<std::uint64_t> rows() const noexcept override { return rows_; }

  result<void> skip(std::uint64_t rows) override {
    while (rows > 0) {
      const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(rows, skip_rows));
      THESPIS_TRY(const std::size_t got, fill(step));
      if (got == 0)
        return error(errc::invalid_argument, in_->name() + ": cannot skip beyond its " +
                                                 std::to_string(next_row_) + " rows");
      next_row_ += got;
      rows -= got;
    }
    return ok();
  }

  result<point_batch> read(std::size_t rows_max) override {
    point_batch out;
    out.first_row = next_row_;
    THESPIS_TRY(const std::size_t got, fill(rows_max));
    if (got == 0) return out;
    if (first_id_ > std::numeric_limits<std::uint64_t>::max() - next_row_ - got)
      return error(errc::invalid_argument,
                   in_->name() + ": the ids would pass the largest one; --first-id is " +
                       std::to_string(first_id_));
    const auto columns = shapes_[0].size;
    vector_column column{shapes_[0], std::vector<float>(got * columns)};
    for (std::size_t row = 0; row < got; ++row) {
      kind_.convert(bytes_.data() + row * row_bytes() + count_bytes, columns,
                    column.values.data() + row * columns);
      out.ids.emplace_back(first_id_ + next_row_ + row);
    }
    THESPIS_CHECK(check_finite(column, next_row_, in_->name()));
    out.columns.push_back(std::move(column));
    next_row_ += got;
    return out;
  }

 private:
  static constexpr std::size_t skip_rows = 1000;

  std::size_t row_bytes() const { return count_bytes + kind_.bytes * shapes_[0].size; }

  // Reads up to `rows` rows with their numbers; none at the end.
  result<std::size_t> fill(std::size_t rows) {
    bytes_.resize(rows * row_bytes());
    const std::size_t kept = next_row_ == 0 ? count_bytes : 0;  // read when the file was opened
    const std::array<unsigned char, count_bytes> begin = {
        static_cast<unsigned char>(shapes_[0].size),
        static_cast<unsigned char>(shapes_[0].size >> 8), 0, 0};
    if (kept > 0) std::copy(begin.begin(), begin.end(), bytes_.begin());
    THESPIS_TRY(std::size_t got, in_->read(bytes_.data() + kept, bytes_.size() - kept));
    if (got + kept < bytes_.size()) {
      char more = 0;
      THESPIS_CHECK(in_->read(&more, 1));  // the reader's own failure, if there is one
    }
    got += kept;
    for (std::size_t at = 0; at + count_bytes <= got; at += row_bytes()) {
      const auto count = load<std::uint32_t>(bytes_.data() + at, std::endian::little);
      if (count != shapes_[0].size)
        return error(errc::corruption,
                     in_->name() + " row " + std::to_string(next_row_ + at / row_bytes()) +
                         ": says that it has " + std::to_string(count) + " components, row 0 has " +
                         std::to_string(shapes_[0].size));
    }
    if (got % row_bytes() != 0)
      return error(errc::corruption, in_->name() + ": the data ends in row " +
                                         std::to_string(next_row_ + got / row_bytes()));
    return got / row_bytes();
  }

  std::unique_ptr<byte_reader> in_;
  element_type kind_;
  std::optional<std::uint64_t> rows_;
  std::vector<vector_shape> shapes_;
  std::uint64_t first_id_;
  std::uint64_t next_row_ = 0;
  std::vector<unsigned char> bytes_;
};

}  // namespace

result<std::unique_ptr<point_source>> open_vecs(std::unique_ptr<byte_reader> in, file_format format,
                                                const source_options& options) {
  const auto& name = in->name();
  std::array<unsigned char, count_bytes> begin{};
  THESPIS_TRY(const std::size_t got, in->read(begin.data(), begin.size()));
  if (got < begin.size())
    return error(errc::corruption, name + ": " + std::to_string(got) +
                                       " bytes; the number before the first row alone has 4");
  const auto columns = load<std::uint32_t>(begin.data(), std::endian::little);
  if (columns == 0 || columns > limits::dimension_max)
    return error(errc::invalid_argument, name + ": row 0 says that it has " +
                                             std::to_string(columns) + " components; 1 to " +
                                             std::to_string(limits::dimension_max) +
                                             " are possible");
  const auto kind =
      element_of(format == file_format::bvecs ? element_kind::uint8 : element_kind::float32,
                 std::endian::little);
  const auto row_bytes = count_bytes + kind.bytes * columns;
  std::optional<std::uint64_t> rows;
  if (!in->compressed()) {
    if (in->file_bytes() % row_bytes != 0)
      return error(errc::corruption, name + ": " + std::to_string(in->file_bytes()) +
                                         " bytes are no whole number of rows of " +
                                         std::to_string(columns) + " " + std::string(kind.name) +
                                         ", which have " + std::to_string(row_bytes));
    rows = in->file_bytes() / row_bytes;
  }
  return std::unique_ptr<point_source>(std::make_unique<vecs_source>(
      std::move(in), kind, columns, rows, options.first_id.value_or(0)));
}

}  // namespace thespis::importer
