// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/binary_upload.hpp"
#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

// Every write is durable before it is answered; `wait=false` changes the word alone.
void answer_write(call& in, const write_reply& reply) {
  answer(in, [&](codec::json_writer& out) {
    codec::encode(out, reply, in.query.wait ? "completed" : "acknowledged");
  });
}

result<upsert_request> decode(const call& in) {
  const bool binary = in.request.content_type.starts_with(codec::binary_upload_type);
  return binary ? codec::decode_binary_upload(in.request.body, in.options.json_depth_max)
                : codec::decode_upsert(in.request.body, in.options.json_depth_max);
}

}  // namespace

answered upsert_points(call& in) {
  auto points = decode(in);
  if (!points) co_return answer_error(in, points.error());
  // The body is decoded; a long one need not lie in memory twice while the engine works.
  std::string().swap(in.request.body);
  auto reply = co_await in.engine.upsert(in.collection, std::move(*points), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer_write(in, *reply);
}

answered delete_points(call& in) {
  auto points = codec::decode_delete(in.request.body, in.options.json_depth_max);
  if (!points) co_return answer_error(in, points.error());
  auto reply = co_await in.engine.remove(in.collection, std::move(*points), in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer_write(in, *reply);
}

}  // namespace thespis::rest::handlers
