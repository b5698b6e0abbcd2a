// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/arena.hpp"

#include <thespis/plugin/index.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "core/limits.hpp"
#include "plugins/host/arena_parts.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

std::vector<float> vector_of(std::uint32_t dimension, slot_t slot) {
  std::vector<float> values(dimension);
  for (std::uint32_t i = 0; i < dimension; ++i)
    values[i] = static_cast<float>(slot % 1000) + static_cast<float>(i) / 256;
  return values;
}

const unsigned char* lent_row(const thespis_arena& lent, slot_t slot) {
  return lent.chunks[slot >> lent.chunk_rows_log2] +
         (slot & ((1u << lent.chunk_rows_log2) - 1)) * lent.row_stride_bytes;
}

}  // namespace

TEST_CASE("rows come back as they were put, whatever their length") {
  for (const std::uint32_t dimension : {1u, 3u, 16u, 17u, 129u, 1536u, limits::dimension_max}) {
    const auto made = arena::create(dimension, distance::euclid);
    REQUIRE(made);
    auto& vectors = **made;
    const slot_t count = dimension > 2000 ? 130 : 5000;  // more than one chunk
    for (slot_t slot = 0; slot < count; ++slot)
      REQUIRE(vectors.put(slot, vector_of(dimension, slot)));
    for (slot_t slot = 0; slot < count; slot += 7) {
      const auto expected = vector_of(dimension, slot);
      CHECK(std::equal(expected.begin(), expected.end(), vectors.row(slot)));
      CHECK(reinterpret_cast<std::uintptr_t>(vectors.row(slot)) % 64 == 0);
    }
    CHECK(vectors.end_slot() == count);
  }
}

TEST_CASE("plugins see rows padded with zeros, and the inverse norm for cosine") {
  for (const std::uint32_t dimension : {1u, 15u, 16u, 100u}) {
    auto vectors = *arena::create(dimension, distance::cosine);
    REQUIRE(vectors->put(0, std::vector<float>(dimension, 2.0f)));
    REQUIRE(vectors->put(1, std::vector<float>(dimension, 0.0f)));
    REQUIRE(vectors->put(2, std::vector<float>(dimension, 1e30f)));
    const auto lent = lend(*vectors);
    CHECK(lent.padded_dimension % 16 == 0);
    CHECK(lent.row_stride_bytes % 64 == 0);
    REQUIRE(lent.inverse_norm_offset_bytes >= lent.padded_dimension * sizeof(float));
    REQUIRE(lent.inverse_norm_offset_bytes + sizeof(float) <= lent.row_stride_bytes);
    const auto* row = reinterpret_cast<const float*>(lent_row(lent, 0));
    for (auto i = dimension; i < lent.padded_dimension; ++i) CHECK(row[i] == 0);
    const auto norm_of = [&](slot_t slot) {
      return *reinterpret_cast<const float*>(lent_row(lent, slot) + lent.inverse_norm_offset_bytes);
    };
    CHECK(norm_of(0) == Approx(1 / (2 * std::sqrt(static_cast<double>(dimension)))));
    CHECK(norm_of(1) == 0);
    CHECK(norm_of(2) == Approx(1e-30 / std::sqrt(static_cast<double>(dimension))));
  }
}

TEST_CASE("skipped slots are rows of zeros") {
  auto vectors = *arena::create(8, distance::dot);
  const std::vector<float> ones(8, 1.0f);
  REQUIRE(vectors->put(200'000, ones));
  CHECK(vectors->end_slot() == 200'001);
  for (const slot_t slot : {0u, 65'535u, 65'536u, 199'999u})
    for (int i = 0; i < 8; ++i) CHECK(vectors->row(slot)[i] == 0);
  REQUIRE(vectors->put(3, ones));
  CHECK(vectors->end_slot() == 200'001);
  REQUIRE(vectors->extend(300'000));
  CHECK(vectors->end_slot() == 300'000);
  CHECK(vectors->row(299'999)[0] == 0);
}

TEST_CASE("an arena refuses what it cannot hold") {
  CHECK(arena::create(0, distance::dot).error().code == errc::invalid_argument);
  CHECK(arena::create(limits::dimension_max + 1, distance::dot).error().code ==
        errc::invalid_argument);
  auto vectors = *arena::create(4, distance::dot);
  CHECK(vectors->put(0, std::vector<float>(3)).error().code == errc::dimension_mismatch);
  CHECK(vectors->put(0, std::vector<float>(5)).error().code == errc::dimension_mismatch);
  CHECK(vectors->put(limits::slots_max, std::vector<float>(4)).error().code == errc::too_large);
  CHECK(vectors->extend(limits::slots_max + 1).error().code == errc::too_large);
  CHECK(vectors->end_slot() == 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // which take their own
namespace {

/// Units: KiB.
std::size_t resident_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      std::size_t kb = 0;
      status >> kb;
      return kb;
    }
  return 0;
}

}  // namespace

TEST_CASE("small arenas take little memory") {
  const auto before = resident_kb();
  std::vector<std::shared_ptr<arena>> many;
  for (int i = 0; i < 200; ++i) {
    many.push_back(*arena::create(128, distance::euclid));
    REQUIRE(many.back()->put(0, std::vector<float>(128, 1.0f)));
    CHECK(many.back()->bytes() <= 4096);
  }
  CHECK(resident_kb() - before < 200 * 64);
}
#endif

TEST_CASE("rows may be read while others are appended") {
  auto vectors = *arena::create(64, distance::euclid);
  constexpr slot_t count = 60'000;  // several chunks
  std::jthread reader([&] {
    const auto lent = lend(*vectors);
    for (slot_t seen = 0; seen < count; seen = vectors->end_slot()) {
      if (seen == 0) continue;
      const auto* row = reinterpret_cast<const float*>(lent_row(lent, seen - 1));
      if (row[0] != static_cast<float>((seen - 1) % 1000)) std::abort();
    }
  });
  for (slot_t slot = 0; slot < count; ++slot) REQUIRE(vectors->put(slot, vector_of(64, slot)));
}
