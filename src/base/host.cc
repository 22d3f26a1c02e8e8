#include "base/host.h"

#include <unistd.h>

namespace restem {

std::string HostName() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace restem
