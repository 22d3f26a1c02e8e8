# LibTorch from the PyPI wheel that scripts/setup.sh puts into .venv. The wheel's own TorchConfig.cmake
# demands a CUDA toolkit even for a CPU build, so the targets are defined here:
#
#   restem::torch   libtorch_cpu and libc10, and with RESTEM_CUDA also their CUDA halves
set(RESTEM_TORCH_DIR "" CACHE PATH "The wheel's torch folder; found in .venv if empty")
if(NOT RESTEM_TORCH_DIR)
  file(GLOB restem_torch_found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch)
  list(LENGTH restem_torch_found restem_torch_count)
  if(NOT restem_torch_count EQUAL 1)
    message(FATAL_ERROR "LibTorch is not in .venv: run scripts/setup.sh, or pass -DRESTEM_TORCH_DIR=<torch folder>")
  endif()
  list(GET restem_torch_found 0 RESTEM_TORCH_DIR)
endif()
cmake_path(GET RESTEM_TORCH_DIR PARENT_PATH restem_site_packages)

# libtorch_cpu of the CUDA wheel needs libcudart and libcupti whatever the machine.
set(restem_cuda_hints /usr/local/cuda/lib64 /usr/local/cuda/extras/CUPTI/lib64
                      ${restem_site_packages}/nvidia/cu13/lib)
find_library(RESTEM_CUDART libcudart.so.13 HINTS ${restem_cuda_hints} REQUIRED)
find_library(RESTEM_CUPTI libcupti.so.13 HINTS ${restem_cuda_hints} REQUIRED)
cmake_path(GET RESTEM_CUDART PARENT_PATH restem_cudart_dir)
cmake_path(GET RESTEM_CUPTI PARENT_PATH restem_cupti_dir)

add_library(restem_torch INTERFACE)
add_library(restem::torch ALIAS restem_torch)
# After every other folder: the wheel also ships fmt and protobuf headers that would shadow the system's.
target_compile_options(restem_torch INTERFACE
  "SHELL:-idirafter ${RESTEM_TORCH_DIR}/include"
  "SHELL:-idirafter ${RESTEM_TORCH_DIR}/include/torch/csrc/api/include")
target_link_libraries(restem_torch INTERFACE
  ${RESTEM_TORCH_DIR}/lib/libtorch_cpu.so ${RESTEM_TORCH_DIR}/lib/libc10.so)
target_link_options(restem_torch INTERFACE
  -Wl,-rpath,${RESTEM_TORCH_DIR}/lib -Wl,-rpath,${restem_cudart_dir} -Wl,-rpath,${restem_cupti_dir}
  -Wl,-rpath-link,${RESTEM_TORCH_DIR}/lib -Wl,-rpath-link,${restem_cudart_dir}
  -Wl,-rpath-link,${restem_cupti_dir} -Wl,--allow-shlib-undefined)
if(RESTEM_CUDA)
  target_compile_definitions(restem_torch INTERFACE RESTEM_CUDA=1)
  # libtorch_cuda registers its operators when loaded: keep it although no symbol of it is named.
  target_link_options(restem_torch INTERFACE
    -Wl,--no-as-needed,${RESTEM_TORCH_DIR}/lib/libtorch_cuda.so,${RESTEM_TORCH_DIR}/lib/libc10_cuda.so,--as-needed)
endif()
