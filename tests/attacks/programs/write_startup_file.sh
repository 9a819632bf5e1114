#!/bin/sh
# In a home that is the workspace: writes files every new shell of the operator runs, present ones and new. 42: refused.
for file in .bashrc .profile .zshenv .bash_login .config/autostart .local/bin/ls; do
  echo true 2>/dev/null >> $file && exit 0
done
mv .bashrc .bashrc.old 2>/dev/null && exit 0
rm -f .profile 2>/dev/null && [ ! -e .profile ] && exit 0
exit 42
