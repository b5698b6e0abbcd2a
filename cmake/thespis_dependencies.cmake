# Third-party libraries as imported targets. Debian packages without a CMake package are found by
# name.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json filesystem)
find_package(spdlog REQUIRED)
find_package(hwy CONFIG QUIET)

# thespis_import(TARGET library header)
function(thespis_import target library header)
  string(MAKE_C_IDENTIFIER ${library} id)
  find_library(THESPIS_${id}_LIBRARY ${library} REQUIRED)
  find_path(THESPIS_${id}_INCLUDE ${header} REQUIRED)
  add_library(${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(${target} PROPERTIES
    IMPORTED_LOCATION ${THESPIS_${id}_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${THESPIS_${id}_INCLUDE})
endfunction()

if(THESPIS_CAF_ROOT)
  # An instrumented CAF: never fall back to the system's.
  find_library(THESPIS_caf_core_LIBRARY caf_core PATHS ${THESPIS_CAF_ROOT}/lib NO_DEFAULT_PATH
    REQUIRED)
  find_path(THESPIS_caf_core_INCLUDE caf/all.hpp PATHS ${THESPIS_CAF_ROOT}/include NO_DEFAULT_PATH
    REQUIRED)
endif()
thespis_import(thespis::caf caf_core caf/all.hpp)
thespis_import(thespis::wiredtiger wiredtiger wiredtiger.h)
thespis_import(thespis::zstd zstd zstd.h)
thespis_import(thespis::prometheus prometheus-cpp-core prometheus/registry.h)
target_link_libraries(thespis::caf INTERFACE Threads::Threads)

# toml++ is a header; it is compiled within one source file of ours and without exceptions.
find_path(THESPIS_TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
add_library(thespis::tomlplusplus INTERFACE IMPORTED GLOBAL)
target_include_directories(thespis::tomlplusplus SYSTEM INTERFACE ${THESPIS_TOMLPLUSPLUS_INCLUDE})
target_compile_definitions(thespis::tomlplusplus INTERFACE TOML_EXCEPTIONS=0)

# Every `spawn` of a function without arguments makes CAF 0.17.6 bind a reference through a null
# pointer to an empty tuple, in a header. Nothing reads it; a null that is read still ends the run.
if(THESPIS_SANITIZE MATCHES "undefined")
  target_compile_options(thespis::caf INTERFACE -fno-sanitize=null)
endif()
