# Libraries from the distribution; scripts/setup.sh installs them.
find_package(absl REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(spdlog REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwy REQUIRED IMPORTED_TARGET libhwy)
pkg_check_modules(pcre2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(seccomp REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)

# Debian's yaml-cpp 0.7 exports the plain name; newer ones a namespaced one.
if(NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()

# Exact and ball arithmetic; none of the three has a pkg-config or CMake file in Debian 12.
add_library(calcium INTERFACE)
foreach(part calcium antic flint-arb flint)
  find_library(RESTEM_LIB_${part} ${part} REQUIRED)
  target_link_libraries(calcium INTERFACE ${RESTEM_LIB_${part}})
endforeach()
find_path(RESTEM_CALCIUM_INCLUDE ca.h PATH_SUFFIXES calcium REQUIRED)
target_include_directories(calcium SYSTEM INTERFACE ${RESTEM_CALCIUM_INCLUDE})
add_library(calcium::calcium ALIAS calcium)

# Headers only: c10d's group over CPUs is in LibTorch, whose wheel lacks the headers that it names.
find_path(RESTEM_GLOO_INCLUDE gloo/config.h REQUIRED)

# A web server, for tests only: those that need it are left out where it is not there.
pkg_check_modules(httplib IMPORTED_TARGET cpp-httplib)
