# CUDA kernels are compiled wherever there is a CUDA compiler, so that a mistake in them shows on any such
# machine; they are linked into restem with RESTEM_CUDA only.
#
#   RESTEM_NVCC             whether the kernels are compiled
#   restem::cuda_runtime    what they need when linked
set(RESTEM_CUDA_ARCHITECTURES "80-real;90a-real;100-real" CACHE STRING "GPUs to compile the kernels for")

include(CheckLanguage)
list(APPEND CMAKE_PROGRAM_PATH /usr/local/cuda/bin)
set(CMAKE_CUDA_ARCHITECTURES ${RESTEM_CUDA_ARCHITECTURES})
find_program(RESTEM_NVCC nvcc)
if(NOT RESTEM_NVCC)
  if(RESTEM_CUDA)
    message(FATAL_ERROR "RESTEM_CUDA needs a CUDA compiler: nvcc is neither on PATH nor in /usr/local/cuda/bin")
  endif()
  message(STATUS "No CUDA compiler: the CUDA kernels are tested on the CPU but not compiled for GPUs")
  return()
endif()

set(CMAKE_CUDA_COMPILER ${RESTEM_NVCC})
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
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
target_link_libraries(restem_cuda_runtime INTERFACE CUDA::cudart CUDA::cublasLt)
