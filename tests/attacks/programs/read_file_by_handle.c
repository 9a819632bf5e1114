// Names a file outside every grant by its handle, which no path check sees, and opens that. argv[1]: the file.
#include <fcntl.h>
#include <stdlib.h>

#include "attack.h"

int main(int argc, char** argv) {
  struct file_handle* handle = malloc(sizeof *handle + MAX_HANDLE_SZ);
  int mount_id = 0;
  if (argc < 2 || handle == NULL) return kCannotTry;
  handle->handle_bytes = MAX_HANDLE_SZ;
  if (name_to_handle_at(AT_FDCWD, argv[1], handle, &mount_id, 0) != 0) return refused("name_to_handle_at");
  const int folder = open("/", O_RDONLY | O_DIRECTORY);
  return judge(folder < 0 ? -1 : open_by_handle_at(folder, handle, O_RDONLY), "open_by_handle_at");
}
