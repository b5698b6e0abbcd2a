// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/process_memory.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <optional>
#include <string_view>

namespace thespis {

namespace {

std::optional<std::uint64_t> number(std::string_view& text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n')) text.remove_prefix(1);
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// A file of one number; "max" and whatever else is none.
std::optional<std::uint64_t> number_in(const std::string& file) {
  std::ifstream in(file);
  std::string text;
  if (!std::getline(in, text)) return std::nullopt;
  std::string_view rest = text;
  return number(rest);
}

void lower(memory_ceiling& found, std::optional<std::uint64_t> bytes, const char* origin) {
  if (bytes && *bytes > 0 && *bytes < found.bytes) found = {*bytes, origin};
}

// A group is bounded by the groups above it, too. In a container its own path may not be visible.
void lower_by_group(memory_ceiling& found, const std::string& mount, std::string path,
                    const char* file) {
  while (true) {
    lower(found, number_in(mount + path + "/" + file), "cgroup");
    if (path.empty() || path == "/") return;
    path.resize(path.rfind('/'));
  }
}

void lower_by_groups(memory_ceiling& found, const std::string& root) {
  std::ifstream groups(root + "/proc/self/cgroup");
  // Each line: number ":" controllers, separated by commas ":" path. Source: cgroups(7).
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const auto controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const auto path = line.substr(second + 1);
    if (controllers == ",,") lower_by_group(found, root + "/sys/fs/cgroup", path, "memory.max");
    if (controllers.find(",memory,") != std::string::npos)
      lower_by_group(found, root + "/sys/fs/cgroup/memory", path, "memory.limit_in_bytes");
  }
}

}  // namespace

process_memory process_memory::now() noexcept {
  process_memory found;
  // Kept open: opening takes longer than reading, and every write asks.
  static const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return found;
  std::array<char, 128> bytes;
  const auto got = ::pread(descriptor, bytes.data(), bytes.size(), 0);
  if (got <= 0) return found;
  std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  const auto whole = number(text);
  const auto resident = number(text);
  const auto of_files = number(text);
  if (!whole || !resident || !of_files) return found;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  found.virtual_bytes = *whole * page;
  found.resident_bytes = *resident * page;
  found.private_bytes = (*resident - std::min(*resident, *of_files)) * page;
  return found;
}

memory_ceiling find_memory_ceiling(const std::string& root) {
  memory_ceiling found{static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                           static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)),
                       "physical memory"};
  lower_by_groups(found, root);
  rlimit space{};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    lower(found, space.rlim_cur, "limit of address space");
  return found;
}

}  // namespace thespis
