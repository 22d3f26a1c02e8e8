// Which variable each name of a template means.
//
// jinja2 compiles a template to Python functions and decides before it runs which names are local
// to what: a `set` inside a `for` is gone at its end, a name that is set anywhere at the top level
// is undefined before, whatever the caller passed, one set in an `if` only is not. These rules are
// followed exactly: an activation here is what a Python function's locals are there.
#pragma once

#include "text/jinja/node.h"

namespace restem::jinja {

// Gives each name its slot. Throws Error: a filter or test that does not exist (unless inside an
// if, where jinja2 looks only when it gets there), break or continue outside a loop, a loop
// variable named `loop`.
void ResolveNames(Tree& tree);

}  // namespace restem::jinja
