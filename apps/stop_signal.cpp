// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/stop_signal.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

namespace thespis::apps {

namespace {

constexpr int poll_ms = 1000;

volatile std::sig_atomic_t handler_event = -1;
volatile std::sig_atomic_t seen = 0;

void on_signal(int) {
  const int saved = errno;
  seen = 1;
  const std::uint64_t one = 1;
  // Should the write fail, the next signal still ends the process.
  [[maybe_unused]] const auto written = ::write(handler_event, &one, sizeof one);
  errno = saved;
}

bool set_handler(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  return ::sigaction(signal, &action, nullptr) == 0;
}

}  // namespace

result<stop_signal> stop_signal::install() {
  const int event = ::eventfd(0, EFD_CLOEXEC);
  handler_event = event;
  const int once = SA_RESTART | static_cast<int>(SA_RESETHAND);
  if (event < 0 || !set_handler(SIGINT, on_signal, once) ||
      !set_handler(SIGTERM, on_signal, once) || !set_handler(SIGPIPE, SIG_IGN, 0))
    return error(errc::io, std::string("signals: ") + std::strerror(errno));
  return stop_signal(event);
}

bool stop_signal::raised() const noexcept { return seen != 0; }

void stop_signal::wait() const {
  pollfd told{event_, POLLIN, 0};
  // ThreadSanitizer may put a signal off until the next call of the thread, so none is for ever.
  while (::poll(&told, 1, poll_ms) <= 0) {
  }
  std::uint64_t count = 0;
  while (::read(event_, &count, sizeof count) < 0 && errno == EINTR) {
  }
}

}  // namespace thespis::apps
