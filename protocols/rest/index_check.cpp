// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/codec/collection_changes.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

answered check_indexes(call& in) {
  auto decoded = codec::decode_nothing(in.request.body, in.options.json_depth_max);
  if (!decoded) co_return answer_error(in, decoded.error());
  auto found = co_await in.engine.check_indexes(in.collection, in.deadline);
  if (!found) co_return answer_error(in, found.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, *found); });
}

}  // namespace thespis::rest::handlers
