/* Copyright 2026 The Thespis authors
 * SPDX-License-Identifier: Apache-2.0 */

#ifndef THESPIS_PLUGIN_ABI_H
#define THESPIS_PLUGIN_ABI_H

#include <stddef.h>
#include <stdint.h>

/* The boundary between Thespis and a plugin: a shared object that exports one C function.
 *
 * Rules that hold for every call across it:
 * - Only pointers, sizes, numbers and opaque handles cross. No exception may cross in either
 *   direction.
 * - Whoever allocates frees. Memory given to a call belongs to the caller and is valid until the
 *   call returns, unless its description says otherwise.
 * - What is declared here is frozen: members keep their place, type and meaning, numbers are never
 *   used for something else. Structures and tables that begin with `struct_size`, the bytes their
 *   maker knew of, may grow at their end; a reader touches nothing beyond it (`THESPIS_HAS`), and
 *   nothing appended is needed by one that does not know it. All others never change.
 * - Where the callee fills a structure, the caller sets `struct_size` to the room there is; the
 *   callee fills no more and sets it to what it filled.
 * - `reserved` members and bits without a name are zero, and ignored.
 * - A host loads a plugin of the same `THESPIS_ABI_MAJOR` whose `THESPIS_ABI_MINOR` is not above
 *   its own, so a plugin never meets a host that lacks what the plugin's headers declare. */

#ifdef __cplusplus
extern "C" {
#endif

/** Changes when plugins must be built again. */
#define THESPIS_ABI_MAJOR 1
/** Changes when something was appended. */
#define THESPIS_ABI_MINOR 0

/** Marks the exported function, so that a plugin can hide everything else. */
#define THESPIS_PLUGIN_EXPORT __attribute__((visibility("default")))
/** Name of the exported function, of type `thespis_plugin_function`. */
#define THESPIS_PLUGIN_SYMBOL "thespis_plugin"

/** Whether `object`, a pointer to a `type`, has all of `member`. */
#define THESPIS_HAS(type, object, member) \
  ((object)->struct_size >= offsetof(type, member) + sizeof((object)->member))

/** Outcome of a call. Anything but `THESPIS_OK` comes with a message in `thespis_failure`. */
typedef uint32_t thespis_status;
enum {
  THESPIS_OK = 0,
  THESPIS_INVALID_ARGUMENT = 1, /**< The caller asked for something impossible. */
  THESPIS_UNSUPPORTED = 2,      /**< Known, but not offered by this plugin. */
  THESPIS_OUT_OF_MEMORY = 3,
  THESPIS_CORRUPTION = 4, /**< Saved bytes make no sense. */
  THESPIS_IO = 5,         /**< A read or write call-back failed; its status is passed on. */
  THESPIS_NOT_FOUND = 6,
  THESPIS_INTERNAL = 7, /**< A defect of the plugin. */
  THESPIS_CANCELLED = 8 /**< Stopped because nobody waits for it any more. */
};

/** Kinds of plugin. */
typedef uint32_t thespis_kind;
enum {
  THESPIS_KIND_INDEX = 1,
  THESPIS_KIND_QUANTIZER = 2,
  THESPIS_KIND_EMBEDDER = 3, /**< Reserved: this version has no table for it and loads none. */
  THESPIS_KIND_COMPUTE = 4
};

/** What the numbers of a stored vector are: IEEE 754 binary32 or binary16, or unsigned bytes, in
 * the byte order of the machine. Queries are float32 whatever rows are. */
typedef uint32_t thespis_element;
enum { THESPIS_ELEMENT_FLOAT32 = 1, THESPIS_ELEMENT_FLOAT16 = 2, THESPIS_ELEMENT_UINT8 = 3 };

/** A set of element types has this bit for each. */
#define THESPIS_ELEMENT_BIT(element) (UINT32_C(1) << (element))

/** How two vectors are compared. The *rank* of a pair is a float32 that is smaller for nearer
 * vectors: the negated cosine (0 if either vector is zero), the negated inner product, the squared
 * Euclidean distance, the Manhattan distance. */
typedef uint32_t thespis_metric;
enum {
  THESPIS_METRIC_COSINE = 1,
  THESPIS_METRIC_DOT = 2,
  THESPIS_METRIC_EUCLID = 3,
  THESPIS_METRIC_MANHATTAN = 4
};

/** How loud a log line is. */
typedef uint32_t thespis_log_level;
enum { THESPIS_LOG_DEBUG = 1, THESPIS_LOG_INFO = 2, THESPIS_LOG_WARN = 3, THESPIS_LOG_ERROR = 4 };

/** Bytes of a failure's message, with its final zero. */
#define THESPIS_FAILURE_BYTES 512

/** Where a call that fails puts its reason, in UTF-8 ending in zero. The caller owns it, passes it
 * with an empty message and never passes null. Never grows. */
typedef struct thespis_failure {
  char message[THESPIS_FAILURE_BYTES];
} thespis_failure;

/** Memory of one object. */
typedef struct thespis_memory {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t resident_bytes; /**< Allocated, in whatever way. */
  uint64_t mapped_bytes;   /**< Of files, which the system may evict. */
} thespis_memory;

/** Something that a plugin made: a handle and the table of functions that take it, of the type
 * that belongs to its kind, such as `thespis_index_table`. Every table begins with `struct_size`,
 * another uint32_t and `destroy`, which ends the object. Never grows. */
typedef struct thespis_object {
  void* self;
  const void* table;
} thespis_object;

/** One slice of a `parallel_for`. It must not throw. */
typedef void (*thespis_parallel_body)(void* state, size_t item);

/** What the host offers. It outlives every object that was created with it.
 * Thread: every function may be called from any thread. */
typedef struct thespis_services {
  uint32_t struct_size;
  uint32_t abi_minor; /**< The host's; at least that of the plugin. */
  void* context;      /**< First argument of every function below. */

  /** Writes one line to the log. `text` needs no final zero. */
  void (*log)(void* context, thespis_log_level level, const char* text, size_t bytes);

  /** Memory of `bytes` bytes at a multiple of `alignment` (a power of two), filled with zeros;
   * large blocks are advised to use huge pages. Null if there is none. */
  void* (*allocate)(void* context, size_t bytes, size_t alignment);

  /** Gives back what `allocate` gave, with the same `bytes` and `alignment`; null is ignored. */
  void (*release)(void* context, void* memory, size_t bytes, size_t alignment);

  /** Calls `body(state, item)` for each item in [0, count), on this thread and others at once, and
   * returns when all have returned. Starting costs tens of microseconds: use it for slices of
   * milliseconds. */
  void (*parallel_for)(void* context, size_t count, thespis_parallel_body body, void* state);

  /** Finds a compute back end, such as "cpu". The object belongs to the host, lives as long as
   * these services, and has a `thespis_compute_table`. Status: not found. */
  thespis_status (*compute)(void* context, const char* name, thespis_object* out,
                            thespis_failure* failure);

  /** Makes a quantizer, such as "sq8"; `params` is a `thespis_quantizer_params`. The object belongs
   * to the caller, who destroys it, and has a `thespis_quantizer_table`. Status: not found; what
   * the quantizer says. */
  thespis_status (*quantizer)(void* context, const char* name, const void* params,
                              thespis_object* out, thespis_failure* failure);
} thespis_services;

/** What a plugin says of itself. Static: it is valid as long as the plugin is loaded. The first
 * three members are the same in every major version, so that any host can refuse any plugin. */
typedef struct thespis_plugin_descriptor {
  uint32_t struct_size;
  uint32_t abi_major; /**< `THESPIS_ABI_MAJOR` of the headers that it was built with. */
  uint32_t abi_minor;
  thespis_kind kind;
  const char* name;    /**< What collections name it by: 1 to 32 of [a-z0-9_], a letter first. */
  const char* version; /**< Such as "1.0.0": at most 32 printable characters. */
  /** Element types of stored vectors that the plugin can read, a `THESPIS_ELEMENT_BIT` for each; at
   * least one. The host gives it no others: it converts them, or says that the plugin cannot be
   * used. Vectors given to quantizers are float32 in this version. */
  uint32_t elements;
  uint32_t reserved;

  /** Makes an object of the plugin's kind. `params` is a `thespis_index_params`,
   * `thespis_quantizer_params` or `thespis_compute_params`; it, but not what it points to, ends
   * with the call. `services` outlive the object. Status: invalid argument or unsupported if
   * `params` cannot be met; nothing is made then. Thread: any. */
  thespis_status (*create)(const thespis_services* services, const void* params,
                           thespis_object* out, thespis_failure* failure);
} thespis_plugin_descriptor;

/** Type of the exported function. It does nothing but return the descriptor. */
typedef const thespis_plugin_descriptor* (*thespis_plugin_function)(void);

#ifdef __cplusplus
}
#endif

#endif
