// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/json_tape.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <functional>

#include "core/limits.hpp"

namespace thespis::codec {

namespace {

namespace json = boost::json;

// A tape that a thread keeps takes up to 1 MiB; it holds 80 vectors of 784 numbers.
constexpr std::size_t kept_tokens_max = (1u << 20) / sizeof(json_token);
constexpr std::size_t typical_token_bytes = 8;

std::vector<json_token>& kept_tokens() {
  thread_local std::vector<json_token> tokens;
  return tokens;
}

static_assert(sizeof(json_token) == 16);
static_assert(limits::request_bytes_max < (1u << 29), "sizes of tokens have 29 bits");

}  // namespace

// What Boost.JSON calls for every token; its form is that library's.
class json_tape::recorder {
 public:
  static constexpr std::size_t max_object_size = limits::request_bytes_max;
  static constexpr std::size_t max_array_size = limits::request_bytes_max;
  static constexpr std::size_t max_key_size = limits::request_bytes_max;
  static constexpr std::size_t max_string_size = limits::request_bytes_max;

  explicit recorder(json_tape& tape) noexcept : tape_(tape) {}

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return open(json_token::kind::object); }
  bool on_object_end(std::size_t count, json::error_code&) { return close(count); }
  bool on_array_begin(json::error_code&) { return open(json_token::kind::array); }
  bool on_array_end(std::size_t count, json::error_code&) { return close(count); }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) { return add(part); }
  bool on_key(json::string_view part, std::size_t size, json::error_code&) {
    return string(part, size);
  }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) { return add(part); }
  bool on_string(json::string_view part, std::size_t size, json::error_code&) {
    return string(part, size);
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view text, json::error_code&) {
    if (text.front() != '-')
      return number(json_token::kind::integer, static_cast<std::uint64_t>(value), text);
    // The parser's integers have no -0.
    return real(value == 0 ? -0.0 : static_cast<double>(value), text);
  }
  bool on_uint64(std::uint64_t value, json::string_view text, json::error_code&) {
    return number(json_token::kind::integer, value, text);
  }
  bool on_double(double value, json::string_view text, json::error_code&) {
    return real(value, text);
  }
  bool on_bool(bool value, json::error_code&) {
    return put(json_token::kind::boolean, value ? 1 : 0, 0, 0);
  }
  bool on_null(json::error_code&) { return put(json_token::kind::null, 0, 0, 0); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

 private:
  bool put(json_token::kind kind, std::uint64_t value, std::size_t begin, std::size_t size) {
    constexpr std::uint32_t size_bits = (1u << 29) - 1;
    // In place: a token made elsewhere is copied before its parts have arrived there.
    tape_.tokens_.emplace_back(value, static_cast<std::uint32_t>(begin),
                               static_cast<std::uint32_t>(size) & size_bits,
                               static_cast<std::uint32_t>(kind) & 7u);
    return true;
  }

  bool open(json_token::kind kind) {
    put(kind, tape_.open_, 0, 0);
    tape_.open_ = tape_.size() - 1;
    return true;
  }

  bool close(std::size_t count) {
    auto& container = tape_.tokens_[tape_.open_];
    tape_.open_ = static_cast<std::uint32_t>(container.value);
    container.value = tape_.size();
    container.begin = static_cast<std::uint32_t>(count);
    return true;
  }

  bool number(json_token::kind kind, std::uint64_t value, json::string_view text) {
    return put(kind, value, static_cast<std::size_t>(text.data() - tape_.text_.data()),
               text.size());
  }

  bool real(double value, json::string_view text) {
    return number(json_token::kind::number, std::bit_cast<std::uint64_t>(value), text);
  }

  bool add(json::string_view part) {
    tape_.unescaped_.append(part.data(), part.size());
    return true;
  }

  // The last part of a string of `size` bytes. Without an escape it is the only one, and a piece
  // of the text; otherwise parts come from the parser's buffer too.
  bool string(json::string_view part, std::size_t size) {
    const auto text = tape_.text_;
    const bool inside = std::greater_equal<>()(part.data(), text.data()) &&
                        std::less<>()(part.data(), text.data() + text.size());
    if (inside && part.size() == size)
      return put(json_token::kind::string, 0, static_cast<std::size_t>(part.data() - text.data()),
                 size);
    add(part);
    return put(json_token::kind::escaped, 0, tape_.unescaped_.size() - size, size);
  }

  json_tape& tape_;
};

json_tape::json_tape(std::string_view text, std::size_t depth_max) : text_(text) {
  if (text.size() > limits::request_bytes_max) {
    ended_ = outcome::too_large;
    return;
  }
  tokens_.swap(kept_tokens());
  tokens_.clear();
  tokens_.reserve(text.size() / typical_token_bytes);
  json::parse_options options;
  options.max_depth = depth_max;
  json::basic_parser<recorder> parser(options, *this);
  json::error_code failure;
  failed_at_ = parser.write_some(false, text.data(), text.size(), failure);
  if (!failure && failed_at_ < text.size()) failure = json::error::extra_data;
  if (!failure) return;
  ended_ = failure == json::error::too_deep ? outcome::too_deep : outcome::malformed;
  failure_ = failure.message();
}

json_tape::~json_tape() {
  if (tokens_.capacity() <= kept_tokens_max) tokens_.swap(kept_tokens());
}

std::uint32_t json_tape::behind(std::uint32_t index) const noexcept {
  const auto& token = tokens_[index];
  const bool container =
      token.is() == json_token::kind::object || token.is() == json_token::kind::array;
  return container ? static_cast<std::uint32_t>(token.value) : index + 1;
}

std::string_view json_tape::text_of(const json_token& token) const noexcept {
  const std::string_view from = token.is() == json_token::kind::escaped ? unescaped_ : text_;
  return from.substr(token.begin, token.size);
}

std::vector<std::uint32_t> json_tape::open_containers() const {
  std::vector<std::uint32_t> open;
  for (auto at = open_; at != none; at = static_cast<std::uint32_t>(tokens_[at].value))
    open.push_back(at);
  std::reverse(open.begin(), open.end());
  return open;
}

}  // namespace thespis::codec
