// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_reader.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "core/limits.hpp"
#include "protocols/codec/json_writer.hpp"
#include "protocols/codec/utf8.hpp"
#include "tests/support/catch.hpp"

namespace thespis::codec {
namespace {

std::string failure_of(std::string_view text, std::size_t depth_max = 64) {
  json_reader in(text, depth_max);
  std::string out;
  in.read_compact(out, limits::payload_bytes_max);
  const auto read = in.finish();
  return read ? std::string("none") : read.error().message;
}

std::string compact(std::string_view text) {
  json_reader in(text, 64);
  std::string out;
  in.read_compact(out, limits::payload_bytes_max);
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

TEST_CASE("compact text keeps numbers as written and loses spaces and needless escapes") {
  REQUIRE(
      compact(" { \"a\" : [ 1 , -2.50e+3 , true , null , \"x \\u00e9 \\n\\/\" ] , \"b\":{} } ") ==
      "{\"a\":[1,-2.50e+3,true,null,\"x \xC3\xA9 \\n/\"],\"b\":{}}");
  REQUIRE(compact("[1.10,-0,0e0,1E+2,18446744073709551616,1e999,0.1000000000000000000000000001]") ==
          "[1.10,-0,0e0,1E+2,18446744073709551616,1e999,0.1000000000000000000000000001]");
  REQUIRE(compact(R"("\"\\\u0000\b\f\u001f\u007f")") == "\"\\\"\\\\\\u0000\\b\\f\\u001f\x7F\"");
  REQUIRE(compact(R"({"b":1,"a":{"b":2},"":3})") == R"({"b":1,"a":{"b":2},"":3})");
  REQUIRE(compact("[]") == "[]");
  REQUIRE(compact("\"\xF0\x9F\x8E\xAD\"") == "\"\xF0\x9F\x8E\xAD\"");
  REQUIRE(compact("[[],[[]],{\"k\":[{}]}]") == "[[],[[]],{\"k\":[{}]}]");
}

TEST_CASE("malformed JSON is refused with its position") {
  REQUIRE(failure_of("") == "line 1, column 1: malformed JSON: incomplete JSON");
  REQUIRE(failure_of(" \n ") == "line 2, column 2: malformed JSON: incomplete JSON");
  REQUIRE(failure_of("{\"a\":\n [1,\n  2,,]}") ==
          "line 3, column 5, a[2]: malformed JSON: syntax error");
  REQUIRE(failure_of(R"([{"p":[[0],{"q":[1,2,{"r":nul}]}]}])") ==
          "line 1, column 27, [0].p[1].q[2].r: malformed JSON: syntax error");
  REQUIRE(failure_of("[[1],[2]] x") == "line 1, column 11: malformed JSON: extra data");
  REQUIRE(failure_of(R"({"k":"\udc00 abc"})").find("illegal leading surrogate") !=
          std::string::npos);
  REQUIRE(failure_of(R"({"k":"\ud800\u0041"})").find("illegal trailing surrogate") !=
          std::string::npos);
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
  REQUIRE(failure_of("[[[[]]]]", 3).find("nested 4 levels deep, at most 3") != std::string::npos);
  REQUIRE(failure_of(R"({"a":{"b":{}}})", 2) ==
          "line 1, column 11, a.b: nested 3 levels deep, at most 2");
  const std::string deep(1'000'000, '[');
  REQUIRE(failure_of(deep, 1000).find("nested 65 levels deep, at most 64") != std::string::npos);
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

TEST_CASE("malformed UTF-8 is refused in strings and keys") {
  for (const auto* bytes : {"\x80", "\xC0\xAF", "\xC3", "\xE0\x80\xAF", "\xE2\x82", "\xED\xA0\x80",
                            "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    const std::string text(bytes);
    INFO(text.size());
    REQUIRE_FALSE(is_utf8(text));
    REQUIRE_FALSE(is_utf8("a" + text + "b"));
    // Also behind an escape, where the parser takes another way.
    REQUIRE(failure_of("\"" + text + "\"").find("malformed JSON") != std::string::npos);
    REQUIRE(failure_of("\"\\n" + text + "\"").find("malformed JSON") != std::string::npos);
    REQUIRE(failure_of("{\"" + text + "\":1}").find("malformed JSON") != std::string::npos);
  }
  REQUIRE(is_utf8(""));
  REQUIRE(is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xAD\xF4\x8F\xBF\xBF"));
  REQUIRE(failure_of("\"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8E\xAD\xF4\x8F\xBF\xBF\"") == "none");
}

TEST_CASE("text in messages is cut between characters") {
  REQUIRE(shown("abc", 3) == "abc");
  REQUIRE(shown("abcd", 3) == "abc");
  REQUIRE(shown("ab\xE2\x82\xAC", 4) == "ab");
  REQUIRE(shown("\xE2\x82\xAC\xE2\x82\xAC", 3) == "\xE2\x82\xAC");
}

TEST_CASE("long strings with escapes come in one piece") {
  std::string text = "\"";
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    text += "plain \xC3\xA9\\t\\u20ac";
    expected += "plain \xC3\xA9\t\xE2\x82\xAC";
  }
  json_reader in(text += '"', 1);
  REQUIRE(in.read_string() == expected);
  REQUIRE(in.finish());
}

TEST_CASE("floats are rounded from doubles") {
  REQUIRE(number("0") == 0.0f);
  REQUIRE(std::signbit(number("-0")));
  REQUIRE(std::signbit(number("-0.0")));
  REQUIRE(number("0.1") == 0.1f);
  REQUIRE(number("-1.5E+2") == -150.0f);
  REQUIRE(number("-7") == -7.0f);
  REQUIRE(number("18446744073709551615") == 18446744073709551616.0f);
  REQUIRE(number("3.4028234663852886e38") == 3.4028234663852886e38f);
  REQUIRE(number("3.4028235e+38") == 3.4028234663852886e38f);
  REQUIRE(number("1e-46") == 0.0f);
  REQUIRE(number("1e-9999") == 0.0f);
  REQUIRE(number("0e9999") == 0.0f);
  REQUIRE(number("1.401298464324817e-45") == 1.401298464324817e-45f);
  REQUIRE(number("16777217") == 16777216.0f);
  REQUIRE(number("0.000000000000000000000000000000000000000000000000000001") == 0.0f);
}

TEST_CASE("random floats that the writer wrote come back bit by bit") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::vector<float> values(1000);
  for (int round = 0; round < 200; ++round) {
    for (auto& value : values) {
      const auto bits = static_cast<std::uint32_t>(random());
      std::memcpy(&value, &bits, sizeof value);
      if (!std::isfinite(value)) value = 0;
    }
    std::string text;
    json_writer(text).floats(values);
    json_reader in(text, 1);
    std::vector<float> read;
    in.read_floats(read);
    REQUIRE(in.finish());
    REQUIRE(read.size() == values.size());
    REQUIRE(std::memcmp(read.data(), values.data(), values.size() * sizeof(float)) == 0);
  }
}

TEST_CASE("floats in other spellings are at most one step from the nearest") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> exponent(-37, 37);
  for (int i = 0; i < 100'000; ++i) {
    char text[64];
    const double value = std::pow(10.0, exponent(random));
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    float nearest = 0;
    std::from_chars(text, end, nearest);
    const float read = number(std::string_view(text, static_cast<std::size_t>(end - text)));
    INFO(std::string(text, end));
    REQUIRE(read >= std::nextafter(nearest, 0.0f));
    REQUIRE(read <= std::nextafter(nearest, INFINITY));
  }
}

TEST_CASE("numbers out of range are refused with their text") {
  for (const auto* text : {"1e999", "-1e39", "3.5e38", "3.4028236e38", "-1e2147483647"}) {
    json_reader in(text, 1);
    (void)in.read_float();
    const auto read = in.finish();
    REQUIRE_FALSE(read);
    REQUIRE(read.error().message == "line 1, column 1: " + std::string(text).substr(0, 40) +
                                        " is out of the range of float32");
  }
  REQUIRE(failure_of("[1e2147483648]").find("exponent overflow") != std::string::npos);
  for (const auto* text : {"-1", "-0", "1.0", "1e3", "18446744073709551616"}) {
    json_reader in(text, 1);
    (void)in.read_unsigned();
    REQUIRE(in.finish().error().message == "line 1, column 1: " + std::string(text) +
                                               " is not an integer from 0 to 18446744073709551615");
  }
  json_reader in("18446744073709551615", 1);
  REQUIRE(in.read_unsigned() == 18446744073709551615ull);
  REQUIRE(in.finish());
}

TEST_CASE("signed integers and doubles are read in their whole range") {
  json_reader in("[-9223372036854775808,9223372036854775807,-0,0.1,1e-22,18446744073709551615]", 1);
  REQUIRE(in.begin_array());
  REQUIRE(in.next_element());
  REQUIRE(in.read_signed() == std::numeric_limits<std::int64_t>::min());
  REQUIRE(in.next_element());
  REQUIRE(in.read_signed() == std::numeric_limits<std::int64_t>::max());
  REQUIRE(in.next_element());
  REQUIRE(in.read_signed() == 0);
  REQUIRE(in.next_element());
  REQUIRE(in.read_double() == 0.1);
  REQUIRE(in.next_element());
  REQUIRE(in.read_double() == 1e-22);
  REQUIRE(in.next_element());
  REQUIRE(in.read_double() == 0x1p64);
  REQUIRE_FALSE(in.next_element());
  REQUIRE(in.finish());

  for (const auto* text : {"-9223372036854775809", "9223372036854775808", "1.0", "1e2", "\"1\""}) {
    json_reader wrong(text, 1);
    (void)wrong.read_signed();
    INFO(text);
    REQUIRE_FALSE(wrong.finish());
  }
  for (const auto* text : {"1e999", "-1e999", "\"1\"", "null"}) {
    json_reader wrong(text, 1);
    (void)wrong.read_double();
    INFO(text);
    REQUIRE_FALSE(wrong.finish());
  }
}

TEST_CASE("the first failure sticks") {
  json_reader in("[1,\"x\",{}]", 4);
  std::vector<float> values = {9};
  in.read_floats(values);
  REQUIRE_FALSE(in.ok());
  REQUIRE(values.empty());
  REQUIRE(in.read_string().empty());
  REQUIRE(in.read_unsigned() == 0);
  in.fail(errc::internal, "later");
  REQUIRE(in.finish().error().message ==
          "line 1, column 4, [1]: expected a number, found a string");
}

TEST_CASE("a list of numbers is read in one pass with its odd members") {
  json_reader in("[[1, 0e999 ,-0,18446744073709551615],[],[1,-2,1e39]]", 2);
  std::vector<float> values;
  REQUIRE(in.begin_array());
  REQUIRE(in.next_element());
  in.read_floats(values);
  REQUIRE(values == std::vector<float>{1, 0, 0, 18446744073709551616.0f});
  REQUIRE(in.next_element());
  in.read_floats(values);
  REQUIRE(values.empty());
  REQUIRE(in.next_element());
  in.read_floats(values);
  REQUIRE(values.empty());
  REQUIRE(in.finish().error().message ==
          "line 1, column 47, [2][2]: 1e39 is out of the range of float32");
}

TEST_CASE("a failure names the place that is known") {
  const auto refusal = [](std::string_view text) {
    json_reader in(text, 4);
    std::string_view key;
    (void)in.begin_object();
    (void)in.next_key(key);
    (void)in.read_string();
    return in.finish().error().message;
  };
  REQUIRE(refusal("{\n\"k\": 12}") == "line 2, column 6, k: expected a string, found a number");
  // A literal or container has no place of its own: its key has.
  REQUIRE(refusal("{\n\"k\":  null}") == "line 2, column 1, k: expected a string, found null");
  REQUIRE(refusal("{\n\"k\":  [1]}") == "line 2, column 1, k: expected a string, found an array");
  REQUIRE(refusal(R"({"\u006b":[]})") == "k: expected a string, found an array");
  REQUIRE(refusal("[]") == "expected an object, found an array");
  REQUIRE(refusal(R"({"k":"v","l":1})") == "k: the text was not read to its end");
}

TEST_CASE("a text over the bound of requests is refused") {
  const std::string text(limits::request_bytes_max + 1, ' ');
  json_reader in(text, 4);
  REQUIRE(in.peek() == json_reader::kind::none);
  REQUIRE(in.finish().error().code == errc::too_large);
}

TEST_CASE("a key that occurs twice is refused where it stands the second time") {
  const auto read = [](std::string_view text) {
    json_reader in(text, 8);
    std::string_view key;
    in.begin_object();
    while (in.next_key(key)) {
      if (key != "inner") {
        in.skip();
        continue;
      }
      in.begin_object();
      while (in.next_key(key)) in.skip();
    }
    return in.finish();
  };
  REQUIRE(read(R"({"a":1,"b":[{"a":2}],"inner":{"a":3,"b":4},"c":5})"));
  const auto plain = read("{\"a\":1,\n \"b\":{\"x\":[1,2]},\"a\":3}");
  REQUIRE_FALSE(plain);
  REQUIRE(plain.error().code == errc::invalid_argument);
  REQUIRE(plain.error().message == "line 2, column 18, a: this field occurs twice");
  // What a key says counts, not how it is written.
  REQUIRE(read(R"({"a":1,"\u0061":2})").error().message == "a: this field occurs twice");
  REQUIRE(read(R"({"inner":{"b":1,"b":1}})").error().message ==
          "line 1, column 17, inner.b: this field occurs twice");
}

TEST_CASE("an object that is kept as text may not have a key twice, however deep or wide it is") {
  const auto compact = [](const std::string& text) {
    json_reader in(text, 8);
    std::string out;
    in.read_compact(out, limits::payload_bytes_max);
    const auto done = in.finish();
    return done ? std::string("good") : done.error().message;
  };
  REQUIRE(compact(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})") == "good");
  REQUIRE(compact(R"({"a":1,"a":1})") == "line 1, column 8: 'a' occurs twice in one object");
  REQUIRE(compact(R"([1,{"x":{"k":1,"j":2,"k":3}}])") ==
          "line 1, column 22: 'k' occurs twice in one object");
  std::string wide = "{\"k0\":0";
  for (int i = 1; i < 1000; ++i) wide += ",\"k" + std::to_string(i) + "\":{\"k0\":0}";
  REQUIRE(compact(wide + "}") == "good");
  REQUIRE(compact(wide + ",\"k500\":1}").ends_with("'k500' occurs twice in one object"));
  REQUIRE(compact(wide + ",\"k\\u0035\":1}") == "'k5' occurs twice in one object");
}

TEST_CASE("a value that is kept as text is bounded, and refused before its keys are compared") {
  const auto compact = [](const std::string& text, std::size_t bytes_max) {
    json_reader in(text, 8);
    std::string out;
    in.read_compact(out, bytes_max);
    const auto done = in.finish();
    REQUIRE((done || done.error().code == errc::too_large));
    return done ? "good" : done.error().message;
  };
  REQUIRE(compact(R"({ "a" : [1, 2] })", 11) == "good");
  REQUIRE(compact(R"({ "a" : [1, 2] })", 10) == "11 bytes, at most 10");
  // Six tokens, of which each takes a byte.
  REQUIRE(compact(R"({"a":1,"a":[3]})", 5) == "more than 6 bytes, at most 5");
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
  in.read_compact(text, limits::payload_bytes_max);
  REQUIRE(text == "{\"b\":[1,2]}");
  REQUIRE(in.next_key(key));
  REQUIRE(key == "c");
  REQUIRE(in.read_unsigned() == 3);
  REQUIRE_FALSE(in.next_key(key));
  REQUIRE(in.finish());
}

TEST_CASE("readers may live at the same time") {
  json_reader outer("[1,2]", 2);
  std::vector<float> values;
  {
    json_reader inner("[3,4,5]", 2);
    inner.read_floats(values);
    REQUIRE(values == std::vector<float>{3, 4, 5});
  }
  outer.read_floats(values);
  REQUIRE(values == std::vector<float>{1, 2});
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
