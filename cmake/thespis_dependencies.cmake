# Third-party libraries as imported targets. Debian packages without a CMake package are found by
# name.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json filesystem)
find_package(OpenSSL REQUIRED)
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

thespis_import(thespis::caf caf_core caf/all.hpp)
thespis_import(thespis::wiredtiger wiredtiger wiredtiger.h)
target_link_libraries(thespis::caf INTERFACE Threads::Threads)
