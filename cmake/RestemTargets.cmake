# restem_library(NAME SOURCES ... DEPENDS ...)    a module of src/ (or kernels), target restem_NAME; HEADERS as
#                                                 PrecompiledHeaders.cmake has them
# restem_test(NAME SOURCES ... DEPENDS ...)       a GoogleTest binary, run by ctest as NAME
# restem_benchmark(NAME SOURCES ... DEPENDS ...)  a Google Benchmark binary, built but never run by ctest
#
# DEPENDS takes module names (base, io, ...) and plain CMake targets (absl::strings, ...).

function(restem_resolve_depends OUT)
  set(resolved "")
  foreach(dependency IN LISTS ARGN)
    if(dependency MATCHES "::")
      list(APPEND resolved ${dependency})
    else()
      list(APPEND resolved restem_${dependency})
    endif()
  endforeach()
  set(${OUT} ${resolved} PARENT_SCOPE)
endfunction()

function(restem_library NAME)
  cmake_parse_arguments(ARG "" "HEADERS" "SOURCES;DEPENDS" ${ARGN})
  restem_resolve_depends(depends ${ARG_DEPENDS})
  if(ARG_SOURCES)
    add_library(restem_${NAME} STATIC ${ARG_SOURCES})
    target_include_directories(restem_${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
    target_link_libraries(restem_${NAME} PUBLIC ${depends})
    restem_headers(restem_${NAME} library ${ARG_HEADERS})
  else()
    add_library(restem_${NAME} INTERFACE)
    target_include_directories(restem_${NAME} INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
    target_link_libraries(restem_${NAME} INTERFACE ${depends})
  endif()
endfunction()

function(restem_test NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  restem_resolve_depends(depends ${ARG_DEPENDS})
  add_executable(${NAME} ${ARG_SOURCES})
  target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${NAME} PRIVATE RESTEM_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             RESTEM_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(${NAME} PRIVATE ${depends} GTest::gmock GTest::gtest_main)
  restem_headers(${NAME} test)
  add_test(NAME ${NAME} COMMAND ${NAME})
  # As in the binary: parallelism is over lanes, no operator splits itself over threads.
  set(limit 600)  # seconds
  if(RESTEM_SANITIZE)
    set(limit 2400)
  endif()
  set_tests_properties(${NAME} PROPERTIES TIMEOUT ${limit} ENVIRONMENT OMP_NUM_THREADS=1)
endfunction()

function(restem_benchmark NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  restem_resolve_depends(depends ${ARG_DEPENDS})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${depends} benchmark::benchmark_main)
endfunction()
