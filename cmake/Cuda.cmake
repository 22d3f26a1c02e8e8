# CUDA kernels are compiled wherever there is a CUDA compiler, so that a mistake in them shows on any such
# machine; they are linked into restem with RESTEM_CUDA only.
#
#   RESTEM_NVCC             the compiler; false where the kernels are not compiled
#   restem::cuda_runtime    what they need when linked
#
# The last architecture is also kept in a form that drivers of newer GPUs can compile.
set(RESTEM_CUDA_ARCHITECTURES "80-real;90a-real;100" CACHE STRING "GPUs to compile the kernels for")
set(RESTEM_CUDA_MINIMUM 13.0)  # LibTorch's

file(GLOB restem_cuda_wheels ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/nvidia/cu13)
find_program(RESTEM_NVCC nvcc HINTS /usr/local/cuda/bin ${restem_cuda_wheels}/bin)
set(restem_why_not "nvcc is neither on PATH nor in /usr/local/cuda/bin, nor was setup.sh run with --cuda")
if(RESTEM_NVCC)
  execute_process(COMMAND ${RESTEM_NVCC} --version OUTPUT_VARIABLE restem_nvcc_version ERROR_QUIET)
  if(NOT restem_nvcc_version MATCHES "release ([0-9]+[.][0-9]+)" OR CMAKE_MATCH_1 VERSION_LESS RESTEM_CUDA_MINIMUM)
    set(restem_why_not "${RESTEM_NVCC} is not of CUDA ${RESTEM_CUDA_MINIMUM} or later")
    set(RESTEM_NVCC FALSE)
  endif()
endif()
if(NOT RESTEM_NVCC)
  if(RESTEM_CUDA)
    message(FATAL_ERROR "RESTEM_CUDA needs a CUDA compiler: ${restem_why_not}")
  endif()
  message(STATUS "CUDA kernels are tested on the CPU but not compiled for GPUs: ${restem_why_not}")
  return()
endif()

set(CMAKE_CUDA_COMPILER ${RESTEM_NVCC})
set(CMAKE_CUDA_ARCHITECTURES ${RESTEM_CUDA_ARCHITECTURES})
enable_language(CUDA)
set(CMAKE_CUDA_STANDARD 17)  # CMake 3.25 knows no CUDA20 for nvcc 13
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
set(CMAKE_CUDA_RUNTIME_LIBRARY Shared)
if(RESTEM_CCACHE)
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${RESTEM_CCACHE})
endif()

# Registers that spill to memory are reported, and with RESTEM_WERROR they are an error.
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-lineinfo;-Xcompiler=-Wall,-Wextra>"
                    "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Xptxas --warn-on-spills,--warn-on-local-memory-usage>")
if(RESTEM_WERROR)
  add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Werror>"
                      "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Xptxas --warning-as-error>")
endif()

add_library(restem_cuda_runtime INTERFACE)
add_library(restem::cuda_runtime ALIAS restem_cuda_runtime)
# By full name: wheels have no libcudart.so without a version.
cmake_path(GET RESTEM_NVCC PARENT_PATH restem_cuda_bin)
set(restem_cuda_libraries ${restem_cuda_bin}/../lib64 ${restem_cuda_bin}/../lib)
find_library(RESTEM_CUDA_CUDART libcudart.so.13 HINTS ${restem_cuda_libraries} REQUIRED)
find_library(RESTEM_CUDA_CUBLASLT libcublasLt.so.13 HINTS ${restem_cuda_libraries} REQUIRED)
target_include_directories(restem_cuda_runtime SYSTEM INTERFACE ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
target_link_libraries(restem_cuda_runtime INTERFACE ${RESTEM_CUDA_CUDART} ${RESTEM_CUDA_CUBLASLT})
