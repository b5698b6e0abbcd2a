// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/session_pool.hpp"

#include <utility>

namespace thespis::storage {

void session_pool::lease::give_back() noexcept {
  if (owner_ != nullptr) owner_->take_back(std::move(handle_));
  owner_ = nullptr;
}

result<session_pool::lease> session_pool::borrow() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      wt::session handle = std::move(idle_.back());
      idle_.pop_back();
      ++lent_;
      return lease(*this, std::move(handle));
    }
  }
  THESPIS_TRY(auto handle, connection_.open_session());
  const std::lock_guard lock(mutex_);
  idle_.reserve(idle_max);  // so that taking back cannot fail
  ++lent_;
  return lease(*this, std::move(handle));
}

std::size_t session_pool::lent() const noexcept {
  const std::lock_guard lock(mutex_);
  return lent_;
}

void session_pool::close_idle() noexcept {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

void session_pool::take_back(wt::session&& handle) noexcept {
  wt::session returned = std::move(handle);
  returned.reset();
  const std::lock_guard lock(mutex_);
  --lent_;
  if (idle_.size() < idle_max) idle_.push_back(std::move(returned));
}

}  // namespace thespis::storage
