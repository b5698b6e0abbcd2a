// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "plugins/host/arena.hpp"
#include "plugins/host/arena_parts.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using namespace thespis::plugins;
using tests::scratch_folder;

namespace {

constexpr std::uint32_t dimension = 100;
constexpr slot_t block_rows = 2048;  // of 448 bytes, in a block of at most a mebibyte
constexpr std::size_t head_bytes = 4096;

std::vector<float> values_of(slot_t slot) {
  std::vector<float> values(dimension);
  std::iota(values.begin(), values.end(), static_cast<float>(slot));
  return values;
}

arena_file in(const scratch_folder& folder, slot_t next_slot = 1'000'000, lsn_t lsn = 1000) {
  arena_file where;
  where.path = folder.path() / "vector-0.rows";
  where.collection = *uuid::parse("6b1f2c30-5d0a-4e8e-9a57-0d5c8e0a7b11");
  where.vector_name = "text";
  where.generation = 3;
  where.next_slot = next_slot;
  where.lsn = lsn;
  return where;
}

opened_arena open(const arena_file& where, distance metric = distance::euclid) {
  auto opened = arena::open(dimension, metric, where);
  REQUIRE(opened);
  return std::move(*opened);
}

/// Puts rows [first, end) and saves those below `saved_end`.
void fill(const arena_file& where, slot_t end, slot_t saved_end,
          distance metric = distance::euclid) {
  auto opened = open(where, metric);
  for (slot_t slot = opened.kept_end; slot < end; ++slot)
    REQUIRE(opened.rows->put(slot, values_of(slot)));
  REQUIRE(opened.rows->save(saved_end, 7));
}

void check_rows(const arena& rows, slot_t first, slot_t end) {
  for (slot_t slot = first; slot < end; slot += 61) {
    const auto expected = values_of(slot);
    REQUIRE(std::equal(expected.begin(), expected.end(), rows.row(slot)));
  }
}

void flip(const std::filesystem::path& file, std::size_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(stream.get() ^ 1);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(byte);
}

std::filesystem::path sums_of(const arena_file& where) { return where.path.string() + ".sums"; }

}  // namespace

TEST_CASE("rows in a file grow without moving, and plugins are told where they lie") {
  scratch_folder folder;
  auto opened = open(in(folder), distance::cosine);
  auto& rows = *opened.rows;
  CHECK(opened.kept_end == 0);
  CHECK(opened.lost.empty());
  REQUIRE(rows.put(0, values_of(0)));
  const auto* first = rows.row(0);
  for (slot_t slot = 1; slot < 50'000; ++slot) REQUIRE(rows.put(slot, values_of(slot)));
  CHECK(rows.row(0) == first);
  check_rows(rows, 0, 50'000);
  CHECK(reinterpret_cast<std::uintptr_t>(rows.row(49'999)) % 64 == 0);
  REQUIRE(rows.extend(60'000));
  CHECK(rows.row(59'999)[0] == 0);
  CHECK(rows.in_file());
  CHECK(lend(rows).flags == THESPIS_ARENA_EVICTABLE);
  CHECK(lend(rows).will_read == nullptr);
  const auto memory = rows.memory();
  CHECK(memory.mapped_bytes >= 60'000 * lend(rows).row_stride_bytes);
  CHECK(memory.resident_bytes <= memory.mapped_bytes);
  CHECK(memory.resident_bytes >= 49'000 * lend(rows).row_stride_bytes);
  CHECK(std::filesystem::file_size(in(folder).path) >= memory.mapped_bytes);
}

TEST_CASE("saved rows are there again after reopening, those above the mark are not") {
  scratch_folder folder;
  for (const auto metric : {distance::cosine, distance::dot}) {
    auto where = in(folder);
    where.generation = static_cast<std::uint32_t>(metric);
    fill(where, 20'000, 15'001, metric);
    auto opened = open(where, metric);
    CHECK(opened.kept_end == 15'001);
    CHECK(opened.lost.empty());
    CHECK(opened.rows->end_slot() == 15'001);
    check_rows(*opened.rows, 0, 15'001);
    REQUIRE(opened.rows->extend(20'000));
    for (slot_t slot = 15'001; slot < 20'000; ++slot)
      for (std::uint32_t i = 0; i < dimension; ++i) REQUIRE(opened.rows->row(slot)[i] == 0);
    REQUIRE(opened.rows->put(15'001, values_of(15'001)));
    REQUIRE(opened.rows->save(15'002, 8));
    opened = {};
    CHECK(open(where, metric).kept_end == 15'002);
  }
}

TEST_CASE("rows are kept over several saves and growths") {
  scratch_folder folder;
  for (slot_t end = 1000; end < 12'000; end += 1777) {
    fill(in(folder), end, end);
    auto opened = open(in(folder));
    CHECK(opened.kept_end == end);
    check_rows(*opened.rows, 0, end);
  }
}

TEST_CASE("everything from a damaged block on is dropped") {
  scratch_folder folder;
  const auto where = in(folder);
  fill(where, 10'000, 10'000);
  const auto stride = lend(*open(where).rows).row_stride_bytes;
  flip(where.path, head_bytes + 5000 * stride + 17);
  {
    auto opened = open(where);
    CHECK(opened.kept_end == 2 * block_rows);
    CHECK_THAT(opened.lost, Catch::Contains("from slot 4096 on are damaged"));
    check_rows(*opened.rows, 0, 2 * block_rows);
    REQUIRE(opened.rows->extend(10'000));
    CHECK(opened.rows->row(9'000)[5] == 0);
  }
  fill(where, 10'000, 10'000);
  CHECK(open(where).kept_end == 10'000);
}

TEST_CASE("a row file that was cut short keeps its whole blocks") {
  scratch_folder folder;
  const auto where = in(folder);
  fill(where, 10'000, 10'000);
  const auto stride = lend(*open(where).rows).row_stride_bytes;
  std::filesystem::resize_file(where.path, head_bytes + 4500 * stride + 3);
  auto opened = open(where);
  CHECK(opened.kept_end == 2 * block_rows);
  CHECK_THAT(opened.lost, Catch::Contains("missing"));
  opened = {};
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, head_bytes}) {
    fill(where, 5'000, 5'000);
    std::filesystem::resize_file(where.path, bytes);
    CHECK(open(where).kept_end == 0);
  }
}

TEST_CASE("rows of something else are not taken for the collection's") {
  scratch_folder folder;
  const auto where = in(folder);
  const auto differs = [&](arena_file other, distance metric, std::uint32_t other_dimension) {
    fill(where, 3'000, 3'000);
    CHECK(open(where).kept_end == 3'000);
    const auto opened = arena::open(other_dimension, metric, other);
    REQUIRE(opened);
    CHECK(opened->kept_end == 0);
    CHECK(opened->rows->end_slot() == 0);
  };
  auto other = where;
  other.collection = uuid::random();
  differs(other, distance::euclid, dimension);
  other = where;
  other.vector_name = "image";
  differs(other, distance::euclid, dimension);
  other = where;
  ++other.generation;
  differs(other, distance::euclid, dimension);
  differs(where, distance::dot, dimension);
  differs(where, distance::euclid, dimension + 1);
  other = where;
  other.next_slot = 2'999;
  differs(other, distance::euclid, dimension);
  other = where;
  other.lsn = 6;
  differs(other, distance::euclid, dimension);
}

TEST_CASE("without their sums rows are not trusted") {
  scratch_folder folder;
  const auto where = in(folder);
  fill(where, 3'000, 3'000);
  std::filesystem::remove(sums_of(where));
  auto opened = open(where);
  CHECK(opened.kept_end == 0);
  CHECK_THAT(opened.lost, Catch::Contains("vector-0.rows.sums"));
  opened = {};
  for (std::size_t at = 0; at < 100; at += 7) {
    fill(where, 3'000, 3'000);
    flip(sums_of(where), at);
    CHECK(open(where).kept_end == 0);
  }
  fill(where, 3'000, 3'000);
  std::filesystem::resize_file(sums_of(where), std::filesystem::file_size(sums_of(where)) - 1);
  CHECK(open(where).kept_end == 0);
}

TEST_CASE("an arena on disk reads ahead and gives its pages back") {
  scratch_folder folder;
  auto where = in(folder);
  where.on_disk = true;
  auto opened = open(where);
  auto& rows = *opened.rows;
  for (slot_t slot = 0; slot < 20'000; ++slot) REQUIRE(rows.put(slot, values_of(slot)));
  const auto lent = lend(rows);
  CHECK(lent.flags == (THESPIS_ARENA_EVICTABLE | THESPIS_ARENA_ON_DISK));
  REQUIRE(lent.will_read != nullptr);
  rows.let_go();
  CHECK(rows.memory().resident_bytes < rows.memory().mapped_bytes / 10);
  check_rows(rows, 0, 20'000);
  CHECK(rows.memory().resident_bytes > rows.memory().mapped_bytes / 2);
  // After so many announced reads the pages go by themselves.
  std::vector<std::uint32_t> slots(500);
  std::iota(slots.begin(), slots.end(), 7u);
  for (int i = 0; i < 3; ++i) lent.will_read(lent.context, slots.data(), slots.size());
  CHECK(rows.memory().resident_bytes < rows.memory().mapped_bytes / 10);
  check_rows(rows, 0, 20'000);
}

TEST_CASE("a disk that is full is a refusal and not a signal") {
  scratch_folder folder;
  auto opened = open(in(folder));
  REQUIRE(opened.rows->reserve(1'000));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{4u << 20, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const auto refused = opened.rows->reserve(100'000);
  const auto fitting = opened.rows->reserve(9'000);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, handler);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK_THAT(refused.error().message, Catch::Contains("vector-0.rows"));
  REQUIRE(fitting);
  for (slot_t slot = 0; slot < 9'000; ++slot) REQUIRE(opened.rows->put(slot, values_of(slot)));
  check_rows(*opened.rows, 0, 9'000);
}

TEST_CASE("a folder that is not there is an error with its path") {
  scratch_folder folder;
  auto where = in(folder);
  where.path = folder.path() / "absent" / "vector-0.rows";
  const auto opened = arena::open(dimension, distance::euclid, where);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::io);
  CHECK_THAT(opened.error().message, Catch::Contains("absent"));
}

TEST_CASE("an arena that is still read survives the opening of its file by another") {
  scratch_folder folder;
  const auto where = in(folder);
  fill(where, 10'000, 4'000);
  auto first = open(where);
  REQUIRE(first.kept_end == 4'000);
  for (slot_t slot = 4'000; slot < 30'000; ++slot) REQUIRE(first.rows->put(slot, values_of(slot)));
  auto second = open(where);
  REQUIRE(second.kept_end == 4'000);
  check_rows(*first.rows, 0, 30'000);
  REQUIRE(second.rows->put(29'000, values_of(29'000)));
  CHECK(second.rows->row(28'999)[0] == 0);
  CHECK(std::equal(second.rows->row(29'000), second.rows->row(29'000) + dimension,
                   values_of(29'000).data()));
  auto other = where;
  ++other.generation;
  CHECK(open(other).kept_end == 0);
  for (slot_t slot = 0; slot < 30'000; ++slot) REQUIRE(first.rows->row(slot)[0] >= 0);
}

TEST_CASE("holes of a row file are filled before rows are written") {
  scratch_folder folder;
  const auto where = in(folder);
  fill(where, 5'000, 5'000);
  std::filesystem::resize_file(where.path, head_bytes);
  std::filesystem::resize_file(where.path, head_bytes + (8u << 20));
  const auto blocks = [&] {
    struct stat status {};
    REQUIRE(::stat(where.path.c_str(), &status) == 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  };
  CHECK(blocks() < (1u << 20));
  CHECK(open(where).kept_end == 0);
  CHECK(blocks() >= (8u << 20));
}
