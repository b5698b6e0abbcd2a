// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/fail_point.hpp"

#ifdef THESPIS_FAIL_POINTS

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace thespis::fail_point {

namespace {

enum class action : std::uint8_t { none, kill, wait, fail };

struct step {
  action what = action::none;
  std::uint64_t wait_ms = 0;
  std::uint64_t when = 1;  // 0: every time
  std::uint64_t reached = 0;
};

// A fault test with a misspelt plan would pass without testing anything.
[[noreturn]] void refuse(std::string_view part) {
  std::fprintf(stderr, "thespis: THESPIS_FAIL_POINTS: '%.*s' is not name=kill|wait:MS|fail[@N]\n",
               static_cast<int>(part.size()), part.data());
  std::_Exit(EXIT_FAILURE);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

step parse_step(std::string_view part, std::string_view text) {
  step parsed;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    const auto count = text.substr(at + 1);
    const auto when = count == "always" ? 0 : number(count);
    if (!when || (*when == 0 && count != "always")) refuse(part);
    parsed.when = *when;
    text = text.substr(0, at);
  }
  if (text == "kill") {
    parsed.what = action::kill;
  } else if (text == "fail") {
    parsed.what = action::fail;
  } else if (text.starts_with("wait:")) {
    const auto ms = number(text.substr(5));
    if (!ms) refuse(part);
    parsed.what = action::wait;
    parsed.wait_ms = *ms;
  } else {
    refuse(part);
  }
  return parsed;
}

class plan {
 public:
  plan() {
    if (const char* const trace = std::getenv("THESPIS_FAIL_POINT_TRACE"); trace != nullptr)
      trace_ = trace;
    const char* const text = std::getenv("THESPIS_FAIL_POINTS");
    if (text == nullptr) return;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto part = rest.substr(0, rest.find(','));
      rest.remove_prefix(part.size() == rest.size() ? rest.size() : part.size() + 1);
      const auto equals = part.find('=');
      if (equals == std::string_view::npos || equals == 0) refuse(part);
      steps_[std::string(part.substr(0, equals))] = parse_step(part, part.substr(equals + 1));
    }
  }

  step next(std::string_view name) {
    const std::lock_guard lock(mutex_);
    if (steps_.empty() && trace_.empty()) return {};
    auto found = steps_.find(name);
    if (found == steps_.end()) found = steps_.emplace(name, step{}).first;
    step& known = found->second;
    if (++known.reached == 1 && !trace_.empty()) note(name);
    if (known.when != 0 && known.reached != known.when) return {};
    return known;
  }

 private:
  // Written at once: the next thing may be the end of the process.
  void note(std::string_view name) const {
    const int file = ::open(trace_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) return;
    const auto line = std::string(name) + "\n";
    if (::write(file, line.data(), line.size()) < 0) std::perror("THESPIS_FAIL_POINT_TRACE");
    ::close(file);
  }

  std::mutex mutex_;
  std::string trace_;
  std::map<std::string, step, std::less<>> steps_;
};

plan& the_plan() {
  static plan instance;
  return instance;
}

}  // namespace

bool fails(std::string_view name) noexcept {
  const step due = the_plan().next(name);
  switch (due.what) {
    case action::none: return false;
    case action::kill: std::raise(SIGKILL); return false;
    case action::wait:
      std::this_thread::sleep_for(std::chrono::milliseconds(due.wait_ms));
      return false;
    case action::fail: return true;
  }
  return false;
}

void reach(std::string_view name) noexcept { static_cast<void>(fails(name)); }

}  // namespace thespis::fail_point

#endif
