# Options and the flags of each build kind.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(THESPIS_BUILD_TESTS "Build the tests" ON)
option(THESPIS_BUILD_BENCH "Build the benchmarks" OFF)
option(THESPIS_CHECK_HEADERS "Compile every header alone as part of the build" OFF)
option(THESPIS_FAIL_POINTS "Named steps at which fault tests make the process die or fail" OFF)
option(THESPIS_HARDEN "Hardening flags of a release" OFF)
option(THESPIS_FUZZ "Targets for libFuzzer, and decoders that pass every checksum; needs clang" OFF)

set(THESPIS_SANITIZE "" CACHE STRING "Value for -fsanitize=, such as address,undefined or thread")
set(THESPIS_CAF_ROOT "" CACHE PATH "Folder of a CAF to use instead of the system's")

# Links position-independent executables where the platform has them.
include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)

# A compiler cache, told what precompiled headers need, with paths that checkouts share.
find_program(THESPIS_CCACHE ccache)
if(THESPIS_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${THESPIS_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
find_program(THESPIS_MOLD mold)
if(THESPIS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(thespis_flags INTERFACE)
if(THESPIS_FUZZ)
  # Warnings are judged by the compiler that the product is built with; clang sees others.
  target_compile_options(thespis_flags INTERFACE -fno-omit-frame-pointer)
else()
  target_compile_options(thespis_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor> -Werror -fno-omit-frame-pointer)
endif()
target_include_directories(thespis_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(thespis_flags INTERFACE BOOST_DLL_USE_STD_FS)

if(THESPIS_FAIL_POINTS)
  target_compile_definitions(thespis_flags INTERFACE THESPIS_FAIL_POINTS)
endif()

if(THESPIS_SANITIZE)
  add_compile_options(-fsanitize=${THESPIS_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${THESPIS_SANITIZE})
endif()
if(THESPIS_SANITIZE AND NOT THESPIS_FUZZ)
  # With instrumentation g++ 12 sees uninitialised values and overflows in the standard library
  # that are not.
  add_compile_options(-Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow
    -Wno-stringop-overread -Wno-restrict)
endif()
if(THESPIS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "THESPIS_FUZZ needs clang, whose runtime has libFuzzer")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_compile_definitions(THESPIS_FUZZ)
endif()
if(THESPIS_SANITIZE MATCHES "thread")
  # ThreadSanitizer does not follow fences; Asio's stand beside locks that order the same accesses.
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
if(THESPIS_HARDEN)
  # With fortified headers g++ 12 sees overflows in std::string that cannot happen.
  # Source: GCC bugs 105329 and 105651.
  add_compile_options(-Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
    -Wno-restrict)
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS
    -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
