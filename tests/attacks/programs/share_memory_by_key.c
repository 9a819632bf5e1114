// Makes a System V segment, which every process of its user can find.
#include <sys/ipc.h>
#include <sys/shm.h>

#include "attack.h"

int main(void) {
  const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  if (id >= 0) shmctl(id, IPC_RMID, NULL);
  return judge(id, "shmget");
}
