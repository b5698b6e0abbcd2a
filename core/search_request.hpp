// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/point.hpp"

namespace thespis {

/// Which parts of a payload an answer carries. Paths are dotted keys.
struct payload_selector {
  bool enabled = false;
  std::vector<std::string> include;  ///< Empty: all keys.
  std::vector<std::string> exclude;
};

/// Which vectors an answer carries.
struct vector_selector {
  bool enabled = false;
  std::vector<std::string> names;  ///< Empty: all.
};

/// How a search uses the codes of an index.
struct code_use {
  bool ignore = false;                ///< Compare vectors only.
  bool rescore = true;                ///< False: scores may be the estimates of codes.
  std::optional<float> oversampling;  ///< Rescore at least so many times the hits asked for.
};

/// Finds the points nearest to a vector or to a stored point (which is left out of the answer).
struct search_request {
  std::variant<named_vector, point_id> target;  ///< The vector's own name is not looked at.
  std::string vector_name;                      ///< The vector that is compared.
  std::uint32_t limit = 10;
  std::uint32_t offset = 0;
  std::optional<float> score_threshold;
  std::optional<std::uint32_t> hnsw_ef;  ///< Candidates of the walk; unset: chosen by us.
  bool exact = false;                    ///< Compare with every point.
  bool indexed_only = false;             ///< Leave out what the index does not cover yet.
  code_use codes;
  payload_selector with_payload;
  vector_selector with_vector;
};

/// One point of an answer. `score` means something in answers to searches only.
struct scored_point {
  point_id id;
  float score = 0;
  std::uint64_t version = 0;                ///< LSN of the point's last write.
  std::optional<thespis::payload> payload;  ///< Already cut to the selector.
  std::optional<std::vector<named_vector>> vectors;
};

/// Hits, nearest first; equal scores by id.
struct search_reply {
  std::vector<scored_point> hits;
};

/// Searches over one collection, answered from one view.
struct search_batch_request {
  std::vector<search_request> searches;
};

/// One reply per search, in order.
struct search_batch_reply {
  std::vector<search_reply> replies;
};

}  // namespace thespis
