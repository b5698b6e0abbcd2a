// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "apps/client/http_client.hpp"
#include "apps/importer/point_source.hpp"
#include "core/error.hpp"

namespace CLI {
class App;
}

namespace thespis::apps {

/// What a new collection is like, beside the lengths of its vectors.
struct collection_shape_flags {
  std::string distance = "cosine";
  std::string vector_name;  ///< "": unnamed.
  std::uint32_t m = 0;      ///< 0: the server's default, as is `ef_construct`.
  std::uint32_t ef_construct = 0;
  std::string preset;        ///< "": the server's default, as is `quantization`.
  std::string quantization;  ///< Such as "int8".
  bool on_disk = false;      ///< Vectors on disk, codes in memory.
};

/// The flags that `add_shape_flags` adds.
inline constexpr const char* shape_flag_names[] = {
    "--distance", "--m", "--ef-construct", "--preset", "--quantization", "--on-disk"};

/// Adds the flags of a new collection; `flags` outlives `app`.
void add_shape_flags(CLI::App& app, collection_shape_flags& flags);

/// Creates a collection with these vectors. Errors: as `client::call`.
[[nodiscard]] result<void> create_collection(client::http_client& client, const std::string& name,
                                             const std::vector<importer::vector_shape>& vectors,
                                             const collection_shape_flags& flags);

}  // namespace thespis::apps
