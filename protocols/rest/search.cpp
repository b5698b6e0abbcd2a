// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_query.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

// The newer form wraps the hits in an object, the older one does not.
enum class shape : std::uint8_t { points_object, plain_list };

void encode_shaped(codec::json_writer& out, const search_reply& reply, shape form) {
  if (form == shape::plain_list) return codec::encode(out, reply);
  out.begin_object().key("points");
  codec::encode(out, reply);
  out.end_object();
}

answered search_one(call& in, result<search_request> decoded, shape form) {
  if (!decoded) co_return answer_error(in, decoded.error());
  auto request = std::make_shared<const search_request>(std::move(*decoded));
  auto reply = co_await in.engine.search(in.collection, std::move(request), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer(in, [&](codec::json_writer& out) { encode_shaped(out, **reply, form); });
}

answered search_many(call& in, result<search_batch_request> decoded, shape form) {
  if (!decoded) co_return answer_error(in, decoded.error());
  auto request = std::make_shared<const search_batch_request>(std::move(*decoded));
  auto reply = co_await in.engine.search_batch(in.collection, std::move(request), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer(in, [&](codec::json_writer& out) {
    out.begin_array();
    for (const auto& one : (*reply)->replies) encode_shaped(out, one, form);
    out.end_array();
  });
}

}  // namespace

answered query_points(call& in) {
  return search_one(in, codec::decode_query(in.request.body, in.options.json_depth_max),
                    shape::points_object);
}

answered query_batch(call& in) {
  return search_many(in, codec::decode_query_batch(in.request.body, in.options.json_depth_max),
                     shape::points_object);
}

answered search_points(call& in) {
  return search_one(in, codec::decode_search(in.request.body, in.options.json_depth_max),
                    shape::plain_list);
}

answered search_batch(call& in) {
  return search_many(in, codec::decode_search_batch(in.request.body, in.options.json_depth_max),
                     shape::plain_list);
}

}  // namespace thespis::rest::handlers
