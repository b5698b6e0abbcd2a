// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/dataset.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace thespis::bench {
namespace {

using bytes = std::vector<unsigned char>;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error(path + ": " + why);
}

// zlib hands out files that are not compressed as they are.
bytes read_all(const std::string& path) {
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
  if (!file) refuse(path, "cannot be opened");
  bytes all;
  constexpr unsigned part = 1u << 20;
  for (int got = 1; got > 0;) {
    const std::size_t before = all.size();
    all.resize(before + part);
    got = gzread(file.get(), all.data() + before, part);
    if (got < 0) refuse(path, "cannot be read");
    all.resize(before + static_cast<std::size_t>(got));
  }
  return all;
}

float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16;
  const int exponent = half >> 10 & 0x1F;
  const std::uint32_t fraction = half & 0x3FFu;
  if (exponent == 0) {
    const float small = std::ldexp(static_cast<float>(fraction), -24);
    return sign != 0 ? -small : small;
  }
  const std::uint32_t wide = exponent == 31 ? 0xFFu : static_cast<std::uint32_t>(exponent + 112);
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

std::uint32_t big_endian(const unsigned char* at) {
  return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
         at[3];
}

bool ends_with(const std::string& text, const std::string& end) { return text.ends_with(end); }

struct layout {
  std::size_t rows, columns, begin, item_bytes;
};

layout layout_of(const std::string& path, const bytes& all) {
  if (all.size() < 16) refuse(path, "is too short");
  if (ends_with(path, "bin")) {
    std::uint32_t shape[2];
    std::memcpy(shape, all.data(), sizeof(shape));
    const std::size_t item = ends_with(path, "u8bin") ? 1 : ends_with(path, "f16bin") ? 2 : 4;
    return {shape[0], shape[1], sizeof(shape), item};
  }
  if (big_endian(all.data()) != 0x803) refuse(path, "is neither IDX images nor *.u8bin, *.fbin");
  return {big_endian(all.data() + 4),
          std::size_t{big_endian(all.data() + 8)} * big_endian(all.data() + 12), 16, 1};
}

void require_rows(const std::string& path, const bytes& all, const layout& shape) {
  if (shape.columns == 0 ||
      (all.size() - shape.begin) / shape.item_bytes / shape.columns < shape.rows)
    refuse(path, "is shorter than its header says");
}

}  // namespace

matrix read_matrix(const std::string& path, std::size_t rows_max) {
  const bytes all = read_all(path);
  const layout shape = layout_of(path, all);
  require_rows(path, all, shape);
  matrix made{std::min(shape.rows, rows_max), shape.columns, {}};
  made.values.resize(made.rows * made.columns);
  const unsigned char* from = all.data() + shape.begin;
  for (float& value : made.values) {
    if (shape.item_bytes == 1) {
      value = *from;
    } else if (shape.item_bytes == 2) {
      std::uint16_t half;
      std::memcpy(&half, from, sizeof(half));
      value = from_half(half);
    } else {
      std::memcpy(&value, from, sizeof(value));
    }
    from += shape.item_bytes;
  }
  return made;
}

id_matrix read_ids(const std::string& path, std::size_t rows_max) {
  if (!ends_with(path, ".ibin")) refuse(path, "is no .ibin");
  const bytes all = read_all(path);
  const layout shape = layout_of(path, all);
  require_rows(path, all, shape);
  id_matrix made{std::min(shape.rows, rows_max), shape.columns, {}};
  made.values.resize(made.rows * made.columns);
  std::memcpy(made.values.data(), all.data() + shape.begin,
              made.values.size() * sizeof(std::uint32_t));
  return made;
}

std::vector<float> unit_row(const float* from, std::size_t columns, bool cosine) {
  std::vector<float> made(from, from + columns);
  if (!cosine) return made;
  double square = 0;
  for (const float value : made) square += double{value} * value;
  const auto factor = static_cast<float>(square > 0 ? 1 / std::sqrt(square) : 0);
  for (float& value : made) value *= factor;
  return made;
}

double exact_rank(const dataset& data, std::size_t query, std::size_t row) {
  const float* a = data.queries.row(query);
  const float* b = data.base.row(row);
  double sum = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < data.base.columns; ++i) {
    const double x = a[i];
    const double y = b[i];
    sum += data.cosine ? x * y : (x - y) * (x - y);
    aa += x * x;
    bb += y * y;
  }
  if (!data.cosine) return sum;
  return aa == 0 || bb == 0 ? 0 : -sum / std::sqrt(aa * bb);
}

}  // namespace thespis::bench
