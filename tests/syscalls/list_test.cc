// list: the eight mounts, directories by name, and lists taken in pieces.
#include <set>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ListCall : public CallTest {};

std::vector<std::string> paths_of(const json::Value& reply) {
  std::vector<std::string> paths;
  for (const json::Value& entry : reply.find("entries")->as_array()) paths.emplace_back(entry.string_or("path", ""));
  return paths;
}

TEST_P(ListCall, the_root_lists_the_eight_mounts) {
  auto agent = world().agent();
  const auto paths = paths_of(agent->must("list", {{"path", "/"}}));
  const std::set<std::string> expected{"/mem/working", "/mem/episodic", "/mem/semantic", "/mem/procedural",
                                       "/state",       "/tools",        "/policy",       "/ipc"};
  EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()), expected);
}

TEST_P(ListCall, names_come_in_order_and_in_pieces) {
  auto agent = world().agent();
  for (const char* name : {"c", "a", "b"})
    agent->must("write", {{"path", std::string("/state/d/") + name}, {"data", "x"}});
  EXPECT_EQ(paths_of(agent->must("list", {{"path", "/state/d"}})),
            (std::vector<std::string>{"/state/d/a", "/state/d/b", "/state/d/c"}));
  EXPECT_EQ(paths_of(agent->must("list", {{"path", "/state/d"}, {"entries_max", 1}, {"after", "a"}})),
            (std::vector<std::string>{"/state/d/b"}));
}

TEST_P(ListCall, files_and_missing_names_are_errors) {
  auto agent = world().agent();
  agent->must("write", {{"path", "/state/f"}, {"data", ""}});
  EXPECT_EQ(agent->code("list", {{"path", "/state/f"}}), -114);
  EXPECT_EQ(agent->code("list", {{"path", "/state/none"}}), -101);
  EXPECT_EQ(agent->code("list"), -100);
}

AGENTOS_BOTH_WAYS(ListCall);

}  // namespace
}  // namespace agentos::test
