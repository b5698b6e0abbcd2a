// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/upload_body.hpp"

#include <span>

#include "core/json_text.hpp"
#include "protocols/codec/binary_upload.hpp"
#include "protocols/codec/json_writer.hpp"

namespace thespis::importer {

namespace {

std::string json_text(std::string_view text) {
  std::string out;
  append_json_string(text, out);
  return out;
}

std::string encode_json(const point_batch& batch) {
  std::string out = "{\"points\":[";
  for (std::size_t row = 0; row < batch.ids.size(); ++row) {
    const auto& id = batch.ids[row];
    out += row == 0 ? "{\"id\":" : ",{\"id\":";
    out += id.is_number() ? id.text() : json_text(id.text());
    out += ",\"vector\":{";
    for (const auto& column : batch.columns) {
      if (&column != &batch.columns.front()) out += ',';
      append_json_string(column.shape.name, out);
      out += ':';
      codec::json_writer(out).floats(
          std::span(column.values).subspan(row * column.shape.size, column.shape.size));
    }
    out += '}';
    if (!batch.payloads.empty() && !batch.payloads[row].empty())
      out += ",\"payload\":" + batch.payloads[row];
    out += '}';
  }
  return out + "]}";
}

std::string join(const std::vector<std::string>& points) {
  std::size_t bytes = 16;
  for (const auto& point : points) bytes += point.size() + 1;
  std::string out = "{\"points\":[";
  out.reserve(bytes);
  for (const auto& point : points) {
    if (&point != &points.front()) out += ',';
    out += point;
  }
  return out + "]}";
}

}  // namespace

result<upload_body> encode_upload(const point_batch& batch) {
  if (!batch.json.empty()) return upload_body{join(batch.json), "application/json"};
  if (batch.columns.size() != 1) return upload_body{encode_json(batch), "application/json"};
  const auto& column = batch.columns.front();
  codec::binary_upload upload;
  upload.ids = batch.ids;
  upload.vector_name = column.shape.name;
  upload.dimension = column.shape.size;
  upload.rows = column.values;
  upload.payloads = batch.payloads;
  THESPIS_TRY(auto bytes, codec::encode_binary_upload(upload));
  return upload_body{std::move(bytes), codec::binary_upload_type};
}

}  // namespace thespis::importer
