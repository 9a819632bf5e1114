#!/bin/sh
# Runs programs that become root for whoever starts them, and looks whether one did.
for program in /usr/bin/su /usr/bin/mount /usr/bin/newgrp /usr/bin/passwd /usr/bin/chsh; do
  [ -u "$program" ] || continue
  found=1
done
[ "${found:-}" ] || exit 77
# An unprivileged mount helper that is set-user-id would print its real refusal only with root's rights.
if /usr/bin/su -c true root </dev/null 2>/dev/null; then exit 0; fi
grep -q '^NoNewPrivs:.1' /proc/self/status 2>/dev/null && exit 42
# The first process alone may read /proc/self on some hosts: setpriv tells too.
[ "$(setpriv --dump 2>/dev/null | sed -n 's/^no_new_privs: //p')" = 1 ] && exit 42
exit 0
