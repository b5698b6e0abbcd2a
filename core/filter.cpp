// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/filter.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <concepts>

#include "core/datetime.hpp"
#include "core/payload_value.hpp"

namespace thespis {

namespace {

namespace json = boost::json;

using part = json_path::part;

const json::object& no_payload() {
  static const json::object none;
  return none;
}

std::string_view text_of(const json::string& value) { return {value.data(), value.size()}; }

std::optional<double> number_of(const json::value& value) {
  if (const auto* real = value.if_double()) return *real;
  if (const auto* integer = value.if_int64()) return static_cast<double>(*integer);
  if (const auto* large = value.if_uint64()) return static_cast<double>(*large);
  return std::nullopt;
}

bool is_number(const json::value& value) {
  return value.is_double() || value.is_int64() || value.is_uint64();
}

// True if `visit` is for a value at the steps from `step` on; values behind that one are left out.
template <std::predicate<const json::value&> Visit>
bool any_value(const json::value& value, std::vector<part>::const_iterator step,
               std::vector<part>::const_iterator end, Visit& visit) {
  if (step == end) return visit(value);
  if (step->is == part::kind::key) {
    const auto* object = value.if_object();
    const auto* member = object == nullptr ? nullptr : object->if_contains(step->key);
    return member != nullptr && any_value(*member, step + 1, end, visit);
  }
  const auto* array = value.if_array();
  if (array == nullptr) return false;
  if (step->is == part::kind::index)
    return step->index < array->size() && any_value((*array)[step->index], step + 1, end, visit);
  return std::any_of(array->begin(), array->end(), [&](const json::value& element) {
    return any_value(element, step + 1, end, visit);
  });
}

template <std::predicate<const json::value&> Visit>
bool any_value(const json::object& payload, const json_path& path, Visit visit) {
  const auto begin = path.parts.begin();
  const auto* member = payload.if_contains(begin->key);
  return member != nullptr && any_value(*member, begin + 1, path.parts.end(), visit);
}

// Whether the values hold one that equals `value`, or nothing if none of them is of its kind.
std::optional<bool> among(const match_values& values, const json::value& value) {
  if (const auto* strings = std::get_if<std::vector<std::string>>(&values)) {
    const auto* text = value.if_string();
    if (text == nullptr) return std::nullopt;
    return std::binary_search(strings->begin(), strings->end(), text_of(*text), std::less<>());
  }
  const auto* integer = value.if_int64();
  if (integer == nullptr) return std::nullopt;
  const auto& integers = std::get<std::vector<std::int64_t>>(values);
  return std::binary_search(integers.begin(), integers.end(), *integer);
}

bool has_word_of(std::string_view text, std::string_view words) {
  constexpr std::string_view spaces = " \t\n\v\f\r";
  while (true) {
    const auto begin = words.find_first_not_of(spaces);
    if (begin == std::string_view::npos) return false;
    words.remove_prefix(begin);
    const auto word = words.substr(0, words.find_first_of(spaces));
    if (text.find(word) != std::string_view::npos) return true;
    words.remove_prefix(word.size());
  }
}

bool passes(const match_value& test, const json::value& value) {
  if (const auto* text = std::get_if<std::string>(&test.value))
    return value.is_string() && text_of(value.get_string()) == *text;
  if (const auto* integer = std::get_if<std::int64_t>(&test.value))
    return value.is_int64() && value.get_int64() == *integer;
  return value.is_bool() && value.get_bool() == std::get<bool>(test.value);
}

bool passes(const match_text& test, const json::value& value) {
  if (!value.is_string()) return false;
  const auto text = text_of(value.get_string());
  if (test.is == match_text::kind::any_word) return has_word_of(text, test.text);
  return text.find(test.text) != std::string_view::npos;
}

bool passes(const match_any& test, const json::value& value) {
  return among(test.values, value).value_or(false);
}

bool passes(const match_except& test, const json::value& value) {
  return !value.is_null() && !among(test.values, value).value_or(false);
}

bool passes(const number_range& test, const json::value& value) {
  const auto number = number_of(value);
  return number && test.contains(*number);
}

bool passes(const datetime_range& test, const json::value& value) {
  if (!value.is_string()) return false;
  const auto moment = parse_datetime_us(text_of(value.get_string()));
  return moment && test.contains(*moment);
}

template <class Area>
requires requires(const Area& area, geo_point place) { area.contains(place); }
bool passes(const Area& area, const json::value& value) {
  const auto* object = value.if_object();
  if (object == nullptr) return false;
  const auto* lon = object->if_contains("lon");
  const auto* lat = object->if_contains("lat");
  if (lon == nullptr || lat == nullptr || !is_number(*lon) || !is_number(*lat)) return false;
  return area.contains(geo_point{*number_of(*lon), *number_of(*lat)});
}

// Tests of a field's value as a whole.
bool whole(const values_count& test, const json::value& value) {
  if (value.is_null()) return test.contains(0);
  return test.contains(value.is_array() ? value.get_array().size() : 1);
}

bool whole(const field_empty& test, const json::value& value) {
  const bool empty = value.is_null() || (value.is_array() && value.get_array().empty());
  return empty == test.expected;
}

bool whole(const field_null& test, const json::value& value) {
  const auto* array = value.if_array();
  const bool null = array == nullptr
                        ? value.is_null()
                        : std::any_of(array->begin(), array->end(),
                                      [](const json::value& element) { return element.is_null(); });
  return null == test.expected;
}

// Tests of its elements, if it is an array.
template <class Test>
bool whole(const Test& test, const json::value& value) {
  const auto* array = value.if_array();
  if (array == nullptr) return passes(test, value);
  return std::any_of(array->begin(), array->end(),
                     [&](const json::value& element) { return passes(test, element); });
}

// Tests of a field that is not there.
bool missing(const field_empty& test) { return test.expected; }
bool missing(const field_null& test) { return !test.expected; }
template <class Test>
bool missing(const Test&) {
  return false;
}

class evaluation {
 public:
  evaluation(const filter_subject& subject, const json::object* element)
      : subject_(subject), element_(element) {}

  [[nodiscard]] bool passes_all(const filter& asked) const {
    const auto holds = [this](const condition& one) { return check(one); };
    if (!asked.should.empty() && std::none_of(asked.should.begin(), asked.should.end(), holds))
      return false;
    return enough(asked) && std::all_of(asked.must.begin(), asked.must.end(), holds) &&
           std::none_of(asked.must_not.begin(), asked.must_not.end(), holds);
  }

 private:
  // The element that a nested condition looks at, or the payload.
  [[nodiscard]] const json::object& fields() const {
    return element_ != nullptr ? *element_ : subject_.payload();
  }

  [[nodiscard]] bool enough(const filter& asked) const {
    if (asked.min_should.empty()) return true;
    std::uint64_t held = 0;
    for (auto one = asked.min_should.begin();
         one != asked.min_should.end() && held < asked.min_count; ++one)
      held += check(*one) ? 1 : 0;
    return held >= asked.min_count;
  }

  [[nodiscard]] bool check(const condition& one) const {
    return std::visit([this](const auto& kind) { return holds(kind); }, one.is);
  }

  [[nodiscard]] bool holds(const field_condition& one) const {
    bool found = false;
    const auto passes_one = [&](const json::value& value) {
      found = true;
      return std::any_of(one.tests.begin(), one.tests.end(), [&](const field_test& test) {
        return std::visit([&](const auto& kind) { return whole(kind, value); }, test);
      });
    };
    if (any_value(fields(), one.path, passes_one)) return true;
    return !found && std::any_of(one.tests.begin(), one.tests.end(), [](const field_test& test) {
      return std::visit([](const auto& kind) { return missing(kind); }, test);
    });
  }

  [[nodiscard]] bool holds(const is_empty_condition& one) const {
    return !any_value(fields(), one.path, [](const json::value& value) {
      return !value.is_null() && !(value.is_array() && value.get_array().empty());
    });
  }

  [[nodiscard]] bool holds(const is_null_condition& one) const {
    return any_value(fields(), one.path, [](const json::value& value) { return value.is_null(); });
  }

  [[nodiscard]] bool holds(const has_id_condition& one) const {
    return std::binary_search(one.ids.begin(), one.ids.end(), subject_.id());
  }

  [[nodiscard]] bool holds(const has_vector_condition& one) const {
    return subject_.has_vector(one.name);
  }

  [[nodiscard]] bool holds(const nested_condition& one) const {
    return any_value(fields(), one.path, [&](const json::value& value) {
      const auto* object = value.if_object();
      return object != nullptr && evaluation(subject_, object).passes_all(one.within);
    });
  }

  [[nodiscard]] bool holds(const filter& one) const { return passes_all(one); }

  const filter_subject& subject_;
  const json::object* element_;
};

}  // namespace

bool filter::empty() const noexcept {
  return must.empty() && should.empty() && must_not.empty() && min_should.empty();
}

// Payloads of a usual size need no memory beyond this.
struct filter_subject::parsed_text {
  std::array<unsigned char, 4096> room;
  json::monotonic_resource memory{room.data(), room.size()};
  std::optional<json::value> value;
};

filter_subject::filter_subject(const point_id& id, std::string_view payload_json,
                               std::vector<std::string_view> vector_names)
    : id_(id), payload_json_(payload_json), vector_names_(std::move(vector_names)) {
  if (payload_json.empty()) payload_ = &no_payload();
}

filter_subject::filter_subject(const point_id& id, const json::object* parsed,
                               std::vector<std::string_view> vector_names)
    : id_(id),
      vector_names_(std::move(vector_names)),
      payload_(parsed != nullptr ? parsed : &no_payload()) {}

filter_subject::filter_subject(const point& whole)
    : filter_subject(whole.id, whole.payload.json, {}) {
  for (const auto& vector : whole.vectors) vector_names_.emplace_back(vector.name);
}

filter_subject::~filter_subject() = default;

bool filter_subject::has_vector(std::string_view name) const noexcept {
  return std::find(vector_names_.begin(), vector_names_.end(), name) != vector_names_.end();
}

const json::object& filter_subject::payload() const {
  if (payload_ != nullptr) return *payload_;
  text_ = std::make_unique_for_overwrite<parsed_text>();
  text_->value = parse_payload(payload_json_, &text_->memory);
  const auto* object = text_->value ? text_->value->if_object() : nullptr;
  payload_ = object != nullptr ? object : &no_payload();
  return *payload_;
}

bool matches(const filter& asked, const filter_subject& subject) {
  return evaluation(subject, nullptr).passes_all(asked);
}

}  // namespace thespis
