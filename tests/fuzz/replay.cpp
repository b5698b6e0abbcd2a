// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Runs the target that it is linked with over kept inputs: replay FOLDER...

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz_target.hpp"

namespace {

std::vector<std::filesystem::path> inputs_in(int count, char** folders) {
  std::vector<std::filesystem::path> files;
  for (int i = 1; i < count; ++i)
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folders[i]))
      if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

int main(int count, char** arguments) {
  const auto files = inputs_in(count, arguments);
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    // Named first: a property that does not hold ends the process.
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    // A copy of its own, so that a read past the end is seen.
    const std::vector<std::uint8_t> data(bytes.begin(), bytes.end());
    (void)LLVMFuzzerTestOneInput(data.data(), data.size());
  }
  thespis::fuzz::require(!files.empty(), "there are inputs to replay");
  std::printf("%zu inputs\n", files.size());
  return 0;
}
