// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/point_source.hpp"

#include <bit>
#include <cmath>
#include <cstring>

#include "apps/importer/element_type.hpp"
#include "core/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/apps/scratch_folder.hpp"

namespace thespis::importer {

using namespace std::string_literals;

namespace {

using folder = scratch_folder;

template <class T>
std::string little(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

template <class T>
std::string big(T value) {
  const auto turned = little(value);
  return {turned.rbegin(), turned.rend()};
}

std::string fbin(std::uint32_t rows, std::uint32_t columns, const std::vector<float>& values) {
  auto out = little(rows) + little(columns);
  for (const float value : values) out += little(value);
  return out;
}

// The message of the first failure while the whole file is read; "" if there is none.
std::string failure_of(const std::filesystem::path& file, const source_options& options = {},
                       errc expected = errc::corruption) {
  const auto format = guess_file_format(file);
  REQUIRE(format);
  auto source = open_source(file, *format, options);
  error failure;
  if (!source) {
    failure = source.error();
  } else {
    for (;;) {
      const auto batch = (*source)->read(2);
      if (!batch) {
        failure = batch.error();
        break;
      }
      if (batch->ids.empty()) return "";
    }
  }
  CHECK(failure.code == expected);
  CHECK(failure.message.find(file.string()) == 0);
  return failure.message.substr(std::min(failure.message.size(), file.string().size()));
}

bool contains(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("fbin is read in batches with consecutive ids") {
  const folder in;
  const auto file = in.write("a.fbin", fbin(3, 2, {1, 2, 3, 4, 5, -6.5f}));
  auto source = open_source(file, file_format::fbin, {.first_id = 10});
  REQUIRE(source);
  CHECK((*source)->shapes() == std::vector<vector_shape>{{"", 2}});
  CHECK((*source)->rows() == 3);
  const auto first = (*source)->read(2);
  REQUIRE(first);
  CHECK(first->first_row == 0);
  CHECK(first->ids == std::vector<point_id>{point_id(10), point_id(11)});
  CHECK(first->columns.at(0).values == std::vector<float>{1, 2, 3, 4});
  CHECK(first->payloads.empty());
  const auto second = (*source)->read(2);
  REQUIRE(second);
  CHECK(second->first_row == 2);
  CHECK(second->ids == std::vector<point_id>{point_id(12)});
  CHECK(second->columns.at(0).values == std::vector<float>{5, -6.5f});
  const auto end = (*source)->read(2);
  REQUIRE(end);
  CHECK(end->ids.empty());
}

TEST_CASE("skipped rows keep the ids of the others") {
  const folder in;
  const auto bytes = fbin(3, 1, {1, 2, 3});
  for (const auto& file : {in.write("a.fbin", bytes), in.write_gz("b.fbin.gz", bytes)}) {
    auto source = open_source(file, file_format::fbin, {});
    REQUIRE(source);
    REQUIRE((*source)->skip(2));
    const auto rest = (*source)->read(9);
    REQUIRE(rest);
    CHECK(rest->first_row == 2);
    CHECK(rest->ids == std::vector<point_id>{point_id(2)});
    CHECK(rest->columns.at(0).values == std::vector<float>{3});
    const auto over = (*source)->skip(1);
    REQUIRE_FALSE(over);
    CHECK(over.error().code == errc::invalid_argument);
  }
}

TEST_CASE("u8bin and f16bin become floats") {
  const folder in;
  const auto bytes =
      in.write("a.u8bin", little(std::uint32_t{1}) + little(std::uint32_t{3}) + "\x00\x7f\xff"s);
  auto source = open_source(bytes, file_format::u8bin, {});
  REQUIRE(source);
  CHECK((*source)->read(1)->columns.at(0).values == std::vector<float>{0, 127, 255});
  const auto halves =
      in.write("a.f16bin", little(std::uint32_t{1}) + little(std::uint32_t{2}) +
                               little(std::uint16_t{0x3C00}) + little(std::uint16_t{0xC000}));
  source = open_source(halves, file_format::f16bin, {});
  REQUIRE(source);
  CHECK((*source)->read(1)->columns.at(0).values == std::vector<float>{1, -2});
}

TEST_CASE("half_to_float knows normal, subnormal and special values") {
  CHECK(half_to_float(0x0000) == 0.0f);
  CHECK(std::signbit(half_to_float(0x8000)));
  CHECK(half_to_float(0x0001) == 0x1p-24f);
  CHECK(half_to_float(0x83FF) == -0x3FFp-24f);
  CHECK(half_to_float(0x0400) == 0x1p-14f);
  CHECK(half_to_float(0x3555) == 0x1.554p-2f);
  CHECK(half_to_float(0x7BFF) == 65504.0f);
  CHECK(std::isinf(half_to_float(0x7C00)));
  CHECK(std::isnan(half_to_float(0x7E00)));
}

TEST_CASE("IDX is read with every element type, plain and compressed") {
  const folder in;
  const auto header = [](char type, std::uint32_t rows, std::uint32_t columns) {
    return "\0\0"s + type + '\2' + big(rows) + big(columns);
  };
  const auto values = [&](const std::filesystem::path& file) {
    auto source = open_source(file, file_format::idx, {});
    REQUIRE(source);
    return (*source)->read(9)->columns.at(0).values;
  };
  CHECK(values(in.write("a.idx", header(8, 1, 2) + "\x01\xff"s)) == std::vector<float>{1, 255});
  CHECK(values(in.write("b.idx", header(9, 1, 2) + "\x01\xff"s)) == std::vector<float>{1, -1});
  CHECK(values(in.write("c.idx", header(11, 1, 1) + big(std::int16_t{-300}))) ==
        std::vector<float>{-300});
  CHECK(values(in.write("d.idx", header(12, 1, 1) + big(std::int32_t{70000}))) ==
        std::vector<float>{70000});
  CHECK(values(in.write("e.idx", header(13, 1, 1) + big(0.25f))) == std::vector<float>{0.25f});
  CHECK(values(in.write("f.idx", header(14, 1, 1) + big(-0.5))) == std::vector<float>{-0.5f});
  const auto images = "\0\0\x08\x03"s + big(std::uint32_t{2}) + big(std::uint32_t{2}) +
                      big(std::uint32_t{3}) + "abcdefghijkl";
  const auto file = in.write_gz("x-idx3-ubyte.gz", images);
  CHECK(guess_file_format(file).value() == file_format::idx);
  auto source = open_source(file, file_format::idx, {});
  REQUIRE(source);
  CHECK((*source)->shapes().at(0).size == 6);
  CHECK((*source)->rows() == 2);
  CHECK((*source)->read(9)->columns.at(0).values.back() == 'l');
}

TEST_CASE("matrix files whose header lies are refused before a row is read") {
  const folder in;
  CHECK(contains(failure_of(in.write("more.fbin", fbin(4, 2, {1, 2, 3, 4}))),
                 "the header says 4 rows of 2 float32, that is 40 bytes; the file has 24"));
  CHECK(contains(failure_of(in.write("less.fbin", fbin(1, 2, {1, 2, 3, 4}))), "that is 16 bytes"));
  CHECK(contains(failure_of(in.write("huge.fbin", fbin(0xFFFFFFFF, 65535, {}))), "the file has 8"));
  CHECK(contains(failure_of(in.write("short.fbin", "\1\0\0"s)), "3 bytes"));
  CHECK(contains(failure_of(in.write("empty.fbin", "")), "0 bytes"));
  CHECK(contains(failure_of(in.write("none.fbin", fbin(0, 2, {})), {}, errc::invalid_argument),
                 "0 rows"));
  CHECK(contains(failure_of(in.write("flat.fbin", fbin(1, 0, {})), {}, errc::invalid_argument),
                 "0 dimensions; 1 to 65535"));
  CHECK(contains(failure_of(in.write("wide.fbin", fbin(1, 65536, {})), {}, errc::invalid_argument),
                 "65536 dimensions"));
}

TEST_CASE("compressed matrix files are checked while they are read") {
  const folder in;
  CHECK(contains(failure_of(in.write_gz("more.fbin.gz", fbin(4, 1, {1, 2, 3}))),
                 "the header says 4 rows, the data ends in row 3"));
  CHECK(contains(failure_of(in.write_gz("less.fbin.gz", fbin(2, 1, {1, 2, 3}))),
                 "but there is more data"));
  const auto whole = in.write_gz("whole.fbin.gz", fbin(3, 1, {1, 2, 3}));
  CHECK(failure_of(whole).empty());
  const auto bytes = bytes_of(whole);
  CHECK(contains(failure_of(in.write("cut.fbin.gz", bytes.substr(0, bytes.size() - 12))),
                 "gzip data ends too early"));
  auto broken = bytes;
  broken[bytes.size() - 8] ^= 1;
  CHECK(contains(failure_of(in.write("broken.fbin.gz", broken)), "broken gzip data"));
}

TEST_CASE("IDX files with a wrong beginning are refused") {
  const folder in;
  const auto tail = big(std::uint32_t{1}) + big(std::uint32_t{1}) + "a";
  CHECK(contains(failure_of(in.write("a.idx", "\1\0\x08\x02"s + tail)), "IDX"));
  CHECK(contains(failure_of(in.write("b.idx", "\0\0\x07\x02"s + tail)), "IDX"));
  CHECK(contains(failure_of(in.write("c.idx", "\0\0\x08\0"s + tail)), "IDX"));
  CHECK(contains(failure_of(in.write("d.idx", "\0\0"s)), "IDX"));
  CHECK(contains(failure_of(in.write("e.idx", "\0\0\x08\x03"s + big(std::uint32_t{1}))),
                 "ends within the header"));
  CHECK(contains(failure_of(in.write("f.idx", "\0\0\x08\x02"s + tail + "b")), "that is 13 bytes"));
  const auto wide = "\0\0\x08\x03"s + big(std::uint32_t{1}) + big(std::uint32_t{0x10000}) +
                    big(std::uint32_t{0x10000});
  CHECK(contains(failure_of(in.write("g.idx", wide), {}, errc::invalid_argument),
                 "65536 dimensions"));
}

TEST_CASE("first ids that would overflow are refused") {
  const folder in;
  const auto file = in.write("a.fbin", fbin(2, 1, {1, 2}));
  const auto source = open_source(file, file_format::fbin, {.first_id = ~std::uint64_t{0} - 1});
  REQUIRE_FALSE(source);
  CHECK(source.error().code == errc::invalid_argument);
}

TEST_CASE("JSON lines give ids, named vectors and payloads") {
  const folder in;
  const auto file = in.write(
      "a.jsonl",
      "{\"id\":7,\"vector\":{\"b\":[3],\"a\":[1,2]},\"payload\":{\"k\":[1,{\"x\":null}]}}\r\n"
      "\n"
      "{\"id\":\"some text\",\"vector\":{\"a\":[4,5e-1],\"b\":[6]},\"payload\":null}\n"
      "{\"vector\":{\"a\":[7,8],\"b\":[9]},\"id\":\"550e8400-e29b-41d4-a716-446655440000\"}");
  auto source = open_source(file, guess_file_format(file).value(), {});
  REQUIRE(source);
  CHECK((*source)->shapes() == std::vector<vector_shape>{{"a", 2}, {"b", 1}});
  CHECK_FALSE((*source)->rows());
  const auto batch = (*source)->read(10);
  REQUIRE(batch);
  REQUIRE(batch->ids.size() == 3);
  CHECK(batch->ids[0] == point_id(7));
  CHECK(batch->ids[1].string() == "some text");
  CHECK(batch->ids[2].is_uuid());
  CHECK(batch->columns[0].values == std::vector<float>{1, 2, 4, 0.5f, 7, 8});
  CHECK(batch->columns[1].values == std::vector<float>{3, 6, 9});
  CHECK(batch->payloads == std::vector<std::string>{"{\"k\":[1,{\"x\":null}]}", "", ""});
  CHECK((*source)->read(10)->ids.empty());
}

TEST_CASE("JSON lines without ids are numbered on request, compressed or not") {
  const folder in;
  const std::string text = "{\"vector\":[1]}\n{\"vector\":[2]}\n{\"vector\":[3]}\n";
  auto source =
      open_source(in.write_gz("a.ndjson.gz", text), file_format::jsonl, {.first_id = 100});
  REQUIRE(source);
  REQUIRE((*source)->skip(1));
  const auto batch = (*source)->read(1);
  REQUIRE(batch);
  CHECK(batch->ids == std::vector<point_id>{point_id(101)});
  CHECK(batch->payloads.empty());
  CHECK_FALSE((*source)->skip(2));
}

TEST_CASE("JSON lines name the line of what is wrong") {
  const folder in;
  const auto refusal = [&](const std::string& second, errc code = errc::invalid_argument) {
    return failure_of(in.write("x.jsonl", "{\"id\":1,\"vector\":[1,2]}\n" + second + "\n"), {},
                      code);
  };
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,2"), " line 2, byte 24: column 22"));
  CHECK(contains(refusal("[1]"), " line 2, byte 24: "));
  CHECK(contains(refusal("{\"vector\":[1,2]}"), "'id' is missing; --first-id"));
  for (const auto* id : {"-1", "1.5", "null", "[1]", "18446744073709551616"}) {
    CAPTURE(id);
    CHECK(contains(refusal("{\"id\":" + std::string(id) + ",\"vector\":[1,2]}"),
                   " line 2, byte 24: "));
  }
  CHECK(contains(refusal("{\"id\":\"\",\"vector\":[1,2]}"), "empty string"));
  CHECK(contains(
      refusal("{\"id\":\"" + std::string(513, 'x') + "\",\"vector\":[1,2]}", errc::too_large),
      "513 bytes"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,\"2\"]}"), "vector[1]"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,1e39]}"), "vector[1]: 1e39 is out of the range"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,NaN]}"), " line 2, byte 24: column "));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[]}"), "vector has 0 numbers"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":3}"), "expected a vector"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":{\"a\":[1],\"b\":7}}"), "expected a vector"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,2,3]}", errc::dimension_mismatch),
                 "vector has 3 dimensions, the first one has 2"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,2],\"payload\":[]}"), "expected an object"));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,2],\"vectors\":[]}"), "unknown key 'vectors'"));
  CHECK(contains(refusal("{\"id\":2,\"id\":3,\"vector\":[1,2]}"), " line 2, byte 24: "));
  CHECK(contains(refusal("{\"id\":2,\"vector\":[1,2],\"payload\":{\"k\":\"" +
                             std::string(limits::payload_bytes_max, 'x') + "\"}}",
                         errc::too_large),
                 "1048576"));
  CHECK(contains(failure_of(in.write("e.jsonl", "\n \n"), {}, errc::invalid_argument),
                 "holds no point"));
}

TEST_CASE("JSON lines with vectors that are no lists of numbers go up as they are written") {
  const folder in;
  const std::vector<std::string> points = {
      R"({"id":1,"vector":{"s":{"indices":[1,7],"values":[0.10,2]}},"payload":{"n":1.10}})",
      R"({"id":"x","vector":[[1,2],[3,4]]})", R"({"id":3,"vector":{}})",
      R"({"id":4,"vector":[1]})"};
  const auto file = in.write("a.jsonl", "{\"id\":0,\"vector\":[9]}\n" + points[0] + "\n\n" +
                                            points[1] + "\n{\"id\":3}\n" + points[3] + "\n");
  auto source = open_source(file, file_format::jsonl, {});
  REQUIRE(source);
  CHECK((*source)->shapes() == std::vector<vector_shape>{{"", 1}});
  REQUIRE((*source)->skip(1));
  const auto batch = (*source)->read(10);
  REQUIRE(batch);
  CHECK(batch->json == points);
  CHECK(batch->points() == 4);
  CHECK(batch->lines == std::vector<std::uint64_t>{2, 4, 5, 6});
  CHECK((*source)->read(10)->points() == 0);
  source = open_source(in.write("b.jsonl", points[1] + "\n"), file_format::jsonl, {});
  REQUIRE(source);
  CHECK((*source)->shapes().empty());
  CHECK((*source)->read(10)->json == std::vector<std::string>{points[1]});
}

TEST_CASE("JSON lines longer than the limit are refused") {
  const folder in;
  const auto file =
      in.write("x.jsonl", "{\"id\":\"" + std::string(limits::import_line_bytes_max + 300'000, 'x'));
  CHECK(contains(failure_of(file, {}, errc::too_large), " line 1, byte 0: longer than 33554432"));
}

TEST_CASE("formats are told from names, and files that cannot be opened are named") {
  CHECK(guess_file_format("x/base.10M.fbin").value() == file_format::fbin);
  CHECK(guess_file_format("a.f32bin").value() == file_format::fbin);
  CHECK(guess_file_format("a.u8bin.gz").value() == file_format::u8bin);
  CHECK(guess_file_format("train-images-idx3-ubyte").value() == file_format::idx);
  for (const auto* name : {"a", "a.bin", "fbin", "a.gz", ""}) CHECK_FALSE(guess_file_format(name));
  CHECK_FALSE(parse_file_format("csv"));
  const auto missing = open_source("/nonexistent.fbin", file_format::fbin, {});
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::io);
  CHECK(missing.error().message == "/nonexistent.fbin: No such file or directory");
  const auto directory = open_source("/", file_format::fbin, {});
  REQUIRE_FALSE(directory);
  CHECK(directory.error().code == errc::io);
}

}  // namespace thespis::importer
