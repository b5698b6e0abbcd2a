// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/damaged_tables.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <system_error>

#include "storage/generations.hpp"
#include "storage/tables.hpp"

namespace thespis::storage {

namespace {

constexpr const char* note_name = "damaged";

}  // namespace

void note_damaged(const std::filesystem::path& data, std::string_view file) noexcept {
  constexpr std::string_view extension = ".wt";
  if (!file.ends_with(extension)) return;
  const auto table = "table:" + std::string(file.substr(0, file.size() - extension.size()));
  if (!tables::owner(table)) return;
  const auto line = table + "\n";
  const auto note = data / note_name;
  const int out = ::open(note.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out < 0) return;
  if (::write(out, line.data(), line.size()) < 0 || ::fsync(out) != 0)
    std::perror(note.c_str());  // the next start meets the page again and ends as this one did
  ::close(out);
}

result<std::map<uuid, std::string>> verify_noted(session_pool& sessions,
                                                 const std::filesystem::path& data,
                                                 const std::set<uuid>& live) {
  std::map<uuid, std::string> damaged;
  const auto note = data / note_name;
  std::ifstream in(note);
  if (!in) return damaged;
  std::set<std::string> noted;
  for (std::string line; std::getline(in, line);) noted.insert(line);
  THESPIS_TRY(auto session, sessions.borrow());
  for (const auto& table : noted) {
    const auto owner = tables::owner(table);
    if (!owner || !live.contains(owner->collection)) continue;
    // Its collection may have been emptied since.
    THESPIS_TRY(const auto generation, generation_of(*session, owner->collection));
    if (owner->generation != generation) continue;
    if (auto sound = session->verify(table); !sound)
      damaged[owner->collection] = sound.error().message;
  }
  if (!damaged.empty()) return damaged;
  std::error_code failure;
  std::filesystem::remove(note, failure);
  if (failure) return error(errc::io, "remove " + note.string() + ": " + failure.message());
  return damaged;
}

}  // namespace thespis::storage
