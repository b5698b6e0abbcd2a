// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/wt.hpp"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <utility>

#include "storage/damaged_tables.hpp"

namespace thespis::storage::wt {

namespace {

// A thread of ours learns WiredTiger's words through the error that the call returns; those of
// WiredTiger's own threads have no caller and go to standard error.
thread_local bool calls_from_here = false;
thread_local std::string last_message;
// What went wrong before a panic; the panic itself only says that there is one.
thread_local std::string last_cause;

// Damage is what a verification or a salvage looks for; elsewhere it ends the process.
thread_local bool expects_damage = false;

std::atomic<int> exit_status_of_panic = panic_exit_status;

std::mutex home_mutex;
std::string home_of_database;

// A disk that fails may have lost what was written before, and WiredTiger 3.2.1 waits for ever for
// a log file that it could not make.
bool is_final(int code, std::string_view message) noexcept {
  if (code == EIO) return true;
  const bool full = code == ENOSPC || code == EDQUOT || code == EROFS;
  if (!full) return false;
  for (const auto* file : {"WiredTigerLog.", "WiredTigerTmplog.", "WiredTigerPreplog."})
    if (message.find(file) != std::string_view::npos) return true;
  return false;
}

int on_error(WT_EVENT_HANDLER*, WT_SESSION*, int code, const char* message) {
  // The bytes of a bad block; and of damage that is looked for the first word tells most.
  if (std::string_view(message).find("corrupt_dump") != std::string_view::npos) return 0;
  if (expects_damage && !last_message.empty()) return 0;
  if (code == WT_PANIC) die(last_cause.empty() ? message : last_cause);
  if (is_final(code, message)) die(message);
  last_cause = message;
  if (calls_from_here)
    last_message = message;
  else
    std::fprintf(stderr, "thespis: storage: %s\n", message);
  return 0;
}

// Without the time, the thread and the function that WiredTiger puts in front.
std::string_view words_of(std::string_view message) noexcept {
  const auto function = message.find("__");
  const auto end = function == std::string_view::npos ? function : message.find(": ", function);
  return end == std::string_view::npos ? message : message.substr(end + 2);
}

int on_message(WT_EVENT_HANDLER*, WT_SESSION*, const char*) { return 0; }

WT_EVENT_HANDLER events{on_error, on_message, nullptr, nullptr};

errc kind_of(int code) noexcept {
  switch (code) {
    case WT_ROLLBACK: return errc::conflict;
    case WT_NOTFOUND: return errc::not_found;
    case WT_DUPLICATE_KEY: return errc::already_exists;
    case WT_CACHE_FULL:
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
    case EMFILE:
    case ENFILE: return errc::resource_exhausted;
    case EBUSY: return errc::conflict;
    case WT_ERROR:
    case WT_TRY_SALVAGE: return errc::corruption;
    case EINVAL: return errc::internal;
    default: return errc::io;
  }
}

WT_ITEM item(std::string_view bytes) noexcept {
  WT_ITEM out{};
  out.data = bytes.data();
  out.size = bytes.size();
  return out;
}

std::string_view view(const WT_ITEM& in) noexcept {
  return {static_cast<const char*>(in.data), in.size};
}

result<bool> found(int code, std::string_view doing) {
  if (code == 0) return true;
  if (code == WT_NOTFOUND) return false;
  return failure(code, doing);
}

constexpr const char* damage_remedy =
    "; run `thespis check`, or restore the data folder from a backup";

constexpr const char* table_configuration =
    "key_format=u,value_format=u,leaf_page_max=64KB,leaf_value_max=32KB";

}  // namespace

void exit_on_panic_with(int status) noexcept { exit_status_of_panic = status; }

void die(std::string_view why) noexcept {
  const auto cause = words_of(why);
  const bool damaged = cause.find("read error") != std::string_view::npos;
  const std::lock_guard lock(home_mutex);
  if (damaged) note_damaged(home_of_database, cause.substr(0, cause.find(':')));
  std::fprintf(stderr, "thespis: storage: %.*s; the process ends at once; data folder %s: %s\n",
               static_cast<int>(cause.size()), cause.data(), home_of_database.c_str(),
               damaged ? "a file of it is damaged: run `thespis check`, or restore it from a "
                         "backup, and restart"
                       : "see to its disk and restart, then everything acknowledged is there");
  ::_exit(exit_status_of_panic);
}

error failure(int code, std::string_view doing) {
  if (code == WT_PANIC) die(doing);
  last_cause.clear();
  std::string text = "storage: ";
  text.append(doing).append(": ").append(wiredtiger_strerror(code));
  if (!last_message.empty()) {
    text.append(" (").append(words_of(last_message)).append(")");
    last_message.clear();
  }
  return error(kind_of(code), std::move(text));
}

result<void> check(int code, std::string_view doing) {
  if (code != 0) return failure(code, doing);
  return ok();
}

cursor& cursor::operator=(cursor&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

result<bool> cursor::find(std::string_view key) {
  const auto wanted = item(key);
  handle_->set_key(handle_, &wanted);
  return found(handle_->search(handle_), "find a row");
}

result<bool> cursor::seek(std::string_view key) {
  const auto wanted = item(key);
  handle_->set_key(handle_, &wanted);
  int side = 0;
  THESPIS_TRY(const bool any, found(handle_->search_near(handle_, &side), "seek a row"));
  if (!any || side >= 0) return any;
  return next();
}

result<bool> cursor::next() { return found(handle_->next(handle_), "read the next row"); }

result<bool> cursor::previous() { return found(handle_->prev(handle_), "read the previous row"); }

result<std::string_view> cursor::key() {
  // The names of objects are C strings; every other key is bytes.
  if (std::strcmp(handle_->key_format, "S") == 0) {
    const char* text = nullptr;
    THESPIS_CHECK(check(handle_->get_key(handle_, &text), "read a key"));
    return std::string_view(text);
  }
  WT_ITEM out{};
  THESPIS_CHECK(check(handle_->get_key(handle_, &out), "read a key"));
  return view(out);
}

result<std::string_view> cursor::value() {
  WT_ITEM out{};
  THESPIS_CHECK(check(handle_->get_value(handle_, &out), "read a value"));
  return view(out);
}

result<void> cursor::put(std::string_view key, std::string_view value) {
  const auto key_item = item(key);
  const auto value_item = item(value);
  handle_->set_key(handle_, &key_item);
  handle_->set_value(handle_, &value_item);
  return check(handle_->insert(handle_), "write a row");
}

result<bool> cursor::update(std::string_view key, std::string_view value) {
  const auto key_item = item(key);
  const auto value_item = item(value);
  handle_->set_key(handle_, &key_item);
  handle_->set_value(handle_, &value_item);
  return found(handle_->update(handle_), "replace a row");
}

result<bool> cursor::remove(std::string_view key) {
  const auto key_item = item(key);
  handle_->set_key(handle_, &key_item);
  return found(handle_->remove(handle_), "remove a row");
}

void cursor::reset() noexcept { handle_->reset(handle_); }

void cursor::close() noexcept {
  if (handle_ != nullptr) handle_->close(handle_);
  handle_ = nullptr;
}

session& session::operator=(session&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

result<cursor> session::open(const std::string& table, writes mode) {
  calls_from_here = true;
  WT_CURSOR* out = nullptr;
  const char* configuration = mode == writes::strict ? "overwrite=false" : nullptr;
  const int code = handle_->open_cursor(handle_, table.c_str(), nullptr, configuration, &out);
  if (code != 0) {
    auto failed = failure(code, "open " + table);
    if (code != ENOENT && failed.code != errc::corruption) return failed;
    return error(errc::corruption, failed.message + damage_remedy);
  }
  return cursor(out);
}

result<cursor> session::open_names() {
  calls_from_here = true;
  WT_CURSOR* out = nullptr;
  THESPIS_CHECK(check(handle_->open_cursor(handle_, "metadata:", nullptr, nullptr, &out),
                      "open the list of tables"));
  return cursor(out);
}

result<std::uint64_t> session::statistic(int id) {
  calls_from_here = true;
  WT_CURSOR* handle = nullptr;
  THESPIS_CHECK(
      check(handle_->open_cursor(handle_, "statistics:", nullptr, "statistics=(fast)", &handle),
            "read statistics"));
  const cursor owner(handle);
  handle->set_key(handle, id);
  THESPIS_CHECK(check(handle->search(handle), "read statistics"));
  const char* description = nullptr;
  const char* text = nullptr;
  std::int64_t value = 0;
  THESPIS_CHECK(check(handle->get_value(handle, &description, &text, &value), "read statistics"));
  return static_cast<std::uint64_t>(value);
}

result<void> session::create(const std::string& table) {
  calls_from_here = true;
  const auto made = [&] { return handle_->create(handle_, table.c_str(), table_configuration); };
  THESPIS_CHECK(check(made(), "create " + table));
  // A crash within a creation leaves a table without its column group, which nothing was ever
  // written to and which no other call would complete.
  WT_CURSOR* probe = nullptr;
  const int code = handle_->open_cursor(handle_, table.c_str(), nullptr, nullptr, &probe);
  if (code == 0) {
    probe->close(probe);
    return ok();
  }
  last_message.clear();
  if (code != EINVAL) return ok();  // whoever opens it learns why it cannot be
  THESPIS_CHECK(check(handle_->drop(handle_, table.c_str(), "force=true"), "drop " + table));
  return check(made(), "create " + table);
}

result<bool> session::drop(const std::string& table) {
  calls_from_here = true;
  const int code = handle_->drop(handle_, table.c_str(), "force=true");
  if (code == 0 || code == ENOENT) return true;
  if (code == EBUSY) {
    last_message.clear();
    return false;
  }
  return failure(code, "drop " + table);
}

result<void> session::verify(const std::string& table) {
  calls_from_here = expects_damage = true;
  last_message.clear();
  const int code = handle_->verify(handle_, table.c_str(), nullptr);
  expects_damage = false;
  if (code == 0 || code == EBUSY || code == ENOSPC || code == ENOMEM)
    return check(code, "verify " + table);
  return error(errc::corruption, failure(code, "verify " + table).message);
}

result<void> session::salvage(const std::string& table) {
  calls_from_here = expects_damage = true;
  last_message.clear();
  const int code = handle_->salvage(handle_, table.c_str(), "force=true");
  expects_damage = false;
  return check(code, "salvage " + table);
}

result<void> session::truncate_to(cursor& last) {
  return check(handle_->truncate(handle_, nullptr, nullptr, last.handle(), nullptr),
               "remove old rows");
}

result<void> session::begin() {
  calls_from_here = true;
  return check(handle_->begin_transaction(handle_, "isolation=snapshot"), "begin a transaction");
}

result<void> session::commit() {
  const int code = handle_->commit_transaction(handle_, "sync=off");
  if (code == 0) return ok();
  auto failed = failure(code, "commit");
  // The log could not take it, and what other threads put beside it is as lost: every later write
  // would wait for that for ever.
  if (failed.code != errc::conflict) die(failed.message);
  return failed;
}

void session::rollback() noexcept { handle_->rollback_transaction(handle_, nullptr); }

result<void> session::checkpoint() {
  calls_from_here = true;
  return check(handle_->checkpoint(handle_, nullptr), "write a checkpoint");
}

result<void> session::flush_log() {
  calls_from_here = true;
  return check(handle_->log_flush(handle_, "sync=on"), "flush the log");
}

result<void> session::note(const std::string& text) {
  calls_from_here = true;
  return check(handle_->log_printf(handle_, "%s", text.c_str()), "write a mark to the log");
}

void session::reset() noexcept { handle_->reset(handle_); }

void session::close() noexcept {
  if (handle_ != nullptr) handle_->close(handle_, nullptr);
  handle_ = nullptr;
}

result<void> transaction::commit() {
  begun_ = error(errc::failed_precondition, "storage: the transaction has ended");
  return owner_.commit();
}

connection::~connection() {
  if (handle_ != nullptr) handle_->close(handle_, nullptr);
}

connection& connection::operator=(connection&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

result<connection> connection::open(const std::filesystem::path& home,
                                    const std::string& configuration) {
  calls_from_here = true;
  connection out;
  {
    const std::lock_guard lock(home_mutex);
    home_of_database = home.parent_path().string();
  }
  const int code = wiredtiger_open(home.c_str(), &events, configuration.c_str(), &out.handle_);
  if (code != 0) {
    auto failed = failure(code, "open " + home.string());
    if (failed.code == errc::corruption) failed.message += damage_remedy;
    return failed;
  }
  return out;
}

result<session> connection::open_session() {
  calls_from_here = true;
  WT_SESSION* out = nullptr;
  const int code = handle_->open_session(handle_, nullptr, nullptr, &out);
  if (code == WT_ERROR) {  // its only cause here: all of session_max are taken
    auto full = failure(code, "open a session");
    return error(errc::resource_exhausted, std::move(full.message));
  }
  THESPIS_CHECK(check(code, "open a session"));
  return session(out);
}

result<void> connection::reconfigure(const std::string& configuration) {
  calls_from_here = true;
  return check(handle_->reconfigure(handle_, configuration.c_str()), "change settings");
}

result<void> connection::close() {
  calls_from_here = true;
  auto* const handle = std::exchange(handle_, nullptr);
  if (handle == nullptr) return ok();
  return check(handle->close(handle, nullptr), "close the database");
}

}  // namespace thespis::storage::wt
