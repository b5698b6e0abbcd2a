// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/jsonl_source.hpp"

#include <limits>
#include <map>
#include <utility>

#include "apps/dump/export_header.hpp"
#include "apps/importer/export_source.hpp"
#include "apps/importer/line_reader.hpp"
#include "apps/importer/point_line.hpp"

namespace thespis::importer {

namespace {

constexpr std::size_t batch_bytes_max = 8u << 20;  // of text

class jsonl_source final : public point_source {
 public:
  jsonl_source(line_reader in, const source_options& options)
      : in_(std::move(in)), options_(options) {}

  // Reads the first point, which says what a collection for it is like.
  result<void> begin() {
    THESPIS_TRY(first_, next_point());
    if (!first_) return error(errc::invalid_argument, in_.name() + ": holds no point");
    first_line_ = in_.line();
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
    out.file = in_.name();
    std::vector<point_line> points;
    std::size_t bytes = 0;
    while (!failure_ && points.size() < rows_max && bytes < batch_bytes_max) {
      const auto line = first_ ? first_line_ : 0;
      auto point = take();
      if (!point) {
        failure_ = point.error();
        break;
      }
      if (!*point) break;
      bytes += (*point)->vector.size() + (*point)->payload.size();
      out.lines.push_back(line != 0 ? line : in_.line());
      points.push_back(std::move(**point));
    }
    // What comes before the bad line is handed out first.
    if (failure_ && points.empty()) return *failure_;
    if (uniform(points))
      fill_columns(out, points);
    else
      for (const auto& point : points) out.json.push_back(upsert_object(point));
    return out;
  }

 private:
  // The next point with its id; nothing at the end.
  result<std::optional<point_line>> take() {
    auto point = std::exchange(first_, std::nullopt);
    if (!point) {
      THESPIS_TRY(point, next_point());
    }
    if (!point) return point;
    if (!point->id && !options_.first_id)
      return in_.refused(
          error(errc::invalid_argument, "the key 'id' is missing; --first-id numbers such points"));
    if (!point->id && next_row_ > std::numeric_limits<std::uint64_t>::max() - *options_.first_id)
      return in_.refused(error(errc::invalid_argument, "its id would pass the largest one"));
    if (!point->id) point->id = point_id(*options_.first_id + next_row_);
    ++next_row_;
    return point;
  }

  result<std::optional<point_line>> next_point() {
    for (;;) {
      THESPIS_TRY(const auto text, in_.next());
      if (!text) return std::optional<point_line>();
      if (text->find_first_not_of(" \t\r") == std::string_view::npos) continue;
      auto point = parse_point_line(*text);
      if (!point) return in_.refused(point.error());
      THESPIS_CHECK(check_sizes(*point));
      return std::optional<point_line>(std::move(*point));
    }
  }

  // Vectors of one name are of one length, which the first of them tells.
  result<void> check_sizes(const point_line& point) {
    for (const auto& column : point.columns) {
      const auto [known, fresh] = sizes_.emplace(column.shape.name, column.shape.size);
      if (fresh || known->second == column.shape.size) continue;
      return in_.refused(
          error(errc::dimension_mismatch,
                (column.shape.name.empty() ? "vector" : "vector '" + column.shape.name + "'") +
                    " has " + std::to_string(column.shape.size) +
                    " dimensions, the first one has " + std::to_string(known->second)));
    }
    return ok();
  }

  // Whether the points fit into columns of `shapes_`; any others are sent as they are written.
  bool uniform(const std::vector<point_line>& points) const {
    if (shapes_.empty()) return points.empty();
    for (const auto& point : points) {
      if (point.columns.size() != shapes_.size()) return false;
      for (std::size_t i = 0; i < shapes_.size(); ++i)
        if (point.columns[i].shape != shapes_[i]) return false;
    }
    return true;
  }

  void fill_columns(point_batch& out, std::vector<point_line>& points) const {
    bool any_payload = false;
    for (const auto& shape : shapes_) out.columns.push_back({shape, {}});
    for (auto& point : points) {
      out.ids.push_back(std::move(*point.id));
      for (std::size_t i = 0; i < shapes_.size(); ++i) {
        auto& to = out.columns[i].values;
        to.insert(to.end(), point.columns[i].values.begin(), point.columns[i].values.end());
      }
      any_payload = any_payload || !point.payload.empty();
      out.payloads.push_back(std::move(point.payload));
    }
    if (!any_payload) out.payloads.clear();
  }

  line_reader in_;
  source_options options_;
  std::vector<vector_shape> shapes_;
  std::map<std::string, std::uint32_t> sizes_;
  std::optional<point_line> first_;
  std::uint64_t first_line_ = 0;
  std::optional<error> failure_;
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
