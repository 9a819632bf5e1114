// The layout of the index. Another one has another number, and an index of another number is built anew.
#pragma once

#include <cstdint>

namespace agentos::recorder {

inline constexpr std::int64_t kLayout = 2;  // PRAGMA user_version
inline constexpr std::int64_t kEntriesATransaction = 100'000;

// Names are numbers in `word` (0: none). What is asked most, the newest of one agent, is answered from `by_agent`
// alone: its rows lie together, those of `entry` a page each. `at` is where the frame begins in its segment, `base_at`
// where the frame begins that a stored difference is made from (0: the leaf is stored whole).
inline constexpr const char* kSchema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE word(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);
CREATE TABLE entry(
  idx INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, kind INTEGER NOT NULL, decided INTEGER NOT NULL,
  agent INTEGER NOT NULL, run INTEGER NOT NULL, call INTEGER NOT NULL, tool INTEGER NOT NULL,
  rule INTEGER NOT NULL, status INTEGER NOT NULL, name INTEGER NOT NULL,
  segment INTEGER NOT NULL, at INTEGER NOT NULL, base_at INTEGER NOT NULL);
CREATE TABLE label(word INTEGER NOT NULL, idx INTEGER NOT NULL, PRIMARY KEY(word, idx)) WITHOUT ROWID;
CREATE INDEX by_agent ON entry(agent, idx, segment, at, base_at);
CREATE INDEX by_run ON entry(run) WHERE run <> 0;
CREATE INDEX by_tool ON entry(tool) WHERE tool <> 0;
CREATE INDEX by_rule ON entry(rule) WHERE rule <> 0;
CREATE INDEX by_call ON entry(call) WHERE call <> 0;
CREATE INDEX by_name ON entry(name) WHERE name <> 0;
CREATE INDEX by_decided ON entry(decided) WHERE decided > 1;
CREATE INDEX by_time ON entry(time_us);
)";

inline constexpr const char* kSettings = R"(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -65536;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
)";

}  // namespace agentos::recorder
