# Language level, warnings, linker, compiler cache, sanitizers.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(RESTEM_CCACHE ccache)
if(RESTEM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RESTEM_CCACHE})
endif()

find_program(RESTEM_MOLD mold)
if(RESTEM_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# -Wno-restrict: GCC 12 at -O3 wrongly warns on "literal" + std::string.
add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wshadow;-Wnon-virtual-dtor;-Woverloaded-virtual>"
                    "$<$<COMPILE_LANGUAGE:CXX>:-fno-omit-frame-pointer;-Wno-restrict>")
# Clang, which the fuzz targets are built with, does not know all of GCC's.
add_compile_options("$<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-unknown-warning-option>")
if(RESTEM_WERROR)
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-Werror>")
endif()

if(RESTEM_SANITIZE)
  # GCC 12 reports false positives of maybe-uninitialized through sanitizer instrumentation.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${RESTEM_SANITIZE};-fno-sanitize-recover=all>"
                      "$<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>")
  add_link_options(-fsanitize=${RESTEM_SANITIZE})
endif()

if(RESTEM_FUZZ)
  add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:-fsanitize=fuzzer-no-link>")
endif()
