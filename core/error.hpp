// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace thespis {

/// Kinds of failure that a caller could react to. Values are stable and never reused.
enum class errc : std::uint8_t {
  invalid_argument = 1,     ///< The request contradicts a rule that does not depend on state.
  dimension_mismatch = 2,   ///< A vector's length is not that of its collection.
  not_found = 3,            ///< A named object does not exist.
  already_exists = 4,       ///< An object of that name exists.
  failed_precondition = 5,  ///< The state does not allow it; retrying will not help by itself.
  conflict = 6,             ///< A concurrent change won; retrying may help.
  unsupported = 7,          ///< Known, but not offered by this build or configuration.
  too_large = 8,            ///< The input is over a limit.
  resource_exhausted = 9,   ///< Disk, memory or a quota is used up.
  unauthenticated = 10,     ///< No or wrong credentials.
  permission_denied = 11,   ///< Known caller, not allowed.
  timeout = 12,             ///< The deadline passed; the outcome is unknown.
  cancelled = 13,           ///< The caller or a shutdown gave up.
  unavailable = 14,         ///< Not now: overloaded, starting, stopping, quarantined.
  corruption = 15,          ///< Stored bytes fail their checks.
  io = 16,                  ///< The operating system refused a file or socket operation.
  plugin = 17,              ///< A plugin failed or broke its contract.
  internal = 18,            ///< A defect of ours.
  key_reused = 19,          ///< An idempotency key was used for a different request.
  rate_limited = 20,        ///< Too many requests within a time; later ones will be taken.
};

/// Returns the name of `code` as it is written in logs and answers, such as `"not_found"`.
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// A failure: its kind, and a message that names the object, the value and the limit or remedy.
struct error {
  errc code = errc::internal;
  std::string message;

  error() = default;
  error(errc code_, std::string message_) : code(code_), message(std::move(message_)) {}
  friend bool operator==(const error&, const error&) = default;
};

/// Throws for `result::value()` on an error; code of ours tests a result before it reads it.
[[noreturn]] void throw_exception_from_error(const error& failure,
                                             const boost::source_location& where);

/// A value or an error.
template <class T = void>
class [[nodiscard]] result : public boost::system::result<T, error> {
 public:
  using boost::system::result<T, error>::result;
};

/// The success value of a `result<void>`.
inline result<void> ok() { return {}; }

}  // namespace thespis

#define THESPIS_CONCAT_(a, b) a##b
#define THESPIS_CONCAT(a, b) THESPIS_CONCAT_(a, b)

/// Evaluates a `result`, returns its error from the enclosing function, or defines `declaration`
/// from its value: `THESPIS_TRY(auto store, open(path));`
#define THESPIS_TRY(declaration, ...)                                 \
  auto&& THESPIS_CONCAT(thespis_try_, __LINE__) = (__VA_ARGS__);      \
  if (!THESPIS_CONCAT(thespis_try_, __LINE__))                        \
    return std::move(THESPIS_CONCAT(thespis_try_, __LINE__)).error(); \
  declaration = std::move(*THESPIS_CONCAT(thespis_try_, __LINE__))

/// Evaluates a `result<void>` and returns its error from the enclosing function.
#define THESPIS_CHECK(...)                                    \
  do {                                                        \
    if (auto thespis_check_ = (__VA_ARGS__); !thespis_check_) \
      return std::move(thespis_check_).error();               \
  } while (false)
