# Installs the plugin headers alone, builds the documented example against nothing else, and runs
# it through the contract. Wants BUILD, SOURCE, SCRATCH, CHECK and COMPILER.
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  message("${said}")
  if(failed)
    message(FATAL_ERROR "failed: ${ARGN}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
step(${CMAKE_COMMAND} --install ${BUILD} --component plugin_api --prefix ${SCRATCH}/prefix)
# A copy, so that nothing beside the example can be reached from it.
file(COPY ${SOURCE}/docs/examples/index_plugin DESTINATION ${SCRATCH})
step(${CMAKE_COMMAND} -S ${SCRATCH}/index_plugin -B ${SCRATCH}/build
  -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix -DCMAKE_CXX_COMPILER=${COMPILER}
  -DCMAKE_CXX_FLAGS=-Werror)
step(${CMAKE_COMMAND} --build ${SCRATCH}/build)
step(${CHECK} ${SCRATCH}/build/index_leader.so)
file(REMOVE_RECURSE ${SCRATCH})
