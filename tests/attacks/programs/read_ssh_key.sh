#!/bin/sh
# In a home that is the workspace: reads the keys there. 42 means refused.
cat .ssh/id_ed25519 2>/dev/null && exit 0
ls .ssh/id_ed25519 2>/dev/null && exit 0
mv .ssh .ssh2 2>/dev/null && { mv .ssh2 .ssh; exit 0; }
ln .ssh/id_ed25519 key 2>/dev/null && exit 0
exit 42
