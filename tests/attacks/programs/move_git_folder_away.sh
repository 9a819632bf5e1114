#!/bin/sh
# In an allowed workspace: the hooks are protected, so the whole folder goes and another one comes. 42 means refused.
[ -d .git/hooks ] || exit 77
if mv .git .git.old 2>/dev/null; then
  mkdir -p .git/hooks && printf '#!/bin/sh\n' > .git/hooks/pre-commit
  rm -rf .git && mv .git.old .git
  exit 0
fi
mv .git/hooks .git/hooks.old 2>/dev/null && { mv .git/hooks.old .git/hooks; exit 0; }
rmdir .git/hooks 2>/dev/null && { mkdir .git/hooks; exit 0; }
exit 42
