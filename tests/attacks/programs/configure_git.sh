#!/bin/sh
# In an allowed workspace: makes git run a program of its own by configuration. 42 means refused.
[ -f .git/config ] || exit 77
printf '[core]\n\tfsmonitor = /bin/true\n' 2>/dev/null >> .git/config && exit 0
cp .git/config "${TMPDIR:-/tmp}/config-$$" && mv "${TMPDIR:-/tmp}/config-$$" .git/config 2>/dev/null && exit 0
exit 42
