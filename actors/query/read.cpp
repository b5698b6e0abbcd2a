// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/query/read.hpp"

#include <algorithm>

#include "actors/query/payload_selection.hpp"
#include "actors/query/view_reader.hpp"

namespace thespis::actors {

namespace {

constexpr std::size_t names_shown_max = 10;

result<scored_point> answer_point(view_reader& points, const point_id& id,
                                  storage::point_record&& record,
                                  const payload_selector& with_payload,
                                  const vector_selector& with_vector) {
  scored_point answer;
  answer.id = id;
  answer.version = record.lsn;
  if (with_vector.enabled) {
    THESPIS_TRY(answer.vectors, points.vectors(id, record));
    select_vectors(*answer.vectors, with_vector);
  }
  if (with_payload.enabled) {
    THESPIS_TRY(answer.payload, select_payload(std::move(record.payload), with_payload));
  }
  return answer;
}

}  // namespace

std::string no_vector(const view& source, std::string_view name) {
  const auto in = "collection '" + source.meta->name + "': ";
  std::vector<std::string_view> known;
  for (const auto& vector : source.vectors) known.push_back(vector.spec.name);
  for (const auto& vector : source.multivectors) known.push_back(vector.spec.name);
  for (const auto& vector : source.sparse_vectors) known.push_back(vector.spec.name);
  if (known.size() == 1 && known[0].empty())
    return in + "its only vector has no name, not '" + std::string(name) + "'";
  std::string names;
  for (std::size_t i = 0; i < known.size() && i < names_shown_max; ++i)
    names += (i == 0 ? "'" : ", '") + std::string(known[i]) + "'";
  if (known.size() > names_shown_max) names += ", ...";
  return in +
         (name.empty() ? std::string("its vectors have names; say which")
                       : "it has no vector '" + std::string(name) + "'") +
         ", known are " + names;
}

result<void> check_selector(const view& source, const vector_selector& selector) {
  for (const auto& name : selector.names)
    if (source.meta->spec.find(name) == nullptr && source.meta->spec.find_sparse(name) == nullptr)
      return error(errc::invalid_argument, no_vector(source, name));
  return ok();
}

void select_vectors(std::vector<named_vector>& vectors, const vector_selector& selector) {
  if (selector.names.empty()) return;
  std::erase_if(vectors, [&](const named_vector& vector) {
    return std::find(selector.names.begin(), selector.names.end(), vector.name) ==
           selector.names.end();
  });
}

result<retrieve_reply> retrieve(const view& source, const retrieve_request& request) {
  THESPIS_CHECK(check_selector(source, request.with_vector));
  THESPIS_TRY(auto points, view_reader::open(source));
  retrieve_reply reply;
  reply.points.reserve(request.ids.size());
  for (const auto& id : request.ids) {
    THESPIS_TRY(auto record, points.find(id));
    if (!record) continue;
    THESPIS_TRY(auto answer, answer_point(points, id, std::move(*record), request.with_payload,
                                          request.with_vector));
    reply.points.push_back(std::move(answer));
  }
  return reply;
}

result<scroll_reply> scroll(const view& source, const scroll_request& request) {
  THESPIS_CHECK(check_selector(source, request.with_vector));
  THESPIS_TRY(auto points, view_reader::open(source));
  std::vector<std::pair<point_id, storage::point_record>> page;
  scroll_reply reply;
  THESPIS_CHECK(
      points.scan(request.offset, [&](const point_id& id, storage::point_record&& record) {
        if (page.size() == request.limit) {
          reply.next_page_offset = id;
          return false;
        }
        page.emplace_back(id, std::move(record));
        return true;
      }));
  reply.points.reserve(page.size());
  for (auto& [id, record] : page) {
    THESPIS_TRY(auto answer, answer_point(points, id, std::move(record), request.with_payload,
                                          request.with_vector));
    reply.points.push_back(std::move(answer));
  }
  return reply;
}

result<bool> exists(const view& source, const point_id& id) {
  THESPIS_TRY(auto points, view_reader::open(source));
  THESPIS_TRY(const auto record, points.find(id));
  return record.has_value();
}

}  // namespace thespis::actors
