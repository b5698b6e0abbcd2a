// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/export_source.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "apps/dump/json_slices.hpp"
#include "core/limits.hpp"
#include "protocols/codec/json_reader.hpp"

namespace thespis::importer {

namespace {

constexpr std::size_t batch_bytes_max = 8u << 20;

// Names of vectors as JSON text has them, with the length of dense ones; 0: any.
using vector_names = std::map<std::string, std::uint64_t, std::less<>>;

std::uint64_t size_of(const std::vector<dump::json_member>& params) {
  const auto text = dump::member_of(params, "size");
  std::uint64_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

result<vector_names> names_of(const dump::export_header& header) {
  vector_names out;
  THESPIS_TRY(const auto create, dump::json_members(header.create));
  if (const auto vectors = dump::member_of(create, "vectors"); !vectors.empty()) {
    THESPIS_TRY(const auto members, dump::json_members(vectors));
    const auto size = dump::member_of(members, "size");
    const bool single = !size.empty() && size.front() != '{';
    if (single) out.emplace("", size_of(members));
    for (const auto& [name, params] : members) {
      if (single) break;
      THESPIS_TRY(const auto one, dump::json_members(params));
      out.emplace(name, size_of(one));
    }
  }
  if (const auto sparse = dump::member_of(create, "sparse_vectors"); !sparse.empty()) {
    THESPIS_TRY(const auto members, dump::json_members(sparse));
    for (const auto& member : members) out.emplace(member.first, 0);
  }
  return out;
}

// A flat list of numbers as compact text.
std::uint64_t numbers_in(std::string_view list) {
  if (list == "[]") return 0;
  return static_cast<std::uint64_t>(std::count(list.begin(), list.end(), ',')) + 1;
}

class export_source final : public point_source {
 public:
  export_source(line_reader in, dump::export_header header, vector_names names)
      : in_(std::move(in)), header_(std::move(header)), names_(std::move(names)) {}

  const std::vector<vector_shape>& shapes() const noexcept override { return shapes_; }
  const dump::export_header* header() const noexcept override { return &header_; }
  std::optional<std::uint64_t> rows() const noexcept override { return header_.points; }

  result<void> skip(std::uint64_t rows) override {
    for (std::uint64_t i = 0; i < rows; ++i) {
      THESPIS_TRY(const auto line, next_line());
      if (!line)
        return error(errc::invalid_argument, in_.name() + ": cannot skip " + std::to_string(rows) +
                                                 " points of " + std::to_string(next_row_));
    }
    return ok();
  }

  result<point_batch> read(std::size_t rows_max) override {
    point_batch out;
    out.first_row = next_row_;
    out.file = in_.name();
    std::size_t bytes = 0;
    while (!failure_ && out.json.size() < rows_max && bytes < batch_bytes_max) {
      auto point = next_point();
      if (!point) {
        failure_ = point.error();
        break;
      }
      if (point->empty()) break;
      out.lines.push_back(in_.line());
      bytes += point->size();
      out.json.push_back(std::move(*point));
    }
    // What comes before the bad line is handed out first.
    if (failure_ && out.json.empty()) return *failure_;
    return out;
  }

 private:
  // Empty at the end.
  result<std::string> next_point() {
    THESPIS_TRY(const auto line, next_line());
    if (!line) return std::string();
    auto point = checked(*line);
    if (!point) return in_.refused(point.error());
    return point;
  }

  // Nothing behind the last line that the header promises.
  result<std::optional<std::string_view>> next_line() {
    THESPIS_TRY(const auto line, in_.next());
    if (!line && next_row_ < header_.points)
      return error(errc::corruption, in_.name() + ": ends behind line " +
                                         std::to_string(in_.line()) + " with " +
                                         std::to_string(next_row_) + " points, its header names " +
                                         std::to_string(header_.points) + "; it was cut off");
    if (!line) return line;
    if (!in_.ended())
      return in_.refused(error(errc::corruption, "the last line has no end; the file was cut off"));
    if (next_row_ == header_.points)
      return in_.refused(error(
          errc::corruption, "the header names only " + std::to_string(header_.points) + " points"));
    ++next_row_;
    return line;
  }

  result<std::string> checked(std::string_view line) const {
    std::string id;
    std::string vector;
    std::string payload;
    std::string_view key;
    codec::json_reader in(line, limits::json_depth_max);
    in.begin_object();
    while (in.next_key(key)) {
      if (key == "id") {
        in.read_compact(id, limits::import_line_bytes_max);
      } else if (key == "vector") {
        in.read_compact(vector, limits::import_line_bytes_max);
      } else if (key == "payload") {
        in.read_compact(payload, limits::import_line_bytes_max);
      } else {
        in.fail(errc::invalid_argument, "unknown key; known are id, vector, payload");
      }
    }
    THESPIS_CHECK(in.finish());
    if (id.empty() || vector.empty())
      return error(errc::invalid_argument, "the key 'id' or 'vector' is missing");
    THESPIS_CHECK(check_vectors(vector));
    auto out = "{\"id\":" + id + ",\"vector\":" + vector;
    if (!payload.empty()) out += ",\"payload\":" + payload;
    return out + "}";
  }

  result<void> check_vectors(std::string_view vector) const {
    if (!vector.starts_with('{')) return check_vector("", vector);
    THESPIS_TRY(const auto members, dump::json_members(vector));
    for (const auto& [name, value] : members) THESPIS_CHECK(check_vector(name, value));
    return ok();
  }

  result<void> check_vector(std::string_view name, std::string_view value) const {
    const auto known = names_.find(name);
    if (known == names_.end())
      return error(errc::invalid_argument,
                   "the header names no vector '" + std::string(name.substr(0, 64)) + "'");
    if (known->second == 0 || !value.starts_with('[')) return ok();
    if (!value.starts_with("[[")) return check_size(name, value, known->second);
    THESPIS_TRY(const auto rows, dump::json_elements(value));
    for (const auto row : rows) THESPIS_CHECK(check_size(name, row, known->second));
    return ok();
  }

  static result<void> check_size(std::string_view name, std::string_view list,
                                 std::uint64_t expected) {
    const auto found = numbers_in(list);
    if (found == expected) return ok();
    return error(errc::dimension_mismatch,
                 (name.empty() ? "vector" : "vector '" + std::string(name) + "'") + " has " +
                     std::to_string(found) + " dimensions, expected " + std::to_string(expected));
  }

  line_reader in_;
  dump::export_header header_;
  vector_names names_;
  std::vector<vector_shape> shapes_;
  std::uint64_t next_row_ = 0;
  std::optional<error> failure_;
};

}  // namespace

result<std::unique_ptr<point_source>> open_export(line_reader in, const source_options& options) {
  THESPIS_TRY(const auto line, in.next());
  if (!line) return error(errc::invalid_argument, in.name() + ": holds no header");
  if (!in.ended())
    return in.refused(error(errc::corruption, "the header has no end; the file was cut off"));
  auto header = dump::decode_header(*line);
  if (!header) return in.refused(header.error());
  auto names = names_of(*header);
  if (!names) return in.refused(names.error());
  if (options.first_id)
    return error(errc::invalid_argument,
                 in.name() + ": an exported collection has its ids; --first-id is for other files");
  return std::unique_ptr<point_source>(
      std::make_unique<export_source>(std::move(in), std::move(*header), std::move(*names)));
}

}  // namespace thespis::importer
