// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/binary_upload.hpp"
#include "protocols/codec/decode_points.hpp"
#include "protocols/codec/decode_updates.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

std::string_view status_word(const call& in) {
  return in.write.wait ? "completed" : "acknowledged";
}

void answer_write(call& in, const write_reply& reply) {
  answer(in, [&](codec::json_writer& out) { codec::encode(out, reply, status_word(in)); });
}

// Reads a body with `decode` and does what it says.
template <class Request>
answered write_points(call& in, result<Request> (*decode)(std::string_view, std::size_t)) {
  auto wanted = decode(in.request.body, in.options.json_depth_max);
  if (!wanted) co_return answer_error(in, wanted.error());
  std::string().swap(in.request.body);
  write_operation operation(std::move(*wanted));
  auto reply = co_await in.engine.write(in.collection, std::move(operation), in.write, in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer_write(in, *reply);
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
  auto reply = co_await in.engine.upsert(in.collection, std::move(*points), in.write, in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer_write(in, *reply);
}

answered delete_points(call& in) { return write_points(in, codec::decode_delete); }

answered set_payload(call& in) { return write_points(in, codec::decode_set_payload); }

answered overwrite_payload(call& in) { return write_points(in, codec::decode_overwrite_payload); }

answered delete_payload(call& in) { return write_points(in, codec::decode_delete_payload); }

answered clear_payload(call& in) { return write_points(in, codec::decode_clear_payload); }

answered update_vectors(call& in) { return write_points(in, codec::decode_update_vectors); }

answered delete_vectors(call& in) { return write_points(in, codec::decode_delete_vectors); }

answered write_batch(call& in) {
  auto batch = codec::decode_batch(in.request.body, in.options.json_depth_max);
  if (!batch) co_return answer_error(in, batch.error());
  std::string().swap(in.request.body);
  auto reply =
      co_await in.engine.write_batch(in.collection, std::move(*batch), in.write, in.deadline);
  if (!reply) co_return answer_error(in, reply.error());
  answer(in, [&](codec::json_writer& out) { codec::encode_each(out, *reply, status_word(in)); });
}

}  // namespace thespis::rest::handlers
