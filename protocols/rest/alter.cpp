// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <memory>
#include <string>

#include "protocols/codec/decode_change.hpp"
#include "protocols/codec/decode_collection.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

// A change is too large a part of a coroutine's frame.
using decoded = result<std::unique_ptr<collection_change>>;

decoded keep(result<collection_change>&& change) {
  if (!change) return std::move(change).error();
  return std::make_unique<collection_change>(std::move(*change));
}

engine_client::reply<lsn_t> alter(const call& in, collection_change& change) {
  return in.engine.alter(in.collection, std::move(change), in.write, in.deadline);
}

// Durable and seen before it is answered; `wait=false` changes the word alone.
answered reshape(call& in, decoded change) {
  if (!change) co_return answer_error(in, change.error());
  auto changed = co_await alter(in, **change);
  if (!changed) co_return answer_error(in, changed.error());
  const auto* const word = in.query.wait ? "completed" : "acknowledged";
  answer(in, [&](codec::json_writer& out) {
    out.begin_object();
    out.key("operation_id").number(*changed);
    out.key("status").string(word);
    out.end_object();
  });
}

}  // namespace

answered update_collection(call& in) {
  auto change = keep(codec::decode_change(in.request.body, in.options.json_depth_max));
  if (!change) co_return answer_error(in, change.error());
  auto changed = co_await alter(in, **change);
  if (!changed) co_return answer_error(in, changed.error());
  answer(in, [](codec::json_writer& out) { out.boolean(true); });
}

answered add_vector(call& in) {
  return reshape(in,
                 keep(codec::decode_new_vector(in.request.body, in.id, in.options.json_depth_max)));
}

answered drop_vector(call& in) {
  auto change = std::make_unique<collection_change>();
  change->dropped.push_back(in.id);
  return reshape(in, std::move(change));
}

}  // namespace thespis::rest::handlers
