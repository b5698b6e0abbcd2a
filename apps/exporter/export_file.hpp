// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "apps/dump/export_header.hpp"
#include "apps/dump/zstd_frame.hpp"
#include "apps/exporter/collection_pages.hpp"
#include "core/error.hpp"

namespace thespis::exporter {

/// How far an export is.
struct export_position {
  std::uint64_t points = 0;  ///< Written.
  std::string next;          ///< As `page::next`; empty at the beginning too.
  bool complete = false;     ///< All pages are written.
};

/// The file that an export writes. Until it is finished it is `FILE.part`, with `FILE.part.state`
/// beside it, which names the bytes that count and the point to go on with; the final name is
/// there once the file is complete. Another process that writes the same file is refused.
/// Thread: one at a time.
class export_file {
 public:
  struct options {
    std::filesystem::path file;
    bool compressed = true;  ///< One zstd frame a page.
    bool restart = false;    ///< Begin again even if there is something to continue.
    bool replace = false;    ///< A finished file of that name may be replaced.
  };

  /// Begins a file, or continues what an earlier export of this collection left.
  /// Errors: already_exists (the finished file); failed_precondition (what is there to continue is
  /// of another collection, or of this one with other parameters; another process writes it);
  /// corruption (the state does not go with the file); io.
  [[nodiscard]] static result<std::unique_ptr<export_file>> open(
      options wanted, const std::string& collection, const dump::described_collection& described);
  ~export_file();
  export_file(const export_file&) = delete;
  export_file& operator=(const export_file&) = delete;

  /// Where to go on.
  [[nodiscard]] const export_position& position() const noexcept { return position_; }
  /// Appends a page; durable with the next `save`. Errors: io (a full disk too).
  [[nodiscard]] result<void> append(const page& points);
  /// Makes everything so far survive the process and the machine. Errors: io.
  [[nodiscard]] result<void> save();
  /// Puts the number of points into the header and gives the file its name, durably.
  /// Errors: io.
  [[nodiscard]] result<void> finish();

 private:
  export_file(options wanted, dump::export_header header, std::string uuid);

  result<void> lock();
  result<bool> resume();
  result<void> begin();
  result<std::string> header_bytes();
  result<void> write(std::string_view bytes, std::uint64_t at);

  options options_;
  dump::export_header header_;
  std::string uuid_;
  std::filesystem::path part_;
  std::filesystem::path state_;
  int handle_ = -1;
  std::uint64_t bytes_ = 0;
  export_position position_;
  dump::zstd_frame_maker zstd_;
};

}  // namespace thespis::exporter
