// What a group's collectives go through; for the files of comm/group.h alone.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>

#include "comm/gpu_collectives.h"
#include "comm/group.h"

namespace restem {

struct Group::Backend {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  std::unique_ptr<GpuCollectives> gpu;  // null until the first tensor on a GPU comes
};

// c10d's errors go on with a stack.
inline std::string FirstLine(const std::exception& error) {
  const std::string_view message = error.what();
  return std::string(message.substr(0, message.find('\n')));
}

}  // namespace restem
