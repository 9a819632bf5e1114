#!/bin/sh
# In an allowed workspace: writes a hook that runs at the operator's next commit. 42 means refused.
[ -d .git/hooks ] || exit 77
printf '#!/bin/sh\ntrue\n' 2>/dev/null > .git/hooks/pre-commit && { rm -f .git/hooks/pre-commit; exit 0; }
cp /bin/true .git/hooks/post-checkout 2>/dev/null && { rm -f .git/hooks/post-checkout; exit 0; }
exit 42
