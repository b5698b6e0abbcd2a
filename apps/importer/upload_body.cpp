// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/importer/upload_body.hpp"

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "protocols/codec/binary_upload.hpp"

namespace thespis::importer {

namespace {

void append_number(std::string& out, float value) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

std::string encode_json(const point_batch& batch) {
  std::string out = "{\"points\":[";
  for (std::size_t row = 0; row < batch.ids.size(); ++row) {
    const auto& id = batch.ids[row];
    out += row == 0 ? "{\"id\":" : ",{\"id\":";
    out += id.is_number() ? id.text() : boost::json::serialize(boost::json::value(id.text()));
    out += ",\"vector\":{";
    for (const auto& column : batch.columns) {
      if (&column != &batch.columns.front()) out += ',';
      out += boost::json::serialize(boost::json::value(column.shape.name)) + ":[";
      for (std::size_t i = 0; i < column.shape.size; ++i) {
        if (i != 0) out += ',';
        append_number(out, column.values[row * column.shape.size + i]);
      }
      out += ']';
    }
    out += '}';
    if (!batch.payloads.empty() && !batch.payloads[row].empty())
      out += ",\"payload\":" + batch.payloads[row];
    out += '}';
  }
  return out + "]}";
}

}  // namespace

result<upload_body> encode_upload(const point_batch& batch) {
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
