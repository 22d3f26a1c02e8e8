# Arrow's C++ library and its Parquet reader, from the PyPI wheel `pyarrow` that scripts/setup.sh puts into .venv:
#
#   restem::arrow   libparquet and libarrow
set(RESTEM_ARROW_DIR "" CACHE PATH "The wheel's pyarrow folder; found in .venv if empty")
if(NOT RESTEM_ARROW_DIR)
  file(GLOB restem_arrow_found ${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/pyarrow)
  list(LENGTH restem_arrow_found restem_arrow_count)
  if(NOT restem_arrow_count EQUAL 1)
    message(FATAL_ERROR "Arrow is not in .venv: run scripts/setup.sh, or pass -DRESTEM_ARROW_DIR=<pyarrow folder>")
  endif()
  list(GET restem_arrow_found 0 RESTEM_ARROW_DIR)
endif()

# By full name: the wheel has no links without a version.
file(GLOB restem_arrow_libraries ${RESTEM_ARROW_DIR}/libparquet.so.*00 ${RESTEM_ARROW_DIR}/libarrow.so.*00)
list(LENGTH restem_arrow_libraries restem_arrow_count)
if(NOT restem_arrow_count EQUAL 2)
  message(FATAL_ERROR "${RESTEM_ARROW_DIR} does not have one libparquet.so and one libarrow.so: run scripts/setup.sh")
endif()

add_library(restem_arrow INTERFACE)
add_library(restem::arrow ALIAS restem_arrow)
target_include_directories(restem_arrow SYSTEM INTERFACE ${RESTEM_ARROW_DIR}/include)
target_link_libraries(restem_arrow INTERFACE ${restem_arrow_libraries})
target_link_options(restem_arrow INTERFACE -Wl,-rpath,${RESTEM_ARROW_DIR})
