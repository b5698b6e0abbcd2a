// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/new_collection.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <cctype>

#include "apps/client/api.hpp"
#include "core/limits.hpp"

namespace thespis::apps {

void add_shape_flags(CLI::App& app, collection_shape_flags& flags) {
  app.add_option("--distance", flags.distance, "cosine, dot, euclid or manhattan")
      ->transform(CLI::IsMember({"cosine", "dot", "euclid", "manhattan"}, CLI::ignore_case))
      ->capture_default_str();
  app.add_option("--m", flags.m, "Links per point of the graph index")
      ->check(CLI::Range(limits::hnsw_m_min, limits::hnsw_m_max));
  app.add_option("--ef-construct", flags.ef_construct, "Candidates while the graph is built")
      ->check(CLI::Range(limits::hnsw_ef_construct_min, limits::hnsw_ef_construct_max));
}

result<void> create_collection(client::http_client& client, const std::string& name,
                               const std::vector<importer::vector_shape>& vectors,
                               const collection_shape_flags& flags) {
  // The dialect begins its names of distances with a capital.
  auto distance = flags.distance;
  distance[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(distance[0])));
  const auto params = [&](const importer::vector_shape& shape) {
    return boost::json::object{{"size", shape.size}, {"distance", distance}};
  };
  boost::json::object body;
  if (vectors.size() == 1 && vectors[0].name.empty()) {
    body["vectors"] = params(vectors[0]);
  } else {
    auto& names = body["vectors"].emplace_object();
    for (const auto& shape : vectors) names[shape.name] = params(shape);
  }
  boost::json::object hnsw;
  if (flags.m != 0) hnsw["m"] = flags.m;
  if (flags.ef_construct != 0) hnsw["ef_construct"] = flags.ef_construct;
  if (!hnsw.empty()) body["hnsw_config"] = std::move(hnsw);
  THESPIS_CHECK(client::call(client, client::method::put, client::collection_path(name), body));
  return ok();
}

}  // namespace thespis::apps
