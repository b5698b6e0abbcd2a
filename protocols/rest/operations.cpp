// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <charconv>

#include "core/printable.hpp"
#include "protocols/codec/encode.hpp"
#include "protocols/rest/handlers.hpp"

namespace thespis::rest::handlers {

namespace {

result<lsn_t> parse_id(std::string_view text) {
  constexpr std::size_t shown_bytes_max = 64;
  lsn_t id = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (failure == std::errc{} && end == text.data() + text.size()) return id;
  return error(errc::invalid_argument, "operation '" + printable(text.substr(0, shown_bytes_max)) +
                                           "': expected the operation_id of a write");
}

}  // namespace

answered one_operation(call& in) {
  const auto id = parse_id(in.id);
  if (!id) co_return answer_error(in, id.error());
  auto state = co_await in.engine.operation(in.collection, *id, in.deadline);
  if (!state) co_return answer_error(in, state.error());
  answer(in, [&](codec::json_writer& out) { codec::encode(out, *state); });
}

}  // namespace thespis::rest::handlers
