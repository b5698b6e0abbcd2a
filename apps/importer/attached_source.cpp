// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/attached_source.hpp"

#include <algorithm>
#include <charconv>

#include "apps/importer/line_reader.hpp"
#include "core/limits.hpp"
#include "protocols/codec/json_reader.hpp"

namespace thespis::importer {

namespace {

result<point_id> id_of(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool digits = !line.empty() && std::all_of(line.begin(), line.end(),
                                                   [](char c) { return c >= '0' && c <= '9'; });
  if (digits) {
    std::uint64_t number = 0;
    const auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (failure == std::errc{}) return point_id(number);
    return error(errc::invalid_argument,
                 "id " + std::string(line.substr(0, 64)) + " is larger than 18446744073709551615");
  }
  if (!line.starts_with('"')) return point_id::from_string(line);
  codec::json_reader in(line, limits::json_depth_max);
  const auto text = in.read_string();
  THESPIS_CHECK(in.finish());
  return point_id::from_string(text);
}

result<std::string> payload_of(std::string_view line) {
  std::string out;
  codec::json_reader in(line, limits::json_depth_max);
  if (in.read_null()) {
    THESPIS_CHECK(in.finish());
    return out;
  }
  if (in.peek() != codec::json_reader::kind::object) in.fail_expected("an object or null");
  in.read_compact(out, limits::payload_bytes_max);
  THESPIS_CHECK(in.finish());
  return out;
}

class attached_source final : public point_source {
 public:
  attached_source(std::unique_ptr<point_source> rows, std::string name,
                  std::unique_ptr<line_reader> ids, std::unique_ptr<line_reader> payloads)
      : rows_(std::move(rows)),
        name_(std::move(name)),
        ids_(std::move(ids)),
        payloads_(std::move(payloads)) {}

  const std::vector<vector_shape>& shapes() const noexcept override { return rows_->shapes(); }
  std::optional<std::uint64_t> rows() const noexcept override { return rows_->rows(); }

  result<void> skip(std::uint64_t rows) override {
    THESPIS_CHECK(rows_->skip(rows));
    for (auto* lines : {ids_.get(), payloads_.get()})
      for (std::uint64_t i = 0; lines != nullptr && i < rows; ++i) THESPIS_CHECK(line_of(*lines));
    return ok();
  }

  result<point_batch> read(std::size_t rows_max) override {
    THESPIS_TRY(auto batch, rows_->read(rows_max));
    if (batch.ids.empty()) {
      for (auto* lines : {ids_.get(), payloads_.get()})
        if (lines != nullptr) THESPIS_CHECK(check_end(*lines));
      return batch;
    }
    for (auto& id : batch.ids) {
      if (ids_ != nullptr) {
        THESPIS_TRY(const auto line, line_of(*ids_));
        auto found = id_of(line);
        if (!found) return ids_->refused(found.error());
        id = std::move(*found);
      }
      if (payloads_ == nullptr) continue;
      THESPIS_TRY(const auto line, line_of(*payloads_));
      auto found = payload_of(line);
      if (!found) return payloads_->refused(found.error());
      batch.payloads.push_back(std::move(*found));
    }
    return batch;
  }

 private:
  result<std::string_view> line_of(line_reader& lines) const {
    THESPIS_TRY(const auto line, lines.next());
    if (line) return *line;
    return error(errc::invalid_argument, lines.name() + ": ends behind line " +
                                             std::to_string(lines.line()) + ", but " + name_ +
                                             " has more rows");
  }

  result<void> check_end(line_reader& lines) const {
    THESPIS_TRY(const auto line, lines.next());
    if (!line) return ok();
    return lines.refused(
        error(errc::invalid_argument, "there is a line for it, but no row in " + name_));
  }

  std::unique_ptr<point_source> rows_;
  std::string name_;
  std::unique_ptr<line_reader> ids_;
  std::unique_ptr<line_reader> payloads_;
};

result<std::unique_ptr<line_reader>> open_lines(const std::filesystem::path& file) {
  if (file.empty()) return std::unique_ptr<line_reader>();
  THESPIS_TRY(auto in, byte_reader::open(file));
  return std::make_unique<line_reader>(std::move(in));
}

}  // namespace

result<std::unique_ptr<point_source>> attach(std::unique_ptr<point_source> rows,
                                             const std::string& name,
                                             const source_options& options) {
  THESPIS_TRY(auto ids, open_lines(options.ids));
  THESPIS_TRY(auto payloads, open_lines(options.payloads));
  return std::unique_ptr<point_source>(std::make_unique<attached_source>(
      std::move(rows), name, std::move(ids), std::move(payloads)));
}

}  // namespace thespis::importer
