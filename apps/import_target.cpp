// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/import_target.hpp"

#include <boost/json.hpp>

#include "apps/client/api.hpp"
#include "apps/dump/json_slices.hpp"

namespace thespis::apps {

namespace {

namespace json = boost::json;

result<std::string> describe(client::http_client& client, const std::string& collection) {
  client::http_request request;
  request.target = client::collection_path(collection);
  return client::fetch(client, request);
}

// The dimensions that the collection expects of each vector name, as its description says.
std::optional<std::uint64_t> size_in(const json::value& answer, const std::string& name) {
  boost::system::error_code failure;
  const auto* vectors = answer.find_pointer("/result/config/params/vectors", failure);
  const auto* object = vectors != nullptr ? vectors->if_object() : nullptr;
  if (object == nullptr) return std::nullopt;
  if (!name.empty()) {
    const auto* named = object->if_contains(name);
    object = named != nullptr ? named->if_object() : nullptr;
    if (object == nullptr) return std::nullopt;
  }
  const auto* size = object->if_contains("size");
  if (size == nullptr || !size->is_number()) return std::nullopt;
  return size->to_number<std::uint64_t>();
}

result<void> check_shapes(const std::string& answer, const import_target& target,
                          const importer::point_source& source, const std::string& file) {
  boost::system::error_code failure;
  const auto parsed = json::parse(answer, failure);
  if (failure) return error(errc::io, "the description of the collection is no JSON");
  for (const auto& shape : source.shapes()) {
    const auto expected = size_in(parsed, shape.name);
    if (!expected)
      return error(errc::invalid_argument,
                   "collection '" + target.collection + "' has no vector '" + shape.name + "'");
    if (*expected != shape.size)
      return error(errc::dimension_mismatch, "collection '" + target.collection + "': " + file +
                                                 " has vectors of " + std::to_string(shape.size) +
                                                 " dimensions, expected " +
                                                 std::to_string(*expected));
  }
  return ok();
}

result<void> check_parameters(const dump::export_header& header,
                              const dump::described_collection& described,
                              const import_target& target, const std::string& file) {
  if (target.other_parameters) return ok();
  THESPIS_TRY(const auto found, dump::difference_of(header.create, described.create));
  if (found.path.empty()) return ok();
  return error(errc::failed_precondition,
               "collection '" + target.collection + "' exists with other parameters: " +
                   found.path + " is " + found.second + ", in " + file + " it is " + found.first +
                   "; give another name, or --other-parameters to import nevertheless");
}

result<void> create(client::http_client& client, const import_target& target,
                    const importer::point_source& source) {
  const auto* header = source.header();
  if (header == nullptr && source.shapes().empty())
    return error(errc::invalid_argument,
                 "--create: the first point has vectors that do not tell the collection's "
                 "parameters; create it beforehand");
  if (header == nullptr)
    return create_collection(client, target.collection, source.shapes(), target.shape);
  client::http_request request;
  request.method = client::method::put;
  request.target = client::collection_path(target.collection);
  request.body = header->create;
  THESPIS_CHECK(client::fetch(client, request));
  return ok();
}

}  // namespace

result<prepared_collection> prepare_collection(client::http_client& client,
                                               const import_target& target,
                                               const importer::point_source& source,
                                               const std::string& file) {
  const auto* header = source.header();
  prepared_collection out;
  if (target.create) {
    const auto created = create(client, target, source);
    out.existed = !created && created.error().code == errc::already_exists;
    if (!created && !out.existed) return created.error();
  }
  auto answer = describe(client, target.collection);
  if (!answer && answer.error().code == errc::not_found) {
    if (header == nullptr)
      return error(errc::not_found,
                   "collection '" + target.collection + "' does not exist; --create makes it");
    THESPIS_CHECK(create(client, target, source));
    answer = describe(client, target.collection);
  }
  if (!answer) return answer.error();
  THESPIS_TRY(auto described, dump::decode_description(*answer));
  if (header != nullptr) {
    THESPIS_CHECK(check_parameters(*header, described, target, file));
  } else {
    THESPIS_CHECK(check_shapes(*answer, target, source, file));
  }
  out.uuid = std::move(described.uuid);
  out.points = described.points;
  out.batch_points_max = described.upsert_points_max;
  return out;
}

}  // namespace thespis::apps
