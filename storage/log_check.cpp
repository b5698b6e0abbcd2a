// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/log_check.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "core/crc32c.hpp"

namespace thespis::storage {

namespace {

// Layout of the log. Source: WiredTiger 3.2.1, src/include/log.h. Little-endian.
constexpr std::size_t record_alignment = 128;
constexpr std::size_t record_head_bytes = 16;  // u32 length, u32 CRC-32C, u16 flags, rest
constexpr std::size_t checksum_at = 4;
constexpr std::uint32_t log_magic = 0x101064;
constexpr unsigned char message_type = 0x83;  // of a record, packed
constexpr std::string_view log_prefix = "WiredTigerLog.";
constexpr std::string_view mark_prefix = "thespis flushes ";
constexpr std::size_t mark_text_bytes_max = 64;

using bytes_view = std::span<const unsigned char>;

/// Where a record begins.
struct position {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
};

std::uint32_t number_at(bytes_view bytes, std::size_t at) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

std::string_view take_number(std::string_view text, std::uint64_t& value) noexcept {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{}) return {};
  return text.substr(static_cast<std::size_t>(end - text.data()));
}

/// A file in memory, read-only.
class mapped_file {
 public:
  static result<mapped_file> open(const std::filesystem::path& path) {
    const auto refused = [&](const char* call) {
      return error(errc::io, "log file " + path.string() + ": " + call + ": " +
                                 std::generic_category().message(errno));
    };
    mapped_file made;
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return refused("open");
    struct stat status {};
    if (::fstat(file, &status) == 0) made.size_ = static_cast<std::size_t>(status.st_size);
    if (made.size_ > 0) {
      void* const at = ::mmap(nullptr, made.size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (at != MAP_FAILED) made.begin_ = static_cast<const unsigned char*>(at);
    }
    ::close(file);
    if (made.size_ > 0 && made.begin_ == nullptr) return refused("mmap");
    return made;
  }

  mapped_file(mapped_file&& other) noexcept
      : begin_(std::exchange(other.begin_, nullptr)), size_(other.size_) {}
  mapped_file& operator=(mapped_file&&) = delete;
  ~mapped_file() {
    if (begin_ != nullptr) ::munmap(const_cast<unsigned char*>(begin_), size_);
  }

  [[nodiscard]] bytes_view bytes() const noexcept { return {begin_, size_}; }

 private:
  mapped_file() = default;
  const unsigned char* begin_ = nullptr;
  std::size_t size_ = 0;
};

/// Length of the whole record at `at` with its padding; 0 if there is none.
std::size_t record_at(bytes_view file, std::size_t at) {
  if (file.size() < at + record_alignment) return 0;
  const std::size_t length = number_at(file, at);
  if (length < record_head_bytes || length > file.size() - at) return 0;
  const auto record = file.subspan(at, length);
  constexpr std::uint32_t blank = 0;
  auto sum = crc32c(record.data(), checksum_at);
  sum = crc32c(&blank, sizeof blank, sum);
  constexpr auto after = checksum_at + sizeof blank;
  sum = crc32c(record.data() + after, record.size() - after, sum);
  if (sum != number_at(record, checksum_at)) return 0;
  return (length + record_alignment - 1) / record_alignment * record_alignment;
}

/// The mark that the record at `at` is, if its bytes say so; whether it is whole is not asked.
std::optional<log_mark> mark_at(bytes_view file, std::size_t at) noexcept {
  constexpr auto text_at = record_head_bytes + 1;
  if (file.size() < at + record_alignment || file[at + record_head_bytes] != message_type)
    return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(file.data() + at + text_at);
  return parse_log_mark({text, ::strnlen(text, mark_text_bytes_max)});
}

/// Goes through the files of a log in their order.
class log_walk {
 public:
  explicit log_walk(std::map<std::uint32_t, std::filesystem::path> files)
      : files_(std::move(files)) {}

  result<void> run(position from) {
    if (from.file > files_.rbegin()->first) {
      note_damage({from.file, 0}, "is missing");
      return lost();
    }
    for (auto number = from.file; number <= files_.rbegin()->first; ++number) {
      const auto found = files_.find(number);
      if (found == files_.end()) {
        note_damage({number, 0}, "is missing");
        continue;
      }
      THESPIS_TRY(const auto file, mapped_file::open(found->second));
      walk(number, file.bytes(), number == from.file ? from.offset : 0);
      if (proof_) return lost();
    }
    return ok();
  }

 private:
  void walk(std::uint32_t number, bytes_view file, std::uint64_t from) {
    auto at = static_cast<std::size_t>(from);
    if (at == 0 && !begins_well(file)) note_damage({number, 0}, "does not begin as a log file");
    while (!damage_) {
      if (const auto mark = mark_at(file, at); mark && record_at(file, at) != 0)
        take(number, *mark);
      const auto bytes = record_at(file, at);
      if (bytes == 0) break;
      at += bytes;
    }
    // Log files are made of zeros, so the end of what was written is known.
    const auto rest = file.subspan(std::min(at, file.size()));
    if (!damage_ && std::any_of(rest.begin(), rest.end(), [](auto byte) { return byte != 0; }))
      note_damage({number, at}, "is damaged");
    for (; damage_ && !proof_ && at + record_alignment <= file.size(); at += record_alignment)
      if (const auto mark = mark_at(file, at); mark && record_at(file, at) != 0)
        take(number, *mark);
  }

  static bool begins_well(bytes_view file) {
    return record_at(file, 0) != 0 && number_at(file, record_head_bytes) == log_magic;
  }

  void note_damage(position where, const char* what) {
    if (damage_) return;
    damage_ = where;
    what_ = what;
  }

  // `expected_` is the newest flush count whose mark may follow here without anything synced
  // being missing before it.
  void take(std::uint32_t number, const log_mark& mark) {
    const bool follows = last_ && mark.term == last_->term;
    const bool gap = follows && mark.flushes > last_->flushes + 1;
    const bool newer_boot = last_ && mark.term > last_->term;
    if (damage_ && first_after_ && mark > *first_after_) proof_ = mark;
    if (damage_ && newer_boot) proof_ = mark;
    if (gap) {
      note_damage({number, 0}, "follows on missing records");
      proof_ = mark;
    }
    if (damage_) {
      if (!first_after_ && (!last_ || mark > *last_)) first_after_ = mark;
    } else {
      last_ = mark;
    }
  }

  [[nodiscard]] error lost() const {
    const auto found = files_.find(damage_->file);
    const auto name = found != files_.end()
                          ? found->second.string()
                          : std::string(log_prefix) + std::to_string(damage_->file);
    return {errc::corruption,
            "log file " + name + ": " + what_ + " at byte " + std::to_string(damage_->offset) +
                ", and a later mark (flush " + std::to_string(proof_->flushes) + " of boot " +
                std::to_string(proof_->term) +
                ") shows that acknowledged writes stood there; nothing was changed: restore the "
                "data folder from a backup, or see what `thespis check --repair` can save"};
  }

  std::map<std::uint32_t, std::filesystem::path> files_;
  std::optional<position> damage_;
  const char* what_ = "";
  std::optional<log_mark> last_;         // before the damage
  std::optional<log_mark> first_after_;  // the first behind it that flushes follow
  std::optional<log_mark> proof_;
};

result<std::map<std::uint32_t, std::filesystem::path>> log_files(
    const std::filesystem::path& database) {
  std::map<std::uint32_t, std::filesystem::path> files;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(database, failure)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(log_prefix)) continue;
    std::uint64_t number = 0;
    const auto rest = take_number(std::string_view(name).substr(log_prefix.size()), number);
    if (rest.data() != nullptr && rest.empty())
      files.emplace(static_cast<std::uint32_t>(number), entry.path());
  }
  if (failure) return error(errc::io, "read " + database.string() + ": " + failure.message());
  return files;
}

/// Where recovery begins, as WiredTiger's file of its metadata's place says; else the first file.
position checkpoint_of(const std::string& turtle, std::uint32_t first_file) {
  constexpr std::string_view key = "checkpoint_lsn=(";
  const auto found = turtle.find(key);
  if (found == std::string::npos) return {first_file, 0};
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  auto rest = take_number(std::string_view(turtle).substr(found + key.size()), file);
  if (!rest.starts_with(',')) return {first_file, 0};
  rest = take_number(rest.substr(1), offset);
  if (!rest.starts_with(')') || file < first_file) return {first_file, 0};
  return {static_cast<std::uint32_t>(file), offset};
}

/// Whether the text of WiredTiger.turtle is whole: lines of keys and their values.
bool is_whole(std::string_view turtle) noexcept {
  return turtle.starts_with("WiredTiger version string\n") && turtle.ends_with('\n') &&
         turtle.find("\nfile:WiredTiger.wt\n") != std::string_view::npos &&
         std::count(turtle.begin(), turtle.end(), '(') ==
             std::count(turtle.begin(), turtle.end(), ')');
}

error refused(const std::filesystem::path& what, const char* why) {
  return {errc::corruption, "file " + what.string() + ": " + why +
                                "; nothing was changed: restore the data folder from a backup"};
}

}  // namespace

std::string to_text(const log_mark& mark) {
  return std::string(mark_prefix) + std::to_string(mark.term) + " " + std::to_string(mark.flushes);
}

std::optional<log_mark> parse_log_mark(std::string_view text) noexcept {
  if (!text.starts_with(mark_prefix)) return std::nullopt;
  log_mark mark;
  auto rest = take_number(text.substr(mark_prefix.size()), mark.term);
  if (!rest.starts_with(' ')) return std::nullopt;
  rest = take_number(rest.substr(1), mark.flushes);
  if (rest.data() == nullptr || !rest.empty()) return std::nullopt;
  return mark;
}

result<void> check_log(const std::filesystem::path& database) {
  THESPIS_TRY(auto files, log_files(database));
  // The first table that is made; before it there is nothing to lose.
  const bool has_tables = std::filesystem::exists(database / "node.wt");
  const auto turtle = database / "WiredTiger.turtle";
  std::ifstream in(turtle, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (has_tables && !std::filesystem::exists(turtle))
    return refused(turtle, "is missing, and without it no table can be read");
  if (has_tables && !is_whole(text))
    return refused(turtle, "is damaged, and without it no table can be read");
  if (has_tables && files.empty())
    return refused(database / log_prefix,
                   "no log file is there, so acknowledged writes are missing");
  if (files.empty()) return ok();
  const auto first = files.begin()->first;
  return log_walk(std::move(files)).run(checkpoint_of(text, first));
}

}  // namespace thespis::storage
