// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/decode_collection.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

// A specification is too large a part of a coroutine's frame.
result<std::unique_ptr<collection_spec>> decode(const call& in) {
  THESPIS_CHECK(validate_collection_name(in.collection));
  THESPIS_TRY(auto spec, codec::decode_collection(in.request.body, in.options.json_depth_max));
  return std::make_unique<collection_spec>(std::move(spec));
}

engine_client::reply<collection_meta> create(const call& in, collection_spec& spec) {
  return in.engine.create(in.collection, std::move(spec), in.write, in.deadline);
}

}  // namespace

// Those in quarantine are listed beside the result, in which the dialect's clients are strict.
answered list_collections(call& in) {
  auto found = co_await in.engine.list(in.deadline);
  if (!found) co_return answer_error(in, found.error());
  auto state = co_await in.engine.readiness(in.deadline);
  auto& out = in.response.body;
  out.assign("{\"result\":");
  codec::json_writer writer(out);
  codec::encode(writer, *found);
  if (state && !state->quarantined.empty()) {
    out += ",\"quarantined\":";
    codec::json_writer beside(out);
    beside.begin_array();
    for (const auto& one : state->quarantined) {
      beside.begin_object().key("name").string(one.name);
      beside.key("reason").string(one.why).end_object();
    }
    beside.end_array();
  }
  finish_envelope(out, in.request.started_ns);
}

answered create_collection(call& in) {
  auto spec = decode(in);
  if (!spec) co_return answer_error(in, spec.error());
  auto made = co_await create(in, **spec);
  if (!made) co_return answer_error(in, made.error());
  answer(in, [](codec::json_writer& out) { out.boolean(true); });
}

answered collection_info(call& in) {
  auto info = co_await in.engine.info(in.collection, in.deadline);
  if (!info) co_return answer_error(in, info.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, *info); });
}

answered reopen_collection(call& in) {
  auto opened = co_await in.engine.reopen(in.collection, in.deadline);
  if (!opened) co_return answer_error(in, opened.error());
  answer(in, [](codec::json_writer& out) { out.boolean(true); });
}

answered collection_exists(call& in) {
  auto found = co_await in.engine.exists(in.collection, in.deadline);
  if (!found) co_return answer_error(in, found.error());
  answer(in, [&](codec::json_writer& out) {
    out.begin_object().key("exists").boolean(*found).end_object();
  });
}

// Dropping what is not there answers false, not an error: clients drop before they create.
answered drop_collection(call& in) {
  auto dropped = co_await in.engine.drop(in.collection, in.write, in.deadline);
  const bool missing = !dropped && dropped.error().code == errc::not_found;
  if (!dropped && !missing) co_return answer_error(in, dropped.error());
  answer(in, [&](codec::json_writer& out) { out.boolean(!missing && *dropped); });
}

}  // namespace thespis::rest::handlers
