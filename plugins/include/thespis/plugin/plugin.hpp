// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/abi.h>
#include <thespis/plugin/compute.h>
#include <thespis/plugin/index.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <mutex>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thespis/plugin/arena.hpp>
#include <type_traits>

/// Comfort for plugins in C++20: write a class, name it in `THESPIS_INDEX_PLUGIN`,
/// `THESPIS_QUANTIZER_PLUGIN` or `THESPIS_COMPUTE_PLUGIN` in one source file, and throw to report
/// failure. It stays inside. None of this crosses the boundary.
namespace thespis::plugin {

/// Throw this to choose the status of a failed call; any other exception is an internal failure.
class failure : public std::runtime_error {
 public:
  failure(thespis_status status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  [[nodiscard]] thespis_status status() const noexcept { return status_; }

 private:
  thespis_status status_;
};

/// Runs `body` and turns what it throws into a status and a message.
template <class Body>
thespis_status guarded(thespis_failure* out, Body&& body) noexcept {
  const auto say = [out](const char* what) {
    std::snprintf(out->message, sizeof(out->message), "%s", what);
  };
  try {
    body();
    return THESPIS_OK;
  } catch (const failure& problem) {
    say(problem.what());
    if (problem.status() != THESPIS_OK) return problem.status();
  } catch (const std::bad_alloc&) {
    say("out of memory");
    return THESPIS_OUT_OF_MEMORY;
  } catch (const std::exception& problem) {
    say(problem.what());
  } catch (...) {
    say("unknown exception");
  }
  return THESPIS_INTERNAL;
}

/// Fills a structure that the caller gave, in the room that it gave.
template <class Report>
void fill(Report* out, Report made) noexcept {
  made.struct_size =
      static_cast<std::uint32_t>(std::min<std::size_t>(out->struct_size, sizeof(Report)));
  std::memcpy(static_cast<void*>(out), &made, made.struct_size);
}

/// Answers `memory` for a class with `bytes()`, what it holds, and perhaps `mapped_bytes()`.
template <class T>
void fill_memory(thespis_memory* out, T& self) noexcept {
  thespis_memory held{};
  try {
    if constexpr (requires { self.bytes(); }) held.resident_bytes = self.bytes();
    if constexpr (requires { self.mapped_bytes(); }) held.mapped_bytes = self.mapped_bytes();
  } catch (...) {
    // There is nobody to tell; what is known is told.
  }
  fill(out, held);
}

/// Whether the set `elements` has `element`.
[[nodiscard]] constexpr bool reads(std::uint32_t elements, thespis_element element) noexcept {
  return element < 32 && (elements & THESPIS_ELEMENT_BIT(element)) != 0;
}

/// Bytes of one number; 0 for a type that these headers do not know.
[[nodiscard]] constexpr std::size_t bytes_of(thespis_element element) noexcept {
  if (element == THESPIS_ELEMENT_FLOAT32) return 4;
  if (element == THESPIS_ELEMENT_FLOAT16) return 2;
  return element == THESPIS_ELEMENT_UINT8 ? 1 : 0;
}

/// A compute back end of the host.
class compute {
 public:
  explicit compute(const thespis_object& object) noexcept : object_(object) {}

  /// Shape: see `thespis_ranks_task`; its `struct_size` is filled in here. Throws `failure`.
  void ranks(thespis_ranks_task task) const {
    task.struct_size = sizeof(task);
    thespis_failure reason{};
    const auto* table = static_cast<const thespis_compute_table*>(object_.table);
    if (const auto status = table->ranks(object_.self, &task, &reason); status != THESPIS_OK)
      throw failure(status, reason.message);
  }

 private:
  thespis_object object_;
};

/// What the host offers; cheap to copy.
class services {
 public:
  explicit services(const thespis_services* table) noexcept : table_(table) {}

  void log(thespis_log_level level, std::string_view text) const noexcept {
    table_->log(table_->context, level, text.data(), text.size());
  }

  /// Zeroed memory; throws std::bad_alloc.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t alignment) const {
    void* memory = table_->allocate(table_->context, bytes, alignment);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
  }
  void release(void* memory, std::size_t bytes, std::size_t alignment) const noexcept {
    table_->release(table_->context, memory, bytes, alignment);
  }

  /// Calls `body(item)` for each item in [0, count), several at once; rethrows the first exception
  /// when all have returned.
  template <class Body>
  void parallel_for(std::size_t count, Body&& body) const {
    struct shared {
      std::remove_reference_t<Body>* body;
      std::mutex lock;
      std::exception_ptr first;
    } state{&body, {}, nullptr};
    table_->parallel_for(
        table_->context, count,
        [](void* raw, std::size_t item) {
          auto& self = *static_cast<shared*>(raw);
          try {
            (*self.body)(item);
          } catch (...) {
            const std::lock_guard guard(self.lock);
            if (!self.first) self.first = std::current_exception();
          }
        },
        &state);
    if (state.first) std::rethrow_exception(state.first);
  }

  /// The table itself, for comfort that needs more of it.
  [[nodiscard]] const thespis_services& table() const noexcept { return *table_; }

  /// Finds a compute back end; throws `failure` if there is none of that name.
  [[nodiscard]] plugin::compute compute(const char* name) const {
    thespis_object object{};
    thespis_failure reason{};
    if (const auto status = table_->compute(table_->context, name, &object, &reason);
        status != THESPIS_OK)
      throw failure(status, reason.message);
    return plugin::compute(object);
  }

 private:
  const thespis_services* table_;
};

/// Where a class saves itself to; every call throws on failure.
class writer {
 public:
  explicit writer(const thespis_writer* table) noexcept : table_(table) {}

  void write(const void* data, std::size_t bytes) {
    if (const auto status = table_->write(table_->context, data, bytes); status != THESPIS_OK)
      throw failure(status, "the host could not write");
  }
  template <class Value>
  void value(const Value& item) {
    static_assert(std::is_trivially_copyable_v<Value>);
    write(&item, sizeof(item));
  }

  /// Slots at or above it are left out.
  [[nodiscard]] std::uint32_t end_slot() const noexcept { return table_->end_slot; }

 private:
  const thespis_writer* table_;
};

/// Where a class loads itself from; every call throws on failure.
class reader {
 public:
  explicit reader(const thespis_reader* table) noexcept : table_(table), left_(table->bytes) {}

  void read(void* data, std::size_t bytes) {
    if (bytes > left_) throw failure(THESPIS_CORRUPTION, "saved index ends too early");
    if (const auto status = table_->read(table_->context, data, bytes); status != THESPIS_OK)
      throw failure(status, "the host could not read");
    left_ -= bytes;
  }
  template <class Value>
  [[nodiscard]] Value value() {
    static_assert(std::is_trivially_copyable_v<Value>);
    Value item;
    read(&item, sizeof(item));
    return item;
  }
  /// A slot at or above it is corruption.
  [[nodiscard]] std::uint32_t end_slot() const noexcept { return table_->end_slot; }
  /// Slots that no query admits any more and whose rows may be zeros; null if that is not known.
  [[nodiscard]] const thespis_bitmap* dead() const noexcept { return table_->dead; }
  /// Bytes that have not been read.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

 private:
  const thespis_reader* table_;
  std::uint64_t left_;
};

}  // namespace thespis::plugin
