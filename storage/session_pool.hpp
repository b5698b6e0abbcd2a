// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "core/error.hpp"
#include "storage/wt.hpp"

namespace thespis::storage {

/// Sessions that are lent and kept for the next borrower, up to a bound; beyond it a returned
/// session is closed.
/// Thread: members may be called from any thread; one lease belongs to one thread at a time.
class session_pool {
 public:
  /// Sessions kept although nobody uses them.
  static constexpr std::size_t idle_max = 64;

  /// A session on loan. Its cursors must be closed first.
  class lease {
   public:
    lease() = default;
    lease(session_pool& owner, wt::session&& handle) noexcept
        : owner_(&owner), handle_(std::move(handle)) {}
    ~lease() { give_back(); }
    lease(lease&& other) noexcept : owner_(other.owner_), handle_(std::move(other.handle_)) {
      other.owner_ = nullptr;
    }
    lease& operator=(lease&& other) noexcept {
      std::swap(owner_, other.owner_);
      std::swap(handle_, other.handle_);
      return *this;
    }

    wt::session* operator->() noexcept { return &handle_; }
    wt::session& operator*() noexcept { return handle_; }

   private:
    void give_back() noexcept;

    session_pool* owner_ = nullptr;
    wt::session handle_;
  };

  explicit session_pool(wt::connection& connection) noexcept : connection_(connection) {}

  /// Errors: resource_exhausted if every session of the database is taken.
  [[nodiscard]] result<lease> borrow();

  /// Sessions on loan now.
  [[nodiscard]] std::size_t lent() const noexcept;

  /// Closes the sessions that nobody uses.
  void close_idle() noexcept;

 private:
  void take_back(wt::session&& handle) noexcept;

  wt::connection& connection_;
  mutable std::mutex mutex_;
  std::vector<wt::session> idle_;
  std::size_t lent_ = 0;
};

}  // namespace thespis::storage
