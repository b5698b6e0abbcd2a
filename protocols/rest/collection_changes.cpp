// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/collection_changes.hpp"

#include <algorithm>
#include <chrono>

#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

/// Of a request's time, what is kept to answer that a copy still runs.
constexpr auto answer_margin = std::chrono::milliseconds(250);

void answer_true(call& in) {
  answer(in, [](codec::json_writer& out) { out.boolean(true); });
}

}  // namespace

answered change_aliases(call& in) {
  auto actions = codec::decode_alias_actions(in.request.body, in.options.json_depth_max);
  if (!actions) co_return answer_error(in, actions.error());
  auto changed = co_await in.engine.change_aliases(std::move(*actions), in.write, in.deadline);
  if (!changed) co_return answer_error(in, changed.error());
  answer_true(in);
}

answered list_aliases(call& in) {
  auto found = co_await in.engine.aliases(in.collection, in.deadline);
  if (!found) co_return answer_error(in, found.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, *found); });
}

answered rename_collection(call& in) {
  auto name = codec::decode_new_name(in.request.body, in.options.json_depth_max);
  if (!name) co_return answer_error(in, name.error());
  auto renamed = co_await in.engine.rename(in.collection, std::move(*name), in.write, in.deadline);
  if (!renamed) co_return answer_error(in, renamed.error());
  answer_true(in);
}

answered truncate_collection(call& in) {
  if (auto body = codec::decode_nothing(in.request.body, in.options.json_depth_max); !body)
    co_return answer_error(in, body.error());
  auto emptied = co_await in.engine.truncate(in.collection, in.write, in.deadline);
  if (!emptied) co_return answer_error(in, emptied.error());
  answer_true(in);
}

// A copy that takes longer than the request may is told of as it is then, and goes on.
answered copy_collection(call& in) {
  auto name = codec::decode_new_name(in.request.body, in.options.json_depth_max);
  if (!name) co_return answer_error(in, name.error());
  const auto end = in.deadline - answer_margin;
  auto copied = co_await in.engine.copy(in.collection, *name, in.write, end);
  if (!copied && copied.error().code == errc::timeout) {
    auto all = co_await in.engine.copies(in.collection, in.deadline);
    if (!all) co_return answer_error(in, all.error());
    const auto found = std::find_if(all->rbegin(), all->rend(),
                                    [&](const auto& one) { return one.name == *name; });
    if (found != all->rend()) copied = *found;
  }
  if (!copied) co_return answer_error(in, copied.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, *copied); });
}

answered list_copies(call& in) {
  auto found = co_await in.engine.copies(in.collection, in.deadline);
  if (!found) co_return answer_error(in, found.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, *found); });
}

}  // namespace thespis::rest::handlers
