// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/binary_upload.hpp"

#include <cstring>
#include <limits>
#include <random>

#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

struct sample {
  std::vector<point_id> ids = {point_id(7), *point_id::from_string("red"), point_id(uuid{})};
  std::vector<float> rows = {1, 2, 3, 4, 5, 6};
  std::vector<std::string> payloads = {R"({ "a" : 1 })", "", "{}"};

  [[nodiscard]] std::string encode(std::string_view name = "text") const {
    binary_upload upload;
    upload.ids = ids;
    upload.vector_name = name;
    upload.dimension = 2;
    upload.rows = rows;
    upload.payloads = payloads;
    auto text = encode_binary_upload(upload);
    REQUIRE(text);
    return *text;
  }
};

std::string message_of(const std::string& body) {
  const auto read = decode_binary_upload(body, 16);
  return read ? std::string("none") : read.error().message;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

template <class Number>
std::string patched(std::string body, std::size_t at, Number value) {
  std::memcpy(body.data() + at, &value, sizeof value);
  return body;
}

}  // namespace

TEST_CASE("an upload comes back as it went") {
  const sample from;
  const auto read = decode_binary_upload(from.encode(), 16);
  REQUIRE(read);
  REQUIRE(read->points.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(read->points[i].id == from.ids[i]);
    REQUIRE(read->points[i].vectors ==
            std::vector<named_vector>{{"text", {from.rows[2 * i], from.rows[2 * i + 1]}}});
  }
  REQUIRE(read->points[0].payload.json == R"({"a":1})");
  REQUIRE(read->points[1].payload.empty());
  REQUIRE(read->points[2].payload.empty());
}

TEST_CASE("numbers alone take eight bytes each") {
  sample from;
  from.ids = {point_id(1), point_id(2), point_id(3)};
  from.payloads.clear();
  const auto body = from.encode("");
  REQUIRE(body.size() == 32 + 3 * 8 + 6 * 4);
  REQUIRE(decode_binary_upload(body, 16)->points[2].id == point_id(3));
}

TEST_CASE("every truncation of an upload is refused") {
  const auto body = sample().encode();
  for (std::size_t size = 0; size < body.size(); ++size) {
    INFO(size);
    REQUIRE_FALSE(decode_binary_upload(std::string_view(body).substr(0, size), 16));
  }
  REQUIRE(has(message_of(body + "x"), "1 bytes too many"));
}

TEST_CASE("hostile headers are refused before anything is allocated") {
  const auto body = sample().encode();
  REQUIRE(has(message_of(patched(body, 0, 'X')), "THESPUP1"));
  REQUIRE(has(message_of(patched(body, 8, std::uint32_t{4})), "unknown flags 4"));
  REQUIRE(has(message_of(patched(body, 12, std::uint32_t{0})), "dimension 0"));
  REQUIRE(has(message_of(patched(body, 12, std::uint32_t{0xFFFFFFFF})), "dimension 4294967295"));
  REQUIRE(has(message_of(patched(body, 16, std::uint64_t{0})), "point count 0"));
  REQUIRE(has(message_of(patched(body, 16, ~std::uint64_t{0})), "expected 1 to 100000"));
  REQUIRE(has(message_of(patched(body, 16, std::uint64_t{100'000})), "do not fit the body"));
  REQUIRE(has(message_of(patched(body, 24, std::uint32_t{0xFFFFFFFF})), "name length"));
  REQUIRE(has(message_of(patched(body, 28, std::uint32_t{1})), "reserved"));
  REQUIRE(has(message_of(patched(body, 32, '\xFF')), "not UTF-8"));
  REQUIRE(has(message_of(patched(body, 36, '\x09')), "unknown id tag 9"));
}

TEST_CASE("values of an upload are checked") {
  sample from;
  from.rows[3] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE(has(message_of(from.encode()), "vector of point red: component 1 is not a finite"));
  from = sample();
  from.payloads[1] = "[1]";
  REQUIRE(has(message_of(from.encode()), "payload of point red: expected an"));
  from.payloads[1] = "{\"a\":}";
  REQUIRE(has(message_of(from.encode()), "malformed JSON"));
}

TEST_CASE("uploads whose parts do not fit are not written") {
  const std::vector<point_id> ids = {point_id(1)};
  const std::vector<float> rows = {1, 2, 3};
  binary_upload upload;
  upload.ids = ids;
  upload.dimension = 2;
  upload.rows = rows;
  REQUIRE_FALSE(encode_binary_upload(upload));
  upload.dimension = 3;
  REQUIRE(encode_binary_upload(upload));
  const std::vector<std::string> payloads = {"", ""};
  upload.payloads = payloads;
  REQUIRE_FALSE(encode_binary_upload(upload));
}

TEST_CASE("random damage never reads outside the body") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const auto body = sample().encode();
  std::size_t refusals = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = body;
    for (int k = 0; k < 3; ++k) damaged[random() % damaged.size()] = static_cast<char>(random());
    refusals += decode_binary_upload(damaged, 16) ? 0 : 1;
  }
  REQUIRE(refusals > 1000);
}

}  // namespace thespis::codec
