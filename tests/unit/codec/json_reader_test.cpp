// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_reader.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <random>

#include "protocols/codec/json_number.hpp"
#include "protocols/codec/json_writer.hpp"
#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

std::string failure_of(std::string_view text, std::size_t depth_max = 64) {
  json_reader in(text, depth_max);
  std::string out;
  in.read_compact(out);
  const auto read = in.finish();
  return read ? std::string("none") : read.error().message;
}

std::string compact(std::string_view text) {
  json_reader in(text, 64);
  std::string out;
  in.read_compact(out);
  REQUIRE(in.finish());
  return out;
}

float number(std::string_view text) {
  json_reader in(text, 1);
  const float value = in.read_float();
  REQUIRE(in.finish());
  return value;
}

}  // namespace

TEST_CASE("compact text loses spaces and nothing else") {
  REQUIRE(compact(" { \"a\" : [ 1 , -2.50e+3 , true , null , \"x \\u00e9 \\n\" ] , \"b\":{} } ") ==
          R"({"a":[1,-2.50e+3,true,null,"x \u00e9 \n"],"b":{}})");
  REQUIRE(compact("[]") == "[]");
  REQUIRE(compact("\"\xF0\x9F\x8E\xAD\"") == "\"\xF0\x9F\x8E\xAD\"");
  REQUIRE(compact("[[],[[]],{\"k\":[{}]}]") == "[[],[[]],{\"k\":[{}]}]");
}

TEST_CASE("malformed JSON is refused with its position") {
  REQUIRE(failure_of("") ==
          "line 1, column 1: malformed JSON: the text ends where a value was "
          "expected");
  REQUIRE(failure_of("{\"a\":\n [1,\n  2,,]}") ==
          "line 3, column 5, a[2]: malformed JSON: expected a value");
  const char* const broken[] = {"{",
                                "[1",
                                "[1,]",
                                "{\"a\"}",
                                "{\"a\":1,}",
                                "{a:1}",
                                "01",
                                "1.",
                                ".5",
                                "+1",
                                "-",
                                "1e",
                                "tru",
                                "nul",
                                "\"",
                                "\"\\x\"",
                                "\"\\u12\"",
                                "\"\\ud800\"",
                                "\"\\udc00\"",
                                "\"\t\"",
                                "\"\xFF\"",
                                "\"\xC0\xAF\"",
                                "\"\xED\xA0\x80\"",
                                "[1 2]",
                                "{} {}",
                                "[1}",
                                "NaN",
                                "Infinity",
                                "'a'",
                                "[\"a\":1]",
                                "{\"a\" 1}",
                                "\"\\ud800\\u0041\"",
                                "{1:2}",
                                "// x\n1"};
  for (const auto* text : broken) {
    INFO(text);
    REQUIRE(failure_of(text) != "none");
    REQUIRE(failure_of(text).find("malformed JSON") != std::string::npos);
  }
}

TEST_CASE("every truncation of a text is refused") {
  const std::string text = R"({"a":[1,-2.5e3,true,false,null,"x\u00e9\ud83c\udfad"],"b":{"c":""}})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    INFO(size);
    REQUIRE(failure_of(std::string_view(text).substr(0, size)) != "none");
  }
  REQUIRE(failure_of(text) == "none");
}

TEST_CASE("nesting is bounded") {
  REQUIRE(failure_of("[[[]]]", 3) == "none");
  REQUIRE(failure_of("[[[[]]]]", 3).find("nested deeper than 3 levels") != std::string::npos);
  const std::string deep(1'000'000, '[');
  REQUIRE(failure_of(deep, 1000).find("nested deeper than 64 levels") != std::string::npos);
}

TEST_CASE("strings and keys are resolved") {
  json_reader in(R"({"k\u0065y":"a\"\\\/\b\f\n\r\t\u00e9\ud83c\udfad\u0041"})", 4);
  std::string_view key;
  REQUIRE(in.begin_object());
  REQUIRE(in.next_key(key));
  REQUIRE(key == "key");
  REQUIRE(in.read_string() ==
          "a\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x8E\xAD"
          "A");
  REQUIRE_FALSE(in.next_key(key));
  REQUIRE(in.finish());
}

TEST_CASE("floats are the nearest ones") {
  REQUIRE(number("0") == 0.0f);
  REQUIRE(std::signbit(number("-0")));
  REQUIRE(number("0.1") == 0.1f);
  REQUIRE(number("-1.5E+2") == -150.0f);
  REQUIRE(number("3.4028234663852886e38") == 3.4028234663852886e38f);
  REQUIRE(number("1e-46") == 0.0f);
  REQUIRE(number("1e-9999") == 0.0f);
  REQUIRE(number("0e9999") == 0.0f);
  REQUIRE(number("1.401298464324817e-45") == 1.401298464324817e-45f);
  // Exactly between two floats, and a hair above: rounding twice would get the second one wrong.
  REQUIRE(number("16777217") == 16777216.0f);
  REQUIRE(number("16777217.0000000000001") == 16777218.0f);
  REQUIRE(number("1.00000005960464477540") == std::nextafter(1.0f, 2.0f));
  REQUIRE(number("0.000000000000000000000000000000000000000000000000000001") == 0.0f);
}

TEST_CASE("random floats come back bit by bit, in short and in long form") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    const auto bits = static_cast<std::uint32_t>(random());
    float value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    char text[64];
    const auto brief = std::to_chars(text, text + sizeof text, value).ptr;
    float read = 1;
    const char* at = text;
    REQUIRE(read_number(at, brief, read) == number_outcome::good);
    REQUIRE(at == brief);
    REQUIRE(std::memcmp(&read, &value, sizeof value) == 0);
    const auto full = std::to_chars(text, text + sizeof text, static_cast<double>(value) * 0.7).ptr;
    float expected = 0;
    std::from_chars(text, full, expected);
    at = text;
    REQUIRE(read_number(at, full, read) == number_outcome::good);
    REQUIRE(std::memcmp(&read, &expected, sizeof expected) == 0);
  }
}

TEST_CASE("numbers out of range are refused with their text") {
  for (const auto* text : {"1e999", "-1e39", "3.5e38", "1e99999999999999999999"}) {
    json_reader in(text, 1);
    (void)in.read_float();
    const auto read = in.finish();
    REQUIRE_FALSE(read);
    REQUIRE(read.error().message == "line 1, column 1: " + std::string(text).substr(0, 40) +
                                        " is out of the range of float32");
  }
  for (const auto* text : {"-1", "1.0", "1e3", "18446744073709551616"}) {
    json_reader in(text, 1);
    (void)in.read_unsigned();
    INFO(text);
    REQUIRE_FALSE(in.finish());
  }
  json_reader in("18446744073709551615", 1);
  REQUIRE(in.read_unsigned() == 18446744073709551615ull);
  REQUIRE(in.finish());
}

TEST_CASE("the first failure sticks") {
  json_reader in("[1,\"x\",{}]", 4);
  std::vector<float> values = {9};
  in.read_floats(values);
  REQUIRE_FALSE(in.ok());
  REQUIRE(values == std::vector<float>{9});
  REQUIRE(in.read_string().empty());
  REQUIRE(in.read_unsigned() == 0);
  in.fail(errc::internal, "later");
  REQUIRE(in.finish().error().message ==
          "line 1, column 4, [1]: expected a number, found a string");
}

TEST_CASE("a value can be read twice") {
  json_reader in("{\"a\":{\"b\":[1,2]},\"c\":3}", 8);
  std::string_view key;
  std::string text;
  REQUIRE(in.begin_object());
  REQUIRE(in.next_key(key));
  const auto start = in.here();
  REQUIRE(in.begin_object());
  REQUIRE(in.next_key(key));
  in.rewind(start);
  in.read_compact(text);
  REQUIRE(text == "{\"b\":[1,2]}");
  REQUIRE(in.next_key(key));
  REQUIRE(key == "c");
  REQUIRE(in.read_unsigned() == 3);
  REQUIRE_FALSE(in.next_key(key));
  REQUIRE(in.finish());
}

TEST_CASE("the writer sets commas, escapes text and writes floats briefly") {
  std::string text;
  json_writer out(text);
  const float values[] = {0.1f, -2, 1e20f};
  out.begin_object().key("a\"\n\x01").floats(values).key("b").begin_array();
  out.number(1u).number(-1).null().boolean(true).string("\xC3\xA9").begin_object().end_object();
  out.number(0.25).number(std::nanf("")).end_array().end_object();
  REQUIRE(text ==
          "{\"a\\\"\\n\\u0001\":[0.1,-2,1e+20],\"b\":[1,-1,null,true,\"\xC3\xA9\",{},0.25,null]}");
}

}  // namespace thespis::codec
