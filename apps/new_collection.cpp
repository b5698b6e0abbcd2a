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

namespace {

// In the dialect's shapes. `name` is one that the flag takes.
boost::json::object quantization_of(const std::string& name) {
  if (name == "none") return {{"none", boost::json::object()}};
  if (name.starts_with("int")) return {{"scalar", {{"type", name}}}};
  return {{"binary", {{"bits", name.back() - '0'}}}};
}

}  // namespace

void add_shape_flags(CLI::App& app, collection_shape_flags& flags) {
  app.add_option("--distance", flags.distance, "cosine, dot, euclid or manhattan")
      ->transform(CLI::IsMember({"cosine", "dot", "euclid", "manhattan"}, CLI::ignore_case))
      ->capture_default_str();
  app.add_option("--m,--hnsw-m", flags.m, "Links per point of the graph index")
      ->check(CLI::Range(limits::hnsw_m_min, limits::hnsw_m_max));
  app.add_option("--ef-construct", flags.ef_construct, "Candidates while the graph is built")
      ->check(CLI::Range(limits::hnsw_ef_construct_min, limits::hnsw_ef_construct_max));
  app.add_option("--preset", flags.preset, "balanced, or fast, which takes more memory")
      ->check(CLI::IsMember({"balanced", "fast"}));
  app.add_option("--quantization", flags.quantization,
                 "Codes that searches compare first: int8, int4, binary1 to binary4 (bits per "
                 "dimension) or none; the index chooses if left out")
      ->check(CLI::IsMember({"none", "int8", "int4", "binary1", "binary2", "binary3", "binary4"}));
  app.add_flag("--on-disk", flags.on_disk, "Keep vectors on disk and only codes in memory");
}

result<void> create_collection(client::http_client& client, const std::string& name,
                               const std::vector<importer::vector_shape>& vectors,
                               const collection_shape_flags& flags) {
  // The dialect begins its names of distances with a capital.
  auto distance = flags.distance;
  distance[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(distance[0])));
  const auto params = [&](const importer::vector_shape& shape) {
    boost::json::object made{{"size", shape.size}, {"distance", distance}};
    if (flags.on_disk) made["on_disk"] = true;
    return made;
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
  if (!flags.preset.empty()) hnsw["preset"] = flags.preset;
  if (!flags.quantization.empty())
    body["quantization_config"] = quantization_of(flags.quantization);
  if (!hnsw.empty()) body["hnsw_config"] = std::move(hnsw);
  THESPIS_CHECK(client::call(client, client::method::put, client::collection_path(name), body));
  return ok();
}

}  // namespace thespis::apps
