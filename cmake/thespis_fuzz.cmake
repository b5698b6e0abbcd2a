# Targets of libFuzzer, and the replay of their inputs in every other build.

# thespis_fuzz_target(NAME [LINK target...] [WHOLE target...] [PARTS source...]): tests/fuzz/NAME.cpp
# as bin/fuzz_NAME. In a fuzz build it is linked with libFuzzer, and of the libraries in WHOLE only
# the sources in PARTS are built; in any other build it is a unit test that runs the kept inputs.
function(thespis_fuzz_target name)
  cmake_parse_arguments(ARG "" "" "LINK;WHOLE;PARTS" ${ARGN})
  set(target fuzz_${name})
  add_executable(${target} ${name}.cpp entry.cpp)
  target_link_libraries(${target} PRIVATE thespis_flags thespis_codec thespis_core ${ARG_LINK})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  if(THESPIS_FUZZ)
    list(TRANSFORM ARG_PARTS PREPEND ${PROJECT_SOURCE_DIR}/)
    target_sources(${target} PRIVATE ${ARG_PARTS})
    # Plugins that a target loads count their coverage through the executable.
    target_link_options(${target} PRIVATE -fsanitize=fuzzer -rdynamic)
    add_dependencies(thespis_fuzz ${target})
    return()
  endif()
  target_link_libraries(${target} PRIVATE ${ARG_WHOLE} thespis_fuzz_replay)
  set(inputs ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/regressions/${name})
    list(APPEND inputs ${CMAKE_CURRENT_SOURCE_DIR}/regressions/${name})
  endif()
  add_test(NAME ${target} COMMAND ${target} ${inputs})
  set_tests_properties(${target} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
