#!/bin/sh
# In an allowed workspace: leaves configuration and hooks of git where they are, and makes git take others. 42 means refused.
[ -d .git/hooks ] || exit 77
put() { # FILE WORDS
  [ -e "$1" ] && cp "$1" "${TMPDIR:-/tmp}/kept-$$"
  { printf '%s\n' "$2" > "$1"; } 2>/dev/null || return 1
  rm -f "$1"
  [ -e "${TMPDIR:-/tmp}/kept-$$" ] && mv "${TMPDIR:-/tmp}/kept-$$" "$1"
  return 0
}
put .git/commondir ../evil && exit 0
put .git/config.worktree '[core] fsmonitor = /bin/true' && exit 0
put .git/worktrees/other/commondir ../../../evil && exit 0
put .git/worktrees/other/config.worktree '[core] fsmonitor = /bin/true' && exit 0
mv .git/worktrees .git/worktrees.old 2>/dev/null && { mv .git/worktrees.old .git/worktrees; exit 0; }
exit 42
