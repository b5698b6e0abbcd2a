// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/api/failure.hpp"

#include <caf/all.hpp>

namespace thespis::actors {

namespace {

constexpr auto category = caf::atom("thespis");

}  // namespace

caf::error to_caf(const error& failure) {
  return {static_cast<std::uint8_t>(failure.code), category, caf::make_message(failure.message)};
}

error from_caf(const caf::error& failure) {
  if (failure.category() == category) {
    std::string text = failure.context().match_elements<std::string>()
                           ? failure.context().get_as<std::string>(0)
                           : std::string();
    return {static_cast<errc>(failure.code()), std::move(text)};
  }
  if (failure.category() == caf::atom("exit") || failure == caf::sec::request_receiver_down)
    return {errc::unavailable, "the component that serves this request is restarting"};
  if (failure == caf::sec::runtime_error)
    return {errc::unavailable, "the component that serves this request failed; it restarts"};
  if (failure == caf::sec::request_timeout) return {errc::timeout, "the deadline passed"};
  return {errc::internal, "unexpected failure: " + caf::to_string(failure)};
}

}  // namespace thespis::actors
