// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

namespace thespis::tests::tidy {

/// A collection of two dimensions whose index is `tidy_index.cpp`.
inline collection_spec tidy_spec() {
  collection_spec spec;
  spec.vectors.push_back({"", 2, distance::euclid, element_type::float32, "tidy", std::nullopt});
  spec.hnsw.full_scan_threshold_kb = 0;
  return spec;
}

/// `count` points at (id, 1), from the id `first` on.
inline std::vector<point> points_from(std::uint64_t first, std::uint64_t count) {
  std::vector<point> points;
  for (auto id = first; id < first + count; ++id)
    points.push_back({point_id(id), {{"", {static_cast<float>(id), 1}}}, payload{}});
  return points;
}

/// `count` ids from `first` on.
inline std::vector<point_id> ids_from(std::uint64_t first, std::uint64_t count) {
  std::vector<point_id> ids;
  for (auto id = first; id < first + count; ++id) ids.emplace_back(id);
  return ids;
}

/// The folder that the index of these tests works in.
class tidy_folder {
 public:
  tidy_folder() { ::setenv("THESPIS_TIDY", folder_.path().c_str(), 1); }

  void put(const char* file) const { std::ofstream(folder_.path() / file) << "x"; }
  void take(const char* file) const { std::filesystem::remove(folder_.path() / file); }
  [[nodiscard]] std::vector<std::string> calls() const {
    std::ifstream file(folder_.path() / "calls");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }
  /// Waits until `line` is among the calls.
  [[nodiscard]] bool wait_for(const std::string& line) const {
    for (int i = 0; i < 1000; ++i) {
      const auto all = calls();
      if (std::find(all.begin(), all.end(), line) != all.end()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  scratch_folder folder_;
};

/// Folders of plugins with that index among them.
inline const std::vector<std::filesystem::path> with_tidy = {THESPIS_PLUGIN_FOLDER,
                                                             THESPIS_TIDY_PLUGINS};

/// The id of the point of "docs" that is nearest to (first, 1).
inline std::uint64_t nearest(test_node& node, float first) {
  search_request wanted;
  wanted.target = dense_vector({first, 1});
  wanted.limit = 1;
  const auto found = node.search("docs", wanted);
  REQUIRE(found);
  REQUIRE(found->hits.size() == 1);
  return found->hits[0].id.number();
}

}  // namespace thespis::tests::tidy
