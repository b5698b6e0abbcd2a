// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

answered one_point(call& in) {
  auto id = point_id::from_path(in.id);
  if (!id) co_return answer_error(in, id.error());
  auto request = std::make_shared<retrieve_request>();
  request->ids.push_back(*id);
  request->with_payload.enabled = true;
  request->with_vector.enabled = true;
  auto reply = co_await in.engine.retrieve(in.collection, std::move(request), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  const auto& found = (*reply)->points;
  if (found.empty()) {
    const error missing(errc::not_found, "collection '" + in.collection + "': point " + id->text() +
                                             " does not exist");
    co_return answer_error(in, missing);
  }
  answer(in, [&](codec::json_writer& out) { codec::encode_record(out, found.front()); });
}

answered point_exists(call& in) {
  auto id = point_id::from_path(in.id);
  if (!id) co_return answer_error(in, id.error());
  auto found = co_await in.engine.has_point(in.collection, std::move(*id), in.deadline);
  if (!found) co_return answer_error(in, found.error());
  answer(in, [&](codec::json_writer& out) {
    out.begin_object().key("exists").boolean(*found).end_object();
  });
}

answered many_points(call& in) {
  auto decoded = codec::decode_retrieve(in.request.body, in.options.json_depth_max);
  if (!decoded) co_return answer_error(in, decoded.error());
  auto request = std::make_shared<const retrieve_request>(std::move(*decoded));
  auto reply = co_await in.engine.retrieve(in.collection, std::move(request), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer(in, [&](codec::json_writer& out) {
    out.begin_array();
    for (const auto& point : (*reply)->points) codec::encode_record(out, point);
    out.end_array();
  });
}

answered point_ids(call& in) {
  auto decoded = codec::decode_ids_page(in.request.body, in.options.json_depth_max);
  if (!decoded) co_return answer_error(in, decoded.error());
  auto request = std::make_shared<const scroll_request>(std::move(*decoded));
  auto reply = co_await in.engine.scroll(in.collection, std::move(request), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer(in, [&](codec::json_writer& out) { codec::encode_ids_page(out, **reply); });
}

answered count_points(call& in) {
  auto decoded = codec::decode_count(in.request.body, in.options.json_depth_max);
  if (!decoded) co_return answer_error(in, decoded.error());
  auto counted = co_await in.engine.count(in.collection, in.deadline);
  if (!counted) co_return answer_error(in, counted.error());
  answer(in, [&](codec::json_writer& out) {
    out.begin_object().key("count").number(*counted).end_object();
  });
}

answered scroll_points(call& in) {
  auto decoded = codec::decode_scroll(in.request.body, in.options.json_depth_max);
  if (!decoded) co_return answer_error(in, decoded.error());
  auto request = std::make_shared<const scroll_request>(std::move(*decoded));
  auto reply = co_await in.engine.scroll(in.collection, std::move(request), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, **reply); });
}

}  // namespace thespis::rest::handlers
