// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/log_repeats.hpp"

#include <algorithm>
#include <limits>

#include "core/limits.hpp"

namespace thespis::log {

bool repeats::admit(level value, std::string_view component, std::string_view message,
                    std::int64_t now_ns) {
  if (window_ns_ == 0) return true;
  std::string key;
  key.reserve(component.size() + message.size() + 1);
  key.append(component).append(1, '\0').append(message);
  const auto known = entries_.find(key);
  if (known != entries_.end() && now_ns < known->second.until_ns) {
    auto& [counted, until_ns, written] = known->second;
    const bool worse = value > counted.level;
    counted.level = std::max(counted.level, value);
    if (worse || written < burst_) {
      ++written;
      return true;
    }
    ++counted.count;
    return false;
  }
  if (known != entries_.end()) {
    known->second.until_ns = now_ns + window_ns_;
    known->second.written = 1;
    return true;
  }
  if (entries_.size() >= limits::log_repeats_max) return true;
  entry fresh{{value, std::string(component), std::string(message), 0}, now_ns + window_ns_, 1};
  next_expiry_ns_ = entries_.empty() ? fresh.until_ns : std::min(next_expiry_ns_, fresh.until_ns);
  entries_.emplace(std::move(key), std::move(fresh));
  return true;
}

std::vector<repeats::summary> repeats::expired(std::int64_t now_ns) {
  std::vector<summary> out;
  if (entries_.empty() || now_ns < next_expiry_ns_) return out;
  auto earliest = std::numeric_limits<std::int64_t>::max();
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (at->second.until_ns > now_ns) {
      earliest = std::min(earliest, at->second.until_ns);
      ++at;
      continue;
    }
    if (at->second.counted.count > 0) out.push_back(std::move(at->second.counted));
    at = entries_.erase(at);
  }
  next_expiry_ns_ = earliest;
  return out;
}

std::vector<repeats::summary> repeats::all() {
  return expired(std::numeric_limits<std::int64_t>::max());
}

}  // namespace thespis::log
