// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "bench/ann/dataset.hpp"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>

#include "plugins/kernels/distance.hpp"

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

}  // namespace

matrix read_matrix(const std::string& path, std::size_t rows_max) {
  const bytes all = read_all(path);
  const layout shape = layout_of(path, all);
  if (shape.columns == 0 ||
      (all.size() - shape.begin) / shape.item_bytes / shape.columns < shape.rows)
    refuse(path, "is shorter than its header says");
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

dataset clustered(std::size_t rows, std::size_t queries, std::size_t columns, bool cosine,
                  std::uint64_t seed) {
  constexpr std::size_t centres = 100;
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> centre(centres * columns);
  for (float& value : centre) value = normal(random);
  const auto fill = [&](matrix& made, std::size_t count) {
    made = {count, columns, std::vector<float>(count * columns)};
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t which = random() % centres;
      for (std::size_t j = 0; j < columns; ++j)
        made.values[i * columns + j] = centre[which * columns + j] + 0.5F * normal(random);
    }
  };
  dataset made;
  made.name = "clustered";
  made.cosine = cosine;
  fill(made.base, rows);
  fill(made.queries, queries);
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

void find_truth(dataset& data, std::size_t k, unsigned threads) {
  const std::size_t columns = data.base.columns;
  const auto kernel = kernels::kernels_for(
      data.cosine ? kernels::metric::dot : kernels::metric::l2_squared, columns);
  std::vector<const float*> rows(data.base.rows);
  std::vector<float> norms(data.base.rows, 1.0F);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = data.base.row(i);
    if (data.cosine) norms[i] = -kernels::inverse_norm(rows[i], columns);
  }
  data.kth_rank.assign(data.queries.rows, 0);
  const auto work = [&](std::size_t first) {
    std::vector<float> ranks(rows.size());
    std::vector<std::size_t> order(rows.size());
    for (std::size_t q = first; q < data.queries.rows; q += threads) {
      kernel.many(data.queries.row(q), rows.data(), rows.size(), columns, ranks.data());
      for (std::size_t i = 0; i < rows.size(); ++i) {
        ranks[i] *= norms[i];
        order[i] = i;
      }
      const auto kth = order.begin() + static_cast<std::ptrdiff_t>(std::min(k, rows.size()) - 1);
      std::nth_element(order.begin(), kth, order.end(),
                       [&](std::size_t a, std::size_t b) { return ranks[a] < ranks[b]; });
      data.kth_rank[q] = exact_rank(data, q, *kth);
    }
  };
  std::vector<std::jthread> pool;
  for (unsigned t = 1; t < threads; ++t) pool.emplace_back(work, t);
  work(0);
}

}  // namespace thespis::bench
