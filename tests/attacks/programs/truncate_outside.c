// Empties a file outside every grant by truncate and by O_TRUNC. argv[1]: the file.
#include <fcntl.h>

#include "attack.h"

int main(int argc, char** argv) {
  if (argc < 2) return kCannotTry;
  if (truncate(argv[1], 1) == 0) return succeeded("truncate");
  return judge(open(argv[1], O_RDONLY | O_TRUNC), "open with O_TRUNC");
}
