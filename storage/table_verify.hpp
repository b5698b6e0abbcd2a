// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "core/error.hpp"
#include "core/health.hpp"
#include "storage/wt.hpp"

namespace thespis::storage {

/// Reads every block of every table of a database that nobody else uses, and salvages tables whose
/// blocks are damaged, if that is wanted. The file of a salvaged table is kept as it was in the
/// folder `salvaged` of the data folder.
class table_verify {
 public:
  table_verify(wt::session& session, std::filesystem::path database, bool salvage)
      : session_(session), database_(std::move(database)), salvage_(salvage) {}

  /// Errors: io.
  [[nodiscard]] result<void> run();

  /// The table is there, and all of it can be read.
  [[nodiscard]] bool sound(const std::string& table) const;
  /// The table was damaged, and what could be read of it was put together anew, now or by a run
  /// whose copy of the damaged file is still there.
  [[nodiscard]] bool salvaged(const std::string& table) const;
  [[nodiscard]] const health_component& found() const noexcept { return found_; }

 private:
  enum class state : std::uint8_t { sound, salvaged, damaged };

  [[nodiscard]] result<state> look_at(const std::string& table);
  [[nodiscard]] result<std::string> keep_copy(const std::string& table) const;
  [[nodiscard]] result<std::uint64_t> count_rows(const std::string& table);

  wt::session& session_;
  const std::filesystem::path database_;
  const bool salvage_;
  std::map<std::string, state> tables_;
  health_component found_{.name = "tables"};
};

}  // namespace thespis::storage
