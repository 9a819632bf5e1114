#!/bin/sh
# Reads a file outside every grant with the tools every system has. $1: the file. 42 means refused.
for try in "cat" "head -c 10" "dd if="; do
  case $try in
    dd*) dd if="$1" count=1 2>/dev/null && exit 0 ;;
    *) $try "$1" 2>/dev/null && exit 0 ;;
  esac
done
exit 42
