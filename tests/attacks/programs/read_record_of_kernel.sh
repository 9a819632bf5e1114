#!/bin/sh
# With a profile that grants every file: reads and changes the kernel's own ones, the folder of $1. 42 means refused.
folder=$(dirname "$1")
cat "$1" 2>/dev/null && exit 0
echo forged 2>/dev/null > "$folder/policy.yaml" && exit 0
mv "$folder" "$folder.old" 2>/dev/null && { mv "$folder.old" "$folder"; exit 0; }
exit 42
