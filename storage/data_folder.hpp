// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>

#include "core/error.hpp"

namespace thespis::storage {

/// The data folder: `format` (its version), `lock`, `db` (WiredTiger), `derived` (files that can
/// be rebuilt). This process holds it alone until the object is gone.
class data_folder {
 public:
  /// Newest layout of the folder that this build reads and writes.
  static constexpr unsigned format_newest = 1;

  /// Makes the folder if only itself is missing, locks it and checks its format.
  /// Errors: io (missing parent, read-only, in use by another process, no data folder),
  /// corruption (unreadable format file), unsupported (newer format). Each names the path.
  [[nodiscard]] static result<data_folder> open(const std::filesystem::path& path);

  ~data_folder();
  data_folder(data_folder&& other) noexcept;
  data_folder& operator=(data_folder&&) = delete;

  [[nodiscard]] std::filesystem::path database() const { return path_ / "db"; }
  [[nodiscard]] std::filesystem::path derived() const { return path_ / "derived"; }

 private:
  data_folder(std::filesystem::path path, int lock) noexcept
      : path_(std::move(path)), lock_(lock) {}
  result<void> check_format() const;
  result<void> write_format() const;

  std::filesystem::path path_;
  int lock_ = -1;
};

}  // namespace thespis::storage
