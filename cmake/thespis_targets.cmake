# One target per folder: every *.cpp of the folder, PUBLIC what its headers need, PRIVATE the rest.

# thespis_library(NAME [PUBLIC target...] [PRIVATE target...])
function(thespis_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE thespis_flags ${ARG_PRIVATE})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  thespis_use_folder_pch(${name})
endfunction()

# thespis_test(NAME [LINK target...]): every *_test.cpp of the folder, with Catch2. Its label is the
# folder under tests/: unit, or contract for the plugin contract suites.
function(thespis_test name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE thespis_flags ${ARG_LINK} thespis_test_main)
  thespis_use_pch(${name} thespis_pch_catch)
  add_test(NAME ${name} COMMAND ${name})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR}/tests ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX MATCH "^(plugin_)?([a-z]+)" matched "${folder}")
  set_tests_properties(${name} PROPERTIES LABELS "${CMAKE_MATCH_2}" TIMEOUT 300)
endfunction()

# thespis_link_allocator(NAME): mimalloc ahead of libc in the executable, so that it takes over
# malloc; nothing refers to it by name. Sanitizers bring an allocator of their own.
function(thespis_link_allocator name)
  if(NOT THESPIS_SANITIZE)
    find_library(THESPIS_MIMALLOC mimalloc REQUIRED)
    target_link_libraries(${name} PRIVATE
      "-Wl,--push-state,--no-as-needed,${THESPIS_MIMALLOC},--pop-state")
  endif()
endfunction()
