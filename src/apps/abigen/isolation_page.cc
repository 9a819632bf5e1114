// docs/reference/isolation.md: the matrix of promises.
#include "apps/abigen/generators.h"
#include "lib/sandbox/isolation.h"

namespace agentos::abigen {

void add_isolation_page(Files& files) { files["docs/reference/isolation.md"] = sandbox::isolation_page(); }

}  // namespace agentos::abigen
