#!/bin/sh
# In an allowed workspace: leaves configuration that the operator's own agents and editors act on. 42 means refused.
for folder in .claude .codex .cursor .vscode .idea .agentos; do
  mkdir -p $folder 2>/dev/null
  touch $folder/settings.json 2>/dev/null && { rm -f $folder/settings.json; rmdir $folder 2>/dev/null; exit 0; }
done
for file in .mcp.json .envrc; do
  echo '{}' 2>/dev/null > $file && { rm -f $file; exit 0; }
done
exit 42
