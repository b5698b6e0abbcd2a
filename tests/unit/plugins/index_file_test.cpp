// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/index_file.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "plugins/host/registry.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

index_file_header header() {
  index_file_header made;
  made.stamp.collection = *uuid::parse("7d444840-9dc0-11d1-b245-5ffdce74fad2");
  made.stamp.vector_name = "title";
  made.stamp.generation = 2;
  made.stamp.next_slot = 77;
  made.stamp.lsn = 0x1122334455667788;
  made.metric = distance::dot;
  made.dimension = 3;
  made.plugin_name = "flat";
  made.plugin_version = "1.2.3";
  return made;
}

std::string payload_of(std::size_t bytes) {
  std::mt19937 random(7);
  std::string payload(bytes, '\0');
  for (auto& byte : payload) byte = static_cast<char>(random());
  return payload;
}

result<void> write(const std::filesystem::path& file, const std::string& payload) {
  THESPIS_TRY(const auto out, index_file_writer::open(file, header()));
  for (std::size_t at = 0; at < payload.size(); at += 70'000)
    THESPIS_CHECK(
        out->write(payload.data() + at, std::min<std::size_t>(70'000, payload.size() - at)));
  return out->finish();
}

result<std::string> read(const std::filesystem::path& file) {
  THESPIS_TRY(const auto in, index_file_reader::open(file));
  std::string payload(in->payload_bytes(), '\0');
  THESPIS_CHECK(in->read(payload.data(), payload.size()));
  THESPIS_CHECK(in->finish());
  return payload;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace

TEST_CASE("an index file comes back as it was written, whatever its size") {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x.index";
  constexpr std::size_t block = 1u << 20;
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1, 3 * block + 5}) {
    const auto payload = payload_of(bytes);
    REQUIRE(write(file, payload));
    const auto back = read(file);
    REQUIRE(back);
    CHECK(*back == payload);
  }
  const auto in = index_file_reader::open(file);
  REQUIRE(in);
  const auto& found = (*in)->header();
  CHECK(found.stamp.collection == header().stamp.collection);
  CHECK(found.stamp.vector_name == "title");
  CHECK(found.stamp.generation == 2);
  CHECK(found.stamp.next_slot == 77);
  CHECK(found.stamp.lsn == 0x1122334455667788);
  CHECK(found.metric == distance::dot);
  CHECK(found.dimension == 3);
  CHECK(found.plugin_name == "flat");
  CHECK(found.plugin_version == "1.2.3");
}

TEST_CASE("an index file with any flipped bit or missing end is refused") {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x.index";
  REQUIRE(write(file, payload_of(300)));
  const auto whole = bytes_of(file);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    put_bytes(file, damaged);
    const auto flipped = read(file);
    REQUIRE_FALSE(flipped);
    CHECK(flipped.error().code == errc::corruption);
    CHECK_THAT(flipped.error().message, Catch::Contains("x.index"));
    put_bytes(file, whole.substr(0, at));
    const auto cut = read(file);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == errc::corruption);
  }
  put_bytes(file, whole + whole.substr(whole.size() - 36));
  CHECK_FALSE(read(file));
}

TEST_CASE("blocks of an index file cannot change places") {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x.index";
  constexpr std::size_t block = (1u << 20) + 8;
  REQUIRE(write(file, payload_of(2u << 20)));
  auto bytes = bytes_of(file);
  const auto begin = bytes.size() - 36 - 2 * block;
  bytes = bytes.substr(0, begin) + bytes.substr(begin + block, block) + bytes.substr(begin, block) +
          bytes.substr(begin + 2 * block);
  put_bytes(file, bytes);
  CHECK(read(file).error().code == errc::corruption);
}

TEST_CASE("a missing index file is not found") {
  const tests::scratch_folder folder;
  CHECK(index_file_reader::open(folder.path() / "none").error().code == errc::not_found);
  CHECK(index_file_reader::open(folder.path()).error().code == errc::io);
}

TEST_CASE("an unfinished write leaves the old index file as it was") {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x.index";
  REQUIRE(write(file, "old"));
  {
    const auto out = index_file_writer::open(file, header());
    REQUIRE(out);
    const auto payload = payload_of(3u << 20);
    REQUIRE((*out)->write(payload.data(), payload.size()));
  }
  CHECK(*read(file) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("an index file cannot be written where there is no folder") {
  const tests::scratch_folder folder;
  CHECK(index_file_writer::open(folder.path() / "none" / "x", header()).error().code == errc::io);
}

TEST_CASE("a disk that is full while an index is saved is reported as such") {
  if (!std::filesystem::exists("/dev/full")) return;
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x.index";
  std::filesystem::create_symlink("/dev/full", folder.path() / "x.index.tmp");
  const auto out = index_file_writer::open(file, header());
  REQUIRE_FALSE(out);
  CHECK(out.error().code == errc::resource_exhausted);
}

TEST_CASE("an index loads only a file of the same collection, shape and plugin") {
  const tests::scratch_folder folder;
  const auto file = folder.path() / "x.index";
  const auto plugins =
      *registry::load_file(std::filesystem::path(THESPIS_PLUGIN_FOLDER) / "index_flat.so");
  auto vectors = *arena::create(3, distance::dot);
  REQUIRE(vectors->extend(100));
  const auto made = [&] { return *plugins->create_index("flat", vectors, {}); };
  const auto stamp = header().stamp;
  REQUIRE(made()->save(file, stamp));
  REQUIRE(made()->load(file, stamp));
  auto later = stamp;
  later.next_slot = 90;
  later.lsn += 5;
  REQUIRE(made()->load(file, later));
  CHECK(made()->load(file, later)->next_slot == 77);

  const auto refused = [&](const index_file_stamp& expected) {
    return made()->load(file, expected).error().code == errc::failed_precondition;
  };
  auto other = stamp;
  other.collection = uuid::random();
  CHECK(refused(other));
  other = stamp;
  other.vector_name = "body";
  CHECK(refused(other));
  other = stamp;
  other.generation = 3;
  CHECK(refused(other));
  other = stamp;
  other.next_slot = 76;
  CHECK(refused(other));
  other = stamp;
  other.lsn = 1;
  CHECK(refused(other));

  vectors = *arena::create(3, distance::dot);
  CHECK(refused(stamp));  // the arena does not reach to the next slot
  vectors = *arena::create(4, distance::dot);
  CHECK(refused(stamp));
  vectors = *arena::create(3, distance::euclid);
  CHECK(refused(stamp));

  vectors = *arena::create(3, distance::dot);
  REQUIRE(vectors->extend(100));
  auto foreign = header();
  foreign.plugin_version = "9.9.9";
  REQUIRE((*index_file_writer::open(file, foreign))->finish());
  CHECK(refused(stamp));
}
