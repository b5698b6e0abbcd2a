// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/jsonl_source.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <cstring>

#include "apps/dump/export_header.hpp"
#include "apps/importer/export_source.hpp"
#include "apps/importer/line_reader.hpp"
#include "core/limits.hpp"

namespace thespis::importer {

namespace {

namespace json = boost::json;

struct parsed_line {
  std::optional<point_id> id;
  std::vector<vector_column> columns;  // sorted by name
  std::string payload;
};

result<std::vector<float>> floats(const json::value& value) {
  const auto* array = value.if_array();
  if (array == nullptr) return error(errc::invalid_argument, "a vector is a list of numbers");
  if (array->empty() || array->size() > limits::dimension_max)
    return error(errc::invalid_argument,
                 "vector has " + std::to_string(array->size()) + " numbers; 1 to " +
                     std::to_string(limits::dimension_max) + " are possible");
  std::vector<float> out;
  out.reserve(array->size());
  for (const auto& item : *array) {
    boost::system::error_code failure;
    const auto number = item.to_number<double>(failure);
    const auto single = static_cast<float>(number);
    if (failure || !std::isfinite(single))
      return error(errc::invalid_argument, "vector component " + std::to_string(out.size()) +
                                               " is no finite 32-bit number");
    out.push_back(single);
  }
  return out;
}

result<point_id> id_of(const json::value& value) {
  if (const auto* text = value.if_string())
    return point_id::from_string(std::string_view(text->data(), text->size()));
  boost::system::error_code failure;
  const bool whole = value.is_int64() || value.is_uint64();
  const auto number = whole ? value.to_number<std::uint64_t>(failure) : 0;
  if (!whole || failure)
    return error(errc::invalid_argument,
                 "id is no unsigned number and no text: " + json::serialize(value).substr(0, 64));
  return point_id(number);
}

result<std::vector<vector_column>> columns_of(const json::value& value) {
  std::vector<vector_column> out;
  const auto* names = value.if_object();
  if (names == nullptr) {
    THESPIS_TRY(auto values, floats(value));
    const auto size = static_cast<std::uint32_t>(values.size());
    out.push_back({{"", size}, std::move(values)});
    return out;
  }
  if (names->empty() || names->size() > limits::vector_names_max)
    return error(errc::invalid_argument, std::to_string(names->size()) + " named vectors; 1 to " +
                                             std::to_string(limits::vector_names_max) +
                                             " are possible");
  for (const auto& [name, list] : *names) {
    auto values = floats(list);
    if (!values)
      return error(values.error().code, "'" + std::string(name) + "': " + values.error().message);
    const auto size = static_cast<std::uint32_t>(values->size());
    out.push_back({{std::string(name), size}, std::move(*values)});
  }
  std::sort(out.begin(), out.end(),
            [](const auto& a, const auto& b) { return a.shape.name < b.shape.name; });
  return out;
}

result<parsed_line> parse_line(std::string_view text) {
  boost::system::error_code failure;
  json::parse_options rules;
  rules.max_depth = limits::json_depth_max;
  const auto value = json::parse({text.data(), text.size()}, failure, {}, rules);
  if (failure) return error(errc::invalid_argument, "no JSON: " + failure.message());
  const auto* object = value.if_object();
  if (object == nullptr) return error(errc::invalid_argument, "expected a JSON object");
  parsed_line out;
  for (const auto& [key, member] : *object) {
    if (key == "id") {
      THESPIS_TRY(out.id, id_of(member));
    } else if (key == "vector") {
      THESPIS_TRY(out.columns, columns_of(member));
    } else if (key == "payload") {
      if (!member.is_object() && !member.is_null())
        return error(errc::invalid_argument, "payload is no JSON object");
      if (member.is_object()) out.payload = json::serialize(member);
    } else {
      return error(errc::invalid_argument, "unknown key '" + std::string(key).substr(0, 64) +
                                               "'; known are id, vector, payload");
    }
  }
  if (out.columns.empty()) return error(errc::invalid_argument, "the key 'vector' is missing");
  if (out.payload.size() > limits::payload_bytes_max)
    return error(errc::too_large, "payload of " + std::to_string(out.payload.size()) +
                                      " bytes, at most " +
                                      std::to_string(limits::payload_bytes_max));
  return out;
}

class jsonl_source final : public point_source {
 public:
  jsonl_source(line_reader in, const source_options& options)
      : in_(std::move(in)), options_(options) {}

  // Reads the first point, which says what all the others look like.
  result<void> begin() {
    THESPIS_TRY(first_, next_point());
    if (!first_) return error(errc::invalid_argument, in_.name() + ": holds no point");
    for (const auto& column : first_->columns) shapes_.push_back(column.shape);
    return ok();
  }

  const std::vector<vector_shape>& shapes() const noexcept override { return shapes_; }
  std::optional<std::uint64_t> rows() const noexcept override { return std::nullopt; }

  result<void> skip(std::uint64_t rows) override {
    for (std::uint64_t i = 0; i < rows; ++i) {
      THESPIS_TRY(const auto passed, take());
      if (!passed)
        return error(errc::invalid_argument, in_.name() + ": cannot skip " + std::to_string(rows) +
                                                 " rows of " + std::to_string(next_row_));
    }
    return ok();
  }

  result<point_batch> read(std::size_t rows_max) override {
    point_batch out;
    out.first_row = next_row_;
    for (const auto& shape : shapes_) out.columns.push_back({shape, {}});
    bool any_payload = false;
    while (out.ids.size() < rows_max) {
      THESPIS_TRY(auto point, take());
      if (!point) break;
      out.ids.push_back(*point->id);
      for (std::size_t i = 0; i < shapes_.size(); ++i) {
        auto& to = out.columns[i].values;
        to.insert(to.end(), point->columns[i].values.begin(), point->columns[i].values.end());
      }
      any_payload = any_payload || !point->payload.empty();
      out.payloads.push_back(std::move(point->payload));
    }
    if (!any_payload) out.payloads.clear();
    return out;
  }

 private:
  // The next point with its id; nothing at the end.
  result<std::optional<parsed_line>> take() {
    std::optional<parsed_line> point;
    if (first_) {
      point = std::move(first_);
      first_.reset();
    } else {
      THESPIS_TRY(point, next_point());
    }
    if (!point) return point;
    if (!point->id && !options_.first_id)
      return in_.refused(error(errc::invalid_argument,
                               "the key 'id' is missing; --first-id numbers "
                               "such points"));
    if (!point->id) point->id = point_id(*options_.first_id + next_row_);
    ++next_row_;
    return point;
  }

  result<std::optional<parsed_line>> next_point() {
    for (;;) {
      THESPIS_TRY(const auto text, in_.next());
      if (!text) return std::optional<parsed_line>();
      if (text->find_first_not_of(" \t\r") == std::string_view::npos) continue;
      auto point = parse_line(*text);
      if (!point) return in_.refused(point.error());
      if (!shapes_.empty()) THESPIS_CHECK(same_shapes(*point));
      return std::optional<parsed_line>(std::move(*point));
    }
  }

  result<void> same_shapes(const parsed_line& point) const {
    if (point.columns.size() != shapes_.size())
      return in_.refused(error(errc::invalid_argument, std::to_string(point.columns.size()) +
                                                           " vectors, the first point has " +
                                                           std::to_string(shapes_.size())));
    for (std::size_t i = 0; i < shapes_.size(); ++i) {
      const auto& shape = point.columns[i].shape;
      if (shape.name != shapes_[i].name)
        return in_.refused(
            error(errc::invalid_argument,
                  "vector '" + shape.name + "', the first point has '" + shapes_[i].name + "'"));
      if (shape.size != shapes_[i].size)
        return in_.refused(error(errc::dimension_mismatch, "vector has " +
                                                               std::to_string(shape.size) +
                                                               " dimensions, the first point has " +
                                                               std::to_string(shapes_[i].size)));
    }
    return ok();
  }

  line_reader in_;
  source_options options_;
  std::vector<vector_shape> shapes_;
  std::optional<parsed_line> first_;
  std::uint64_t next_row_ = 0;
};

}  // namespace

result<std::unique_ptr<point_source>> open_jsonl(std::unique_ptr<byte_reader> in,
                                                 const source_options& options) {
  line_reader lines(std::move(in));
  THESPIS_TRY(const auto first, lines.next());
  const bool exported = first && dump::is_header(*first);
  if (first) lines.put_back();
  if (exported) return open_export(std::move(lines), options);
  auto source = std::make_unique<jsonl_source>(std::move(lines), options);
  THESPIS_CHECK(source->begin());
  return std::unique_ptr<point_source>(std::move(source));
}

}  // namespace thespis::importer
