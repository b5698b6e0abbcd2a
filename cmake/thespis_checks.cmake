# Checks that look at the whole tree: included last, when every target is known.

# thespis_headers_alone: one source per header that includes nothing else.
function(thespis_check_headers)
  set(folders core config storage plugins actors protocols apps bench tests/support)
  set(sources "")
  foreach(folder ${folders})
    file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}
      ${PROJECT_SOURCE_DIR}/${folder}/*.hpp ${PROJECT_SOURCE_DIR}/${folder}/*.h)
    foreach(header ${headers})
      # The ABI headers are C; everything else is C++.
      set(suffix cpp)
      if(header MATCHES "\\.h$")
        set(suffix c)
      endif()
      set(source ${CMAKE_BINARY_DIR}/headers_alone/${header}.${suffix})
      set(content "#include \"${header}\"\n")
      if(NOT EXISTS ${source})
        file(WRITE ${source} "${content}typedef int thespis_header_alone;\n")
      endif()
      list(APPEND sources ${source})
    endforeach()
  endforeach()
  add_library(thespis_headers_alone OBJECT ${sources})
  target_link_libraries(thespis_headers_alone PRIVATE thespis_flags Boost::headers Boost::json
    thespis::caf spdlog::spdlog)
  target_include_directories(thespis_headers_alone PRIVATE ${PROJECT_SOURCE_DIR}/plugins/include)
  # Only the front end matters here.
  target_compile_options(thespis_headers_alone PRIVATE -O0 -g0)
endfunction()

if(THESPIS_CHECK_HEADERS)
  thespis_check_headers()
endif()

find_program(THESPIS_CLANG_FORMAT clang-format)
find_program(THESPIS_CLANG_TIDY clang-tidy)
find_program(THESPIS_RUN_CLANG_TIDY NAMES run-clang-tidy run-clang-tidy-14)
find_program(THESPIS_PYTHON NAMES python3)
if(THESPIS_CLANG_FORMAT AND THESPIS_PYTHON)
  add_custom_target(format COMMENT "Formatting every source" VERBATIM
    COMMAND ${THESPIS_PYTHON} ${PROJECT_SOURCE_DIR}/tests/style/format_test.py --fix)
  add_custom_target(format-check COMMENT "Checking the format of every source" VERBATIM
    COMMAND ${THESPIS_PYTHON} ${PROJECT_SOURCE_DIR}/tests/style/format_test.py)
endif()
if(THESPIS_CLANG_TIDY AND THESPIS_RUN_CLANG_TIDY)
  add_custom_target(tidy COMMENT "clang-tidy over the sources of every layer" VERBATIM
    USES_TERMINAL
    COMMAND ${THESPIS_RUN_CLANG_TIDY} -quiet -p ${CMAKE_BINARY_DIR}
      "^${PROJECT_SOURCE_DIR}/(core|config|storage|plugins|actors|protocols|apps)/")
endif()
