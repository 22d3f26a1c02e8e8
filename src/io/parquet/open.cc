#include "io/parquet/open.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace restem {
namespace {

constexpr const char* kLibrary = "librestem_parquet.so";  // beside the program

absl::StatusOr<OpenParquetFn*> LoadLibrary() {
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : ::dlsym(library, "restem_open_parquet");
  if (symbol != nullptr) return reinterpret_cast<OpenParquetFn*>(symbol);
  const char* why = ::dlerror();
  return InvalidInput(
      fmt::format("Parquet files need Arrow, of the Python package pyarrow, which "
                  "cannot be loaded: {}; scripts/setup.sh installs it",
                  why == nullptr ? kLibrary : why));
}

}  // namespace

absl::StatusOr<std::unique_ptr<RecordReader>> OpenParquet(const std::string& path,
                                                          WantedFields wanted) {
  static const auto* const open = new absl::StatusOr<OpenParquetFn*>(LoadLibrary());
  if (!open->ok()) return Annotate(open->status(), path);
  absl::StatusOr<std::unique_ptr<RecordReader>> reader = Failed("");
  (**open)(path, wanted, reader);
  return reader;
}

}  // namespace restem
