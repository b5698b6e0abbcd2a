// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <caf/fwd.hpp>
#include <exception>
#include <string>
#include <type_traits>

#include "core/error.hpp"

namespace thespis::actors {

/// Makes an exception in a handler end `self` with a logged reason that its clients understand:
/// `what` names the actor, such as "collection 'docs'". An exception is a defect of ours or a lack
/// of memory; every other failure is a `result`.
void end_on_exception(caf::scheduled_actor* self, std::string what);

/// What an exception says, as an error of ours.
[[nodiscard]] error error_of(const std::exception_ptr& thrown);

/// Runs the work of a builder job, whose `result` must reach an actor whatever happens.
template <class Work>
[[nodiscard]] std::invoke_result_t<Work> guarded(Work&& work) {
  try {
    return work();
  } catch (...) {
    return error_of(std::current_exception());
  }
}

}  // namespace thespis::actors
