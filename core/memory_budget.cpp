// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/memory_budget.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/clock.hpp"

namespace thespis {

namespace {

constexpr std::uint64_t unbounded = std::numeric_limits<std::uint64_t>::max();
/// Of the limit of address space, the part that may be used: a failed mapping in a library ends
/// in an exception.
constexpr double space_part = 0.9;
constexpr const char* setting_name = "runtime.memory_budget_bytes";

std::uint64_t positive(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

std::uint64_t part_of(std::uint64_t bytes, double part) noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(bytes) * part);
}

std::uint64_t address_space() noexcept {
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur == RLIM_INFINITY) return unbounded;
  return part_of(space.rlim_cur, space_part);
}

}  // namespace

std::string_view to_string(memory_part part) noexcept {
  switch (part) {
    case memory_part::rows: return "rows";
    case memory_part::mapped_rows: return "mapped_rows";
    case memory_part::index: return "index";
    case memory_part::slots: return "slots";
    case memory_part::storage_cache: return "storage_cache";
    case memory_part::requests: return "requests";
    case memory_part::building: return "building";
  }
  return "unknown";
}

memory_budget::memory_budget(std::uint64_t configured_bytes, const memory_ceiling& ceiling,
                             probe look)
    : bytes_(configured_bytes),
      space_bytes_(address_space()),
      origin_(setting_name),
      look_(std::move(look)) {
  if (configured_bytes > 0) return;
  bytes_ = part_of(ceiling.bytes, derived_part);
  origin_ = "three quarters of the " + ceiling.origin;
}

std::uint64_t memory_budget::used_bytes() const noexcept {
  return look_().private_bytes + positive(promised_.load(std::memory_order_relaxed));
}

memory_report memory_budget::report() const {
  const auto process = look_();
  memory_report now;
  now.budget_bytes = bytes_;
  now.origin = origin_;
  now.promised_bytes = positive(promised_.load(std::memory_order_relaxed));
  now.used_bytes = process.private_bytes + now.promised_bytes;
  now.resident_bytes = process.resident_bytes;
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < memory_parts; ++i) {
    now.parts[i] = positive(held_[i].load(std::memory_order_relaxed));
    sum += now.parts[i];
  }
  now.other_bytes = now.resident_bytes - std::min(sum, now.resident_bytes);
  return now;
}

result<void> memory_budget::check(std::uint64_t bytes, std::string_view what) {
  const auto fits = [&](const process_memory& process) {
    const auto used = process.private_bytes + positive(promised_.load(std::memory_order_relaxed));
    return used + bytes <= bytes_ && process.virtual_bytes + bytes <= space_bytes_;
  };
  if (fits(look_())) return ok();
  auto last = relieved_ns_.load();
  const auto now_ns = steady_time_ns();
  if ((last == 0 || now_ns - last >= relief_pause_ms * 1'000'000) &&
      relieved_ns_.compare_exchange_strong(last, now_ns))
    relieve();
  const auto process = look_();
  if (fits(process)) return ok();
  const bool of_space = process.virtual_bytes + bytes > space_bytes_;
  return error(errc::resource_exhausted,
               std::string(what) + ": needs " + std::to_string(bytes) + " bytes of memory, but " +
                   (of_space ? std::to_string(process.virtual_bytes) +
                                   " bytes of address space are used, at most " +
                                   std::to_string(space_bytes_)
                             : std::to_string(used_bytes()) + " of the " + std::to_string(bytes_) +
                                   " bytes of the budget (" + origin_ + ") are used") +
                   "; delete something, or raise " + setting_name);
}

bool memory_budget::fits_resident(std::uint64_t bytes) const noexcept {
  const auto process = look_();
  return process.private_bytes + bytes <= bytes_ && process.virtual_bytes + bytes <= space_bytes_;
}

void memory_budget::add_relief(const std::string& key, relief shrink) {
  const std::lock_guard lock(mutex_);
  caches_.push_back({key, std::move(shrink)});
}

void memory_budget::remove_relief(const std::string& key) {
  const std::lock_guard lock(mutex_);
  std::erase_if(caches_, [&](const cache& one) { return one.key == key; });
}

void memory_budget::relieve() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& one : caches_) one.shrink();
}

void memory_budget::add(memory_part part, std::int64_t held, std::int64_t promised) noexcept {
  held_[static_cast<std::size_t>(part)].fetch_add(held, std::memory_order_relaxed);
  promised_.fetch_add(promised, std::memory_order_relaxed);
}

memory_budget::share& memory_budget::share::operator=(share&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(part_, other.part_);
  std::swap(held_bytes_, other.held_bytes_);
  std::swap(promised_bytes_, other.promised_bytes_);
  return *this;
}

void memory_budget::share::set(std::uint64_t held_bytes, std::uint64_t promised_bytes) noexcept {
  if (!budget_) return;
  budget_->add(part_, static_cast<std::int64_t>(held_bytes - held_bytes_),
               static_cast<std::int64_t>(promised_bytes - promised_bytes_));
  held_bytes_ = held_bytes;
  promised_bytes_ = promised_bytes;
}

result<memory_budget::share> memory_budget::reserve(const std::shared_ptr<memory_budget>& budget,
                                                    std::uint64_t bytes, std::string_view what) {
  if (!budget) return share();
  const std::lock_guard lock(budget->reserving_);
  THESPIS_CHECK(budget->check(bytes, what));
  share taken(budget, memory_part::building);
  taken.set(0, bytes);
  return taken;
}

}  // namespace thespis
