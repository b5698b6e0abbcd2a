// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <cstring>
#include <random>
#include <string>

#include "core/crc32c.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/fields/sparse_model.hpp"

using namespace thespis;
using fields::sparse_index;
using tests::query_of;
using tests::sparse_model;
using tests::sparse_shape;
using tests::sparse_source;

namespace {

constexpr std::size_t head_bytes = 20;

std::string saved(const sparse_index& index, slot_t end_slot = no_slot) {
  std::string bytes;
  REQUIRE(index.snapshot().save(end_slot, [&](const void* data, std::size_t count) {
    bytes.append(static_cast<const char*>(data), count);
    return ok();
  }));
  return bytes;
}

result<std::unique_ptr<sparse_index>> loaded(const std::string& bytes) {
  std::size_t at = 0;
  return sparse_index::load({[&](void* data, std::size_t count) -> result<void> {
                               if (count > bytes.size() - at)
                                 return error(errc::internal, "asked for more than there is");
                               std::memcpy(data, bytes.data() + at, count);
                               at += count;
                               return ok();
                             },
                             bytes.size()});
}

void put32(std::string& bytes, std::size_t at, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8 * i));
}

// Makes the checksums of the head and of a first and only segment right again.
void seal(std::string& bytes) {
  put32(bytes, 16, crc32c(bytes.data(), 16));
  if (bytes.size() < head_bytes + 12) return;
  const auto size = crc32c(bytes.data() + head_bytes, 8);
  put32(bytes, head_bytes + 8,
        crc32c(bytes.data() + head_bytes + 12, bytes.size() - head_bytes - 12, size));
}

std::unique_ptr<sparse_index> filled(sparse_source& random, sparse_model& model, slot_t points,
                                     slot_t step, const sparse_shape& shape) {
  auto index = std::make_unique<sparse_index>();
  for (slot_t slot = 3; model.points().size() < points; slot += step) {
    const auto vector = random.draw(shape);
    REQUIRE(index->insert(slot, vector.indices, vector.values));
    model.insert(slot, vector);
  }
  return index;
}

}  // namespace

TEST_CASE("a saved sparse index is the same when it is loaded and goes on from there") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  const sparse_shape shape{.negative = true};
  sparse_model model;
  const auto index = filled(random, model, 20'000, 6, shape);
  index->maintain({});
  const auto bytes = saved(*index);
  auto copy = loaded(bytes);
  REQUIRE(copy);
  CHECK((*copy)->next_slot() == index->next_slot());
  CHECK((*copy)->snapshot().points() == 20'000);
  CHECK(saved(**copy) == bytes);
  for (slot_t slot = index->next_slot(), end = slot + 3000; slot < end; ++slot) {
    const auto vector = random.draw(shape);
    REQUIRE((*copy)->insert(slot, vector.indices, vector.values));
    model.insert(slot, vector);
  }
  for (int round = 0; round < 20; ++round) {
    const auto vector = random.draw(shape);
    const bool same =
        *(*copy)->snapshot().search(query_of(vector, 15)) == model.search(query_of(vector, 15));
    CHECK(same);
  }
}

TEST_CASE("a saved sparse index has the slots below the end that is asked for") {
  sparse_source random(7);
  sparse_model model;
  const auto index = filled(random, model, 5000, 30, {});
  for (const slot_t end : {0u, 3u, 4u, 65'536u, 100'000u, 149'970u, 149'974u, no_slot}) {
    const auto copy = loaded(saved(*index, end));
    REQUIRE(copy);
    CHECK((*copy)->snapshot().points() == index->snapshot().points(end));
    const auto vector = random.draw({});
    auto query = query_of(vector, 10);
    query.end_slot = end;
    const bool same = *(*copy)->snapshot().search(query_of(vector, 10)) == model.search(query);
    CHECK(same);
  }
}

TEST_CASE("an empty sparse index can be saved and loaded") {
  const auto bytes = saved(sparse_index());
  CHECK(bytes.size() == head_bytes);
  const auto copy = loaded(bytes);
  REQUIRE(copy);
  CHECK((*copy)->next_slot() == 0);
}

TEST_CASE("errors of the file come back from save and load") {
  sparse_index index;
  const auto full = [](const void*, std::size_t) -> result<void> {
    return error(errc::resource_exhausted, "full");
  };
  CHECK(index.snapshot().save(no_slot, full).error().code == errc::resource_exhausted);
  const auto broken = [](void*, std::size_t) -> result<void> { return error(errc::io, "broken"); };
  CHECK(sparse_index::load({broken, 100}).error().code == errc::io);
}

TEST_CASE("a saved sparse index that is damaged anywhere is refused") {
  sparse_source random(11);
  sparse_model model;
  const auto index = filled(random, model, 40, 5000, {.dimensions = 50, .values_max = 6});
  const auto bytes = saved(*index);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    const auto answer = loaded(damaged);
    REQUIRE_FALSE(answer);
    REQUIRE(answer.error().code == errc::corruption);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto answer = loaded(bytes.substr(0, size));
    REQUIRE_FALSE(answer);
    REQUIRE(answer.error().code == errc::corruption);
  }
  CHECK(loaded(bytes + 'x').error().code == errc::corruption);
}

TEST_CASE("a saved sparse index with right checksums over wrong bytes does no harm") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  sparse_source random(seed);
  sparse_model model;
  const sparse_shape shape{.dimensions = 8, .values_max = 8};
  const auto index = filled(random, model, 300, 1, shape);
  const auto bytes = saved(*index);
  const auto query = random.draw(shape);
  int refused = 0;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto damaged = bytes;
    damaged[at] = static_cast<char>(random.below(256));
    if (random.below(8) == 0) damaged.resize(at);
    if (damaged.size() >= head_bytes) seal(damaged);
    const auto answer = loaded(damaged);
    if (!answer) {
      REQUIRE(answer.error().code == errc::corruption);
      ++refused;
      continue;
    }
    REQUIRE((*answer)->snapshot().search(query_of(query, 10)));
    saved(**answer);
  }
  CHECK(refused > 100);
}
