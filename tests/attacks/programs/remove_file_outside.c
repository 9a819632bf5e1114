// Removes a file outside every grant. argv[1]: the file.
#include "attack.h"

int main(int argc, char** argv) { return argc < 2 ? kCannotTry : judge(unlink(argv[1]), "unlink a file outside"); }
