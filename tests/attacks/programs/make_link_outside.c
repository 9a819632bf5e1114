// Puts a symbolic link into a folder outside every grant, where somebody follows it. argv[1]: a file in that folder.
#include "attack.h"

int main(int argc, char** argv) {
  char path[4096];
  if (argc < 2) return kCannotTry;
  snprintf(path, sizeof path, "%s.link", argv[1]);
  const int result = symlink("/bin/sh", path);
  if (result == 0) unlink(path);
  return judge(result, "make a symbolic link outside");
}
