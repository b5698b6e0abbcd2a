// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/runtime/exceptions.hpp"

#include <caf/all.hpp>
#include <new>

#include "actors/api/failure.hpp"
#include "core/log.hpp"

namespace thespis::actors {

error error_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    return {errc::resource_exhausted, "memory ran out"};
  } catch (const std::exception& failure) {
    return {errc::internal, failure.what()};
  } catch (...) {
    return {errc::internal, "an exception of unknown type"};
  }
}

void end_on_exception(caf::scheduled_actor* self, std::string what) {
  self->set_exception_handler([what = std::move(what)](std::exception_ptr& thrown) {
    auto failure = error_of(thrown);
    log::error("actors", "actor ended by an exception",
               {{"actor", what}, {"why", failure.message}});
    failure.message = what + ": " + failure.message;
    return to_caf(failure);
  });
}

}  // namespace thespis::actors
