#!/bin/sh
# Copies a program to the private tmp and lets the dynamic loader, which may be executed, run it. 42 means refused.
copy="${TMPDIR:-/tmp}/loaded-$$"
cat /bin/true > "$copy" || exit 77
for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do
  [ -x "$loader" ] || continue
  "$loader" "$copy" 2>/dev/null && { rm -f "$copy"; exit 0; }
done
rm -f "$copy"
exit 42
