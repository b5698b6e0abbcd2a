// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/memory_budget.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;

namespace {

constexpr memory_ceiling unimportant{0, ""};

/// A process of so much private memory.
struct fake_process {
  std::uint64_t private_bytes = 0;
  memory_budget::probe probe() {
    return [this] { return process_memory{private_bytes + 1000, private_bytes, 0}; };
  }
};

void write(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file) << text;
}

}  // namespace

TEST_CASE("a budget refuses what does not fit and says why") {
  fake_process process{600};
  memory_budget budget(1000, unimportant, process.probe());
  CHECK(budget.check(400, "a write"));
  const auto refused = budget.check(401, "a write");
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  for (const char* part : {"a write", "401", "600", "1000", "runtime.memory_budget_bytes"})
    CHECK(refused.error().message.find(part) != std::string::npos);
}

TEST_CASE("what was promised counts as used until its owner is gone") {
  fake_process process{100};
  const auto budget = std::make_shared<memory_budget>(1000, unimportant, process.probe());
  {
    const auto taken = memory_budget::reserve(budget, 800, "a rebuild");
    REQUIRE(taken);
    CHECK(budget->used_bytes() == 900);
    CHECK(budget->check(100, "a write"));
    CHECK(budget->check(101, "a write").error().code == errc::resource_exhausted);
    CHECK(memory_budget::reserve(budget, 101, "another").error().code == errc::resource_exhausted);
    CHECK(budget->fits_resident(900));
    CHECK(!budget->fits_resident(901));
  }
  CHECK(budget->used_bytes() == 100);
  CHECK(memory_budget::reserve(nullptr, 1u << 30, "unbounded"));
}

TEST_CASE("accounts sum up over their shares, and the rest is told as other") {
  fake_process process{500};
  const auto budget = std::make_shared<memory_budget>(1000, unimportant, process.probe());
  memory_budget::share one(budget, memory_part::index);
  {
    memory_budget::share two(budget, memory_part::index);
    one.set(100, 7);
    two.set(50, 3);
    const auto now = budget->report();
    CHECK(now.parts[static_cast<std::size_t>(memory_part::index)] == 150);
    CHECK(now.promised_bytes == 10);
    CHECK(now.used_bytes == 510);
    CHECK(now.resident_bytes == 1500);
    CHECK(now.other_bytes == 1350);
  }
  one.set(20);
  memory_budget::share moved(std::move(one));
  const auto now = budget->report();
  CHECK(now.parts[static_cast<std::size_t>(memory_part::index)] == 20);
  CHECK(now.promised_bytes == 0);
}

TEST_CASE("caches shrink before anything is refused") {
  fake_process process{900};
  memory_budget budget(1000, unimportant, process.probe());
  int asked = 0;
  budget.add_relief("a cache", [&] {
    ++asked;
    process.private_bytes = 500;
  });
  CHECK(budget.check(100, "a write"));
  CHECK(asked == 0);
  CHECK(budget.check(400, "a write"));
  CHECK(asked == 1);
  budget.remove_relief("a cache");
  budget.relieve();
  CHECK(asked == 1);
}

TEST_CASE("without a setting the budget is a part of the ceiling") {
  const memory_budget budget(0, {1000, "cgroup"});
  CHECK(budget.bytes() == 750);
  CHECK(budget.report().origin.find("cgroup") != std::string::npos);
  CHECK(memory_budget(5, {1000, "cgroup"}).bytes() == 5);
}

TEST_CASE("the process tells its memory") {
  const auto before = process_memory::now();
  CHECK(before.private_bytes > 0);
  CHECK(before.resident_bytes >= before.private_bytes);
  CHECK(before.virtual_bytes >= before.resident_bytes);
  constexpr std::size_t bytes = 64u << 20;
  std::vector<char> taken(bytes);
  std::fill(taken.begin(), taken.end(), 'x');
  CHECK(process_memory::now().private_bytes >= before.private_bytes + bytes / 2);
}

TEST_CASE("the ceiling is the smallest limit of groups of both versions and those above them") {
  const tests::scratch_folder folder;
  const auto root = folder.path().string();
  const auto physical = find_memory_ceiling(root).bytes;  // nothing to read
  CHECK(physical > 0);

  write(root + "/proc/self/cgroup", "4:cpu,memory:/a/b\n0::/c\n");
  write(root + "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  write(root + "/sys/fs/cgroup/c/memory.max", "max\n");
  CHECK(find_memory_ceiling(root).bytes == physical);

  write(root + "/sys/fs/cgroup/memory/a/memory.limit_in_bytes", "300000\n");
  CHECK(find_memory_ceiling(root).bytes == 300000);
  CHECK(find_memory_ceiling(root).origin == "cgroup");
  write(root + "/sys/fs/cgroup/c/memory.max", "200000\n");
  CHECK(find_memory_ceiling(root).bytes == 200000);
  // In a container the group's own folder is the root of what can be seen.
  write(root + "/sys/fs/cgroup/memory.max", "100000\n");
  CHECK(find_memory_ceiling(root).bytes == 100000);
}
