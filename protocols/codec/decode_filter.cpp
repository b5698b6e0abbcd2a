// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_filter.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/limits.hpp"
#include "protocols/codec/decode_field_test.hpp"
#include "protocols/codec/fields.hpp"
#include "protocols/codec/utf8.hpp"

namespace thespis::codec {

namespace {

using kind = json_reader::kind;

constexpr std::string_view clauses = "'must', 'should', 'must_not', 'min_should'";
constexpr std::string_view field_tests =
    "'match', 'range', 'geo_bounding_box', 'geo_radius', 'geo_polygon', 'values_count', "
    "'is_empty', 'is_null'";

void refuse(json_reader& in, std::string_view message) { in.fail(errc::invalid_argument, message); }

json_path read_keyed_path(json_reader& in) {
  json_path out;
  std::string_view key;
  bool filled = false;
  in.begin_object();
  while (in.next_key(key)) {
    if (key != "key") {
      refuse_unknown(in, key, "'key'");
      break;
    }
    out = read_path(in);
    filled = true;
  }
  if (!filled) refuse_missing(in, "key");
  return out;
}

// A condition while its fields come, in any order.
struct draft {
  enum class family : std::uint8_t {
    unknown,
    field,
    is_empty,
    is_null,
    has_id,
    has_vector,
    nested,
    filter
  };
  family is = family::unknown;
  std::string first_key;
  bool has_path = false;
  bool alone = false;  // one of the tests bears no other
  field_condition field;
  condition other;
  thespis::filter inner;
};

class filter_reader {
 public:
  explicit filter_reader(json_reader& in) : in_(in) {}

  void read(filter& out) {
    std::string_view key;
    if (!enter()) return;
    in_.begin_object();
    while (in_.next_key(key))
      if (!read_clause(key, out)) refuse_unknown(in_, key, clauses);
    --depth_;
  }

 private:
  bool enter() {
    if (++depth_ <= limits::filter_depth_max) return true;
    refuse(in_, "filters nested " + std::to_string(depth_) + " deep, at most " +
                    std::to_string(limits::filter_depth_max));
    return false;
  }

  bool read_clause(std::string_view key, filter& out) {
    if (key == "must")
      read_conditions(out.must);
    else if (key == "should")
      read_conditions(out.should);
    else if (key == "must_not")
      read_conditions(out.must_not);
    else if (key == "min_should")
      read_min_should(out);
    else
      return false;
    return true;
  }

  void read_conditions(std::vector<condition>& out) {
    if (in_.read_null()) return;
    switch (in_.peek()) {
      case kind::object: return read_condition(out.emplace_back());
      case kind::array:
        in_.begin_array();
        while (in_.next_element()) read_condition(out.emplace_back());
        return;
      default: return in_.fail_expected("a condition, a list of conditions or null");
    }
  }

  void read_min_should(filter& out) {
    if (in_.read_null()) return;
    std::string_view key;
    bool has_conditions = false;
    bool has_count = false;
    in_.begin_object();
    while (in_.next_key(key)) {
      if (key == "conditions") {
        in_.begin_array();
        while (in_.next_element()) read_condition(out.min_should.emplace_back());
        has_conditions = true;
      } else if (key == "min_count") {
        out.min_count = in_.read_unsigned();
        has_count = true;
      } else {
        refuse_unknown(in_, key, "'conditions' and 'min_count'");
      }
    }
    if (!has_conditions) refuse_missing(in_, "conditions");
    if (!has_count) refuse_missing(in_, "min_count");
  }

  void read_condition(condition& out) {
    if (++conditions_ > limits::filter_conditions_max)
      return refuse(in_, "more conditions in one filter than " +
                             std::to_string(limits::filter_conditions_max));
    if (in_.peek() != kind::object) return in_.fail_expected("a condition (an object)");
    draft made;
    std::string_view key;
    in_.begin_object();
    while (in_.next_key(key)) read_member(key, made);
    if (in_.ok()) finish(made, out);
  }

  void finish(draft& made, condition& out) {
    switch (made.is) {
      case draft::family::unknown: out.is = filter{}; return;  // `{}` asks nothing
      case draft::family::filter: out.is = std::move(made.inner); return;
      case draft::family::field:
        if (!made.has_path) return refuse_missing(in_, "key");
        if (made.field.tests.empty())
          return refuse(in_, "a field condition needs one of " + std::string(field_tests));
        if (made.alone && made.field.tests.size() > 1)
          return refuse(in_,
                        "'values_count', 'is_empty' and 'is_null' stand alone in a condition; "
                        "write one condition for each");
        out.is = std::move(made.field);
        return;
      default: out = std::move(made.other); return;
    }
  }

  // A condition is of one kind.
  bool adopt(draft& made, draft::family family, std::string_view key) {
    if (made.is == draft::family::unknown) {
      made.is = family;
      made.first_key = key;
    }
    if (made.is == family) return true;
    refuse(in_, "'" + std::string(key) + "' does not go with '" + made.first_key +
                    "'; write one condition for each");
    return false;
  }

  void read_member(std::string_view key, draft& made) {
    if (key == "must" || key == "should" || key == "must_not" || key == "min_should") {
      if (!adopt(made, draft::family::filter, key) || !enter()) return;
      (void)read_clause(key, made.inner);
      --depth_;
    } else if (key == "has_id" || key == "has_vector") {
      read_of_point(key, made);
    } else if (key == "nested") {
      if (adopt(made, draft::family::nested, key)) made.other.is = read_nested();
    } else if ((key == "is_empty" || key == "is_null") && in_.peek() == kind::object) {
      const bool empty = key == "is_empty";
      if (!adopt(made, empty ? draft::family::is_empty : draft::family::is_null, key)) return;
      if (empty)
        made.other.is = is_empty_condition{read_keyed_path(in_)};
      else
        made.other.is = is_null_condition{read_keyed_path(in_)};
    } else {
      read_field_member(key, made);
    }
  }

  void read_of_point(std::string_view key, draft& made) {
    const bool id = key == "has_id";
    if (within_nested_)
      return refuse(in_, "'" + std::string(key) +
                             "' is of the point, not of an element; write it beside 'nested'");
    if (!adopt(made, id ? draft::family::has_id : draft::family::has_vector, key)) return;
    if (!id) {
      made.other.is = has_vector_condition{in_.read_string()};
      return;
    }
    has_id_condition one{read_point_ids(in_)};
    std::sort(one.ids.begin(), one.ids.end());
    one.ids.erase(std::unique(one.ids.begin(), one.ids.end()), one.ids.end());
    made.other.is = std::move(one);
  }

  void read_field_member(std::string_view key, draft& made) {
    auto& tests = made.field.tests;
    const bool known = key == "key" || key == "match" || key == "range" ||
                       key == "geo_bounding_box" || key == "geo_radius" || key == "geo_polygon" ||
                       key == "values_count" || key == "is_empty" || key == "is_null";
    if (!known)
      return refuse_unknown(in_, key,
                            "'key' with one of " + std::string(field_tests) +
                                ", or 'has_id', "
                                "'has_vector', 'nested', " +
                                std::string(clauses));
    if (!adopt(made, draft::family::field, key)) return;
    if (key == "key") {
      made.field.path = read_path(in_);
      made.has_path = true;
      return;
    }
    if (in_.read_null()) return;
    if (key == "match") tests.push_back(read_match(in_));
    if (key == "range") tests.push_back(read_range(in_));
    if (key == "geo_bounding_box") tests.emplace_back(read_box(in_));
    if (key == "geo_radius") tests.emplace_back(read_circle(in_));
    if (key == "geo_polygon") tests.emplace_back(read_polygon(in_));
    if (key == "values_count") tests.emplace_back(read_values_count(in_));
    if (key == "is_empty") tests.emplace_back(field_empty{in_.read_bool()});
    if (key == "is_null") tests.emplace_back(field_null{in_.read_bool()});
    made.alone |= key == "values_count" || key == "is_empty" || key == "is_null";
  }

  nested_condition read_nested() {
    nested_condition out;
    std::string_view key;
    bool has_path = false;
    bool has_filter = false;
    const bool before = std::exchange(within_nested_, true);
    in_.begin_object();
    while (in_.next_key(key)) {
      if (key == "key") {
        out.path = read_path(in_).into_elements();
        has_path = true;
      } else if (key == "filter") {
        read(out.within);
        has_filter = true;
      } else {
        refuse_unknown(in_, key, "'key' and 'filter'");
      }
    }
    within_nested_ = before;
    if (!has_path) refuse_missing(in_, "key");
    if (!has_filter) refuse_missing(in_, "filter");
    return out;
  }

  json_reader& in_;
  std::size_t depth_ = 0;
  std::size_t conditions_ = 0;
  bool within_nested_ = false;
};

}  // namespace

json_path read_path(json_reader& in) {
  const auto text = in.read_string();
  if (!in.ok()) return {};
  auto path = json_path::parse(text);
  if (path) return std::move(*path);
  in.fail(path.error().code, "'" + std::string(shown(text, 64)) + "': " + path.error().message);
  return {};
}

filter read_filter(json_reader& in) {
  filter out;
  if (!in.read_null()) filter_reader(in).read(out);
  return out;
}

}  // namespace thespis::codec
