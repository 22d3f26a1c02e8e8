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

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                    -fno-omit-frame-pointer
                    -Wno-restrict)  # GCC 12 at -O3 wrongly warns on "literal" + std::string
if(RESTEM_WERROR)
  add_compile_options(-Werror)
endif()

if(RESTEM_SANITIZE)
  add_compile_options(-fsanitize=${RESTEM_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RESTEM_SANITIZE})
  # GCC 12 reports false positives of this warning through sanitizer instrumentation.
  add_compile_options(-Wno-maybe-uninitialized)
endif()
