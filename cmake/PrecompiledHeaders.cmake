# The heaviest headers of other projects, parsed once for each kind of target that includes them:
#
#   restem_headers(NAME KIND [HEADERS])    gives target NAME, a library or a test, those that fit what it links, or HEADERS
#
# Five kinds: with and without LibTorch, library and test (GCC wants the same -fPIC or -fPIE), and `autograd`, for a
# library that asks for it. Sources still name every header that they use: Clang, for the fuzz targets, goes without this.
option(RESTEM_PRECOMPILE "Parse common headers once for all files" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(RESTEM_PRECOMPILE OFF)
endif()

if(RESTEM_PRECOMPILE)
  # GCC 12 forgets which of these are system headers, and reports their false positives.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds>")
endif()
if(RESTEM_PRECOMPILE AND RESTEM_CCACHE)
  # What ccache's manual asks for where headers are precompiled.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>")
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${RESTEM_CCACHE})
endif()

set(restem_common_headers
    <algorithm> <chrono> <filesystem> <functional> <map> <memory> <optional> <span> <string> <unordered_map> <vector>
    <absl/status/statusor.h> <fmt/format.h> <nlohmann/json.hpp>)
set(restem_torch_headers ${restem_common_headers} <ATen/core/Tensor.h>)

# restem_headers_owner(NAME KIND HEADERS... LINKS...): the target that precompiles for its kind.
function(restem_headers_owner NAME KIND)
  cmake_parse_arguments(ARG "" "" "HEADERS;LINKS" ${ARGN})
  set(source ${PROJECT_BINARY_DIR}/precompiled/${NAME}.cc)
  file(GENERATE OUTPUT ${source} CONTENT "int main() { return 0; }\n")
  if(KIND STREQUAL library)
    add_library(${NAME} OBJECT ${source})
  else()
    add_executable(${NAME} ${source})
  endif()
  target_link_libraries(${NAME} PRIVATE spdlog::spdlog absl::statusor nlohmann_json::nlohmann_json ${ARG_LINKS})
  target_precompile_headers(${NAME} PRIVATE ${ARG_HEADERS})
endfunction()

if(RESTEM_PRECOMPILE)
  set(gtest GTest::gmock GTest::gtest)
  restem_headers_owner(restem_library_plain library HEADERS ${restem_common_headers})
  restem_headers_owner(restem_library_torch library HEADERS ${restem_torch_headers} LINKS restem::torch)
  restem_headers_owner(restem_library_autograd library
                       HEADERS ${restem_torch_headers} <torch/csrc/autograd/custom_function.h> LINKS restem::torch)
  restem_headers_owner(restem_test_plain test HEADERS ${restem_common_headers} <gmock/gmock.h> LINKS ${gtest})
  restem_headers_owner(restem_test_torch test HEADERS ${restem_torch_headers} <ATen/ATen.h> <gmock/gmock.h>
                       LINKS ${gtest} restem::torch)
endif()

# Sets RESTEM_HEADERS of NAME from what it depends on: nothing, plain (from `base` up), torch.
function(restem_headers NAME KIND)
  set(headers "")
  get_target_property(depends ${NAME} LINK_LIBRARIES)
  if(NAME STREQUAL restem_base)
    set(headers plain)
  endif()
  foreach(dependency IN LISTS depends)
    set(theirs "")
    if(dependency STREQUAL restem::torch)
      set(theirs torch)
    elseif(TARGET ${dependency})
      get_target_property(theirs ${dependency} RESTEM_HEADERS)
    endif()
    if(theirs STREQUAL torch OR (theirs STREQUAL plain AND NOT headers))
      set(headers ${theirs})
    endif()
  endforeach()
  set_target_properties(${NAME} PROPERTIES RESTEM_HEADERS "${headers}")
  if(ARGN)
    set(headers ${ARGN})
  endif()
  if(RESTEM_PRECOMPILE AND headers)
    target_precompile_headers(${NAME} REUSE_FROM restem_${KIND}_${headers})
  endif()
endfunction()
