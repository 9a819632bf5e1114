/* What every attack program shares: it ends with kRefused when the system refused what it tried, with kSucceeded when
 * it got what it wanted, and with kCannotTry when this machine gives it nothing to try. */
#ifndef TESTS_ATTACKS_PROGRAMS_ATTACK_H_
#define TESTS_ATTACKS_PROGRAMS_ATTACK_H_

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { kSucceeded = 0, kRefused = 42, kCannotTry = 77 };

static inline int refused(const char* what) {
  printf("REFUSED %s: %s\n", what, strerror(errno));
  return kRefused;
}

static inline int succeeded(const char* what) {
  printf("SUCCEEDED %s\n", what);
  return kSucceeded;
}

/* -1 with errno means refused. */
static inline int judge(long result, const char* what) { return result < 0 ? refused(what) : succeeded(what); }

#endif
