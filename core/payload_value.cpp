// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/payload_value.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <utility>

#include "core/limits.hpp"

namespace thespis {

namespace {

namespace json = boost::json;

// What Boost.JSON calls for every token; its form is that library's.
struct builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t count, json::error_code&) {
    stack.push_object(count);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t count, json::error_code&) {
    stack.push_array(count);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return chars(part); }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    stack.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    return chars(part);
  }
  bool on_string(json::string_view part, std::size_t, json::error_code&) {
    stack.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code&) {
    stack.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) {
    stack.push_uint64(value);
    return true;
  }
  bool on_double(double value, json::string_view text, json::error_code&) {
    stack.push_double(nearest_double({text.data(), text.size()}, value));
    return true;
  }
  bool on_bool(bool value, json::error_code&) {
    stack.push_bool(value);
    return true;
  }
  bool on_null(json::error_code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  bool chars(json::string_view part) {
    stack.push_chars(part);
    return true;
  }

  json::value_stack stack;
};

}  // namespace

std::optional<json::value> parse_payload(std::string_view text, json::storage_ptr memory) {
  if (text.empty() || text.front() != '{') return std::nullopt;
  json::parse_options options;
  options.max_depth = limits::json_depth_max;
  json::basic_parser<builder> parser(options);
  parser.handler().stack.reset(std::move(memory));
  json::error_code failure;
  const auto taken = parser.write_some(false, text.data(), text.size(), failure);
  if (failure || taken != text.size()) return std::nullopt;
  return parser.handler().stack.release();
}

double nearest_double(std::string_view text, double parsed) noexcept {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failure == std::errc{} ? value : parsed;
}

}  // namespace thespis
