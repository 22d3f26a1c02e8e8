#include "base/version.h"

namespace restem {

std::string_view Version() { return RESTEM_VERSION; }

}  // namespace restem
