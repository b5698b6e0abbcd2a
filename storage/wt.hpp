// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <wiredtiger.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.hpp"

/// WiredTiger's handles as owners, and its codes as `errc`. Private to `storage`; nothing else
/// includes `<wiredtiger.h>`.
///
/// Errors of every call: conflict (roll back and try again), resource_exhausted (disk full, no
/// memory, no session or descriptor left), corruption, io. A panic of WiredTiger ends the process
/// at once with one line on standard error and status `panic_exit_status`.
namespace thespis::storage::wt {

/// Exit status after a panic (EX_IOERR of sysexits.h): restart, and recovery runs.
inline constexpr int panic_exit_status = 74;

/// Turns WiredTiger's `code` into an error; `doing` says what failed.
[[nodiscard]] error failure(int code, std::string_view doing);

/// Success for 0, otherwise `failure`.
[[nodiscard]] result<void> check(int code, std::string_view doing);

/// Ends the process because storage can promise nothing any more. The last line on standard error
/// says what failed, in which folder and what to do.
[[noreturn]] void die(std::string_view why) noexcept;

/// The exit status of `die` from now on, for a process that is no server.
void exit_on_panic_with(int status) noexcept;

/// Whether a cursor's `put` replaces and `remove` ignores a missing row, or refuses.
enum class writes : std::uint8_t { overwrite, strict };

/// A position in a table whose keys and values are byte strings.
/// What `key` and `value` return lives until the cursor moves or is reset.
class cursor {
 public:
  cursor() = default;
  explicit cursor(WT_CURSOR* handle) noexcept : handle_(handle) {}
  ~cursor() { close(); }
  cursor(cursor&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  cursor& operator=(cursor&& other) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }

  /// Goes to `key`; false if there is none.
  [[nodiscard]] result<bool> find(std::string_view key);
  /// Goes to the first key at or after `key`; false if there is none.
  [[nodiscard]] result<bool> seek(std::string_view key);
  /// Goes to the next key (the first after a reset); false at the end.
  [[nodiscard]] result<bool> next();
  /// Goes to the previous key (the last after a reset); false at the beginning.
  [[nodiscard]] result<bool> previous();

  [[nodiscard]] result<std::string_view> key();
  [[nodiscard]] result<std::string_view> value();

  /// Inserts or, with `writes::overwrite`, replaces; strict: already_exists.
  [[nodiscard]] result<void> put(std::string_view key, std::string_view value);
  /// Replaces the value of an existing key; strict: false if there is none.
  [[nodiscard]] result<bool> update(std::string_view key, std::string_view value);
  /// Removes; strict: false if there is none.
  [[nodiscard]] result<bool> remove(std::string_view key);

  /// Lets go of the position and what it pins.
  void reset() noexcept;
  void close() noexcept;
  [[nodiscard]] WT_CURSOR* handle() const noexcept { return handle_; }

 private:
  WT_CURSOR* handle_ = nullptr;
};

/// One thread's conversation with the database. Cursors must be closed before it.
class session {
 public:
  session() = default;
  explicit session(WT_SESSION* handle) noexcept : handle_(handle) {}
  ~session() { close(); }
  session(session&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  session& operator=(session&& other) noexcept;

  [[nodiscard]] bool is_open() const noexcept { return handle_ != nullptr; }

  [[nodiscard]] result<cursor> open(const std::string& table, writes mode = writes::overwrite);
  /// Keys are names of objects, values their configuration. Only `next` and `key` apply.
  [[nodiscard]] result<cursor> open_names();
  /// The value of statistic `id` (WT_STAT_CONN_...) of the connection.
  [[nodiscard]] result<std::uint64_t> statistic(int id);

  [[nodiscard]] result<void> create(const std::string& table);
  /// Removes a table; false while a cursor of any session holds it. A missing one is no error.
  [[nodiscard]] result<bool> drop(const std::string& table);
  /// Reads every block of a table that no cursor is open on, and checks what it holds.
  /// Errors: corruption (damaged; nothing panics), conflict (a cursor is open).
  [[nodiscard]] result<void> verify(const std::string& table);
  /// Puts together anew what can be read of a table that no cursor is open on.
  [[nodiscard]] result<void> salvage(const std::string& table);
  /// Removes every row up to and including the position of `last`.
  [[nodiscard]] result<void> truncate_to(cursor& last);

  [[nodiscard]] result<void> begin();
  /// Commits without waiting for the disk. After a conflict nothing was committed; a log that
  /// cannot be written ends the process.
  [[nodiscard]] result<void> commit();
  void rollback() noexcept;

  [[nodiscard]] result<void> checkpoint();
  /// Returns when every commit that finished before the call is on disk.
  [[nodiscard]] result<void> flush_log();

  /// Puts a message into the log, which recovery passes over.
  [[nodiscard]] result<void> note(const std::string& text);

  /// Frees buffers that the last transaction needed.
  void reset() noexcept;
  void close() noexcept;

 private:
  WT_SESSION* handle_ = nullptr;
};

/// Begins a transaction and rolls it back unless it was committed.
class transaction {
 public:
  explicit transaction(session& owner) noexcept : owner_(owner), begun_(owner.begin()) {}
  ~transaction() {
    if (begun_) owner_.rollback();
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  [[nodiscard]] const result<void>& begun() const noexcept { return begun_; }
  [[nodiscard]] result<void> commit();

 private:
  session& owner_;
  result<void> begun_;
};

/// The open database.
class connection {
 public:
  connection() = default;
  ~connection();
  connection(connection&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  connection& operator=(connection&& other) noexcept;

  /// Opens or creates the database in `home`, with recovery.
  [[nodiscard]] static result<connection> open(const std::filesystem::path& home,
                                               const std::string& configuration);

  [[nodiscard]] result<session> open_session();
  [[nodiscard]] result<void> reconfigure(const std::string& configuration);
  [[nodiscard]] result<void> close();

 private:
  WT_CONNECTION* handle_ = nullptr;
};

}  // namespace thespis::storage::wt
