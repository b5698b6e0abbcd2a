// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/matrix_source.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "core/limits.hpp"

namespace thespis::importer {

namespace {

// Turns `count` elements of a file into floats.
using convert_function = void (*)(const unsigned char* from, std::size_t count, float* to);

template <class Unsigned>
Unsigned load(const unsigned char* from, std::endian order) {
  Unsigned bits;
  std::memcpy(&bits, from, sizeof bits);
  if (order != std::endian::native) {
    Unsigned turned = 0;
    for (std::size_t i = 0; i < sizeof bits; ++i)
      turned = static_cast<Unsigned>(turned << 8 | (bits >> (8 * i) & 0xFF));
    bits = turned;
  }
  return bits;
}

template <class Element, class Unsigned, std::endian Order>
void convert(const unsigned char* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = static_cast<float>(
        std::bit_cast<Element>(load<Unsigned>(from + i * sizeof(Unsigned), Order)));
}

void convert_bytes(const unsigned char* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
}

void convert_signed_bytes(const unsigned char* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::int8_t>(from[i]);
}

void convert_half(const unsigned char* from, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] = half_to_float(load<std::uint16_t>(from + 2 * i, std::endian::little));
}

struct element {
  std::string_view name;
  std::size_t bytes = 0;
  convert_function convert = nullptr;
};

constexpr element bin_float32 = {"float32", 4, convert<float, std::uint32_t, std::endian::little>};
constexpr element bin_uint8 = {"uint8", 1, convert_bytes};
constexpr element bin_float16 = {"float16", 2, convert_half};

const element* idx_element(unsigned char code) {
  static constexpr element int16 = {"int16", 2,
                                    convert<std::int16_t, std::uint16_t, std::endian::big>};
  static constexpr element int32 = {"int32", 4,
                                    convert<std::int32_t, std::uint32_t, std::endian::big>};
  static constexpr element float32 = {"float32", 4,
                                      convert<float, std::uint32_t, std::endian::big>};
  static constexpr element float64 = {"float64", 8,
                                      convert<double, std::uint64_t, std::endian::big>};
  static constexpr element int8 = {"int8", 1, convert_signed_bytes};
  switch (code) {
    case 0x08: return &bin_uint8;
    case 0x09: return &int8;
    case 0x0B: return &int16;
    case 0x0C: return &int32;
    case 0x0D: return &float32;
    case 0x0E: return &float64;
    default: return nullptr;
  }
}

class matrix_source final : public point_source {
 public:
  matrix_source(std::unique_ptr<byte_reader> in, element kind, std::uint64_t rows,
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
    if (got < bytes_.size())
      return error(errc::corruption, in_->name() + ": the header says " + std::to_string(rows_) +
                                         " rows, the data ends in row " +
                                         std::to_string(next_row_ + got / row_bytes()));
    vector_column column{shapes_[0], std::vector<float>(wanted * shapes_[0].size)};
    kind_.convert(bytes_.data(), column.values.size(), column.values.data());
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
  element kind_;
  std::uint64_t rows_;
  std::vector<vector_shape> shapes_;
  std::uint64_t first_id_;
  std::uint64_t next_row_ = 0;
  std::vector<unsigned char> bytes_;
};

struct matrix_header {
  std::uint64_t bytes = 0;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
};

result<std::unique_ptr<point_source>> checked(std::unique_ptr<byte_reader> in, const element& kind,
                                              const matrix_header& header,
                                              const source_options& options) {
  const auto& name = in->name();
  if (header.columns == 0 || header.columns > limits::dimension_max)
    return error(errc::invalid_argument, name + ": the header says " +
                                             std::to_string(header.columns) + " dimensions; 1 to " +
                                             std::to_string(limits::dimension_max) +
                                             " are possible");
  if (header.rows == 0) return error(errc::invalid_argument, name + ": the header says 0 rows");
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

}  // namespace

// Source: IEEE 754-2019, section 3.6: 5 bits of exponent biased by 15, 10 bits of fraction.
float half_to_float(std::uint16_t bits) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t exponent = bits >> 10 & 0x1F;
  const std::uint32_t fraction = bits & 0x3FF;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return sign != 0 ? -value : value;
  }
  const std::uint32_t wide = exponent == 0x1F ? 0xFF : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

result<std::unique_ptr<point_source>> open_bin(std::unique_ptr<byte_reader> in, file_format format,
                                               const source_options& options) {
  std::array<unsigned char, 8> bytes;
  THESPIS_TRY(const std::size_t got, in->read(bytes.data(), bytes.size()));
  if (got < bytes.size())
    return error(errc::corruption,
                 in->name() + ": " + std::to_string(got) + " bytes; the header alone has 8");
  const matrix_header header{8, load<std::uint32_t>(bytes.data(), std::endian::little),
                             load<std::uint32_t>(bytes.data() + 4, std::endian::little)};
  const auto& kind = format == file_format::u8bin    ? bin_uint8
                     : format == file_format::f16bin ? bin_float16
                                                     : bin_float32;
  return checked(std::move(in), kind, header, options);
}

result<std::unique_ptr<point_source>> open_idx(std::unique_ptr<byte_reader> in,
                                               const source_options& options) {
  std::array<unsigned char, 4> magic;
  THESPIS_TRY(const std::size_t got, in->read(magic.data(), magic.size()));
  const auto* kind = got == magic.size() ? idx_element(magic[2]) : nullptr;
  if (kind == nullptr || magic[0] != 0 || magic[1] != 0 || magic[3] == 0)
    return error(errc::corruption, in->name() + ": does not begin as an IDX file does");
  matrix_header header{4 + 4u * magic[3], 0, 1};
  for (unsigned i = 0; i < magic[3]; ++i) {
    std::array<unsigned char, 4> bytes;
    THESPIS_TRY(const std::size_t part, in->read(bytes.data(), bytes.size()));
    if (part < bytes.size())
      return error(errc::corruption, in->name() + ": ends within the header");
    const auto size = load<std::uint32_t>(bytes.data(), std::endian::big);
    if (i == 0) {
      header.rows = size;
    } else if (size != 0 && header.columns > limits::dimension_max / size) {
      header.columns = std::uint64_t{limits::dimension_max} + 1;  // refused below
    } else {
      header.columns *= size;
    }
  }
  return checked(std::move(in), *kind, header, options);
}

}  // namespace thespis::importer
