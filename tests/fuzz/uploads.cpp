// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Binary uploads.

#include <cmath>
#include <string>
#include <vector>

#include "core/limits.hpp"
#include "protocols/codec/binary_upload.hpp"
#include "tests/fuzz/fuzz_target.hpp"

using namespace thespis;
using namespace thespis::fuzz;

namespace {

constexpr std::size_t depth_max = 32;

// The parts of what was read, as an encoder wants them.
struct parts {
  std::vector<point_id> ids;
  std::vector<float> rows;
  std::vector<std::string> payloads;
  std::uint32_t dimension = 0;

  explicit parts(const upsert_request& from) {
    for (const auto& point : from.points) {
      require(point.vectors.size() == 1, "a point of an upload has one vector");
      const auto& values = point.vectors.front().values;
      if (dimension == 0) dimension = static_cast<std::uint32_t>(values.size());
      require(values.size() == dimension, "vectors of an upload are of one length");
      for (const float value : values) require(std::isfinite(value), "components are finite");
      require(point.payload.json.size() <= limits::payload_bytes_max, "payloads are bounded");
      ids.push_back(point.id);
      rows.insert(rows.end(), values.begin(), values.end());
      payloads.push_back(point.payload.json);
    }
  }
};

}  // namespace

void thespis::fuzz::check_input(std::string_view input) {
  const auto read = codec::decode_binary_upload(input, depth_max);
  if (!read) {
    require_refused_request(read.error());
    return;
  }
  require(!read->points.empty() && read->points.size() <= limits::points_per_request_max,
          "the count of points is within its bounds");
  const parts all(*read);
  const auto written = codec::encode_binary_upload(
      {all.ids, read->points.front().vectors.front().name, all.dimension, all.rows, all.payloads});
  require(static_cast<bool>(written), "what was read can be written");
  const auto again = codec::decode_binary_upload(*written, depth_max);
  require(static_cast<bool>(again), "what was written can be read");
  require(again->points == read->points, "an upload comes back as it was");
}
