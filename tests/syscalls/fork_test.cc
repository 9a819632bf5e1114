// fork: attenuation of rights, budget and handles; children with and without a process.
#include <unistd.h>

#include "tests/syscalls/world.h"

namespace agentos::test {
namespace {

class ForkCall : public CallTest {};

json::Array words(std::initializer_list<const char*> list) {
  json::Array out;
  for (const char* word : list) out.emplace_back(word);
  return out;
}

TEST_P(ForkCall, a_child_context_is_connected_by_attach) {
  auto parent = world().agent("parent");
  const std::string child_id(parent->must("fork", {{"name", "child"}}).string_or("agent", ""));
  EXPECT_EQ(parent->must("attach", {{"agent", child_id}}).string_or("agent", ""), child_id);
  auto descriptors = parent->take_descriptors();
  ASSERT_EQ(descriptors.size(), 1u);
  auto child = world().over(std::move(descriptors[0]));
  const json::Value status = child->must("status");
  EXPECT_EQ(status.string_or("agent", ""), child_id);
  EXPECT_EQ(status.string_or("parent", ""), parent->id());
  child->must("exit", {{"code", 3}});
  EXPECT_EQ(parent->must("wait", {{"agent", child_id}, {"timeout_ms", 5000}}).int_or("code", -1), 3);
}

TEST_P(ForkCall, a_child_has_a_subset_of_rights) {
  auto parent = world().agent("parent", kAllowAll,
                              abi::right::self | abi::right::spawn | abi::right::attach | abi::right::files_read);
  EXPECT_EQ(parent->code("fork", {{"rights", words({"exec"})}}), -103) << "the parent lacks it";
  EXPECT_EQ(parent->code("fork", {{"rights", words({"flying"})}}), -100);
  const std::string child_id(parent->must("fork", {{"rights", words({"self"})}}).string_or("agent", ""));
  parent->must("attach", {{"agent", child_id}});
  auto child = world().over(std::move(parent->take_descriptors().at(0)));
  EXPECT_EQ(child->code("list", {{"path", "/"}}), -103);
  EXPECT_EQ(child->code("fork"), -103);
}

TEST_P(ForkCall, a_childs_use_counts_against_its_parent) {
  abi::Budget budget;
  budget.bytes = 100;
  auto parent = world().agent("parent", kAllowAll, {}, budget);
  EXPECT_EQ(parent->code("fork", {{"budget", json::Object{{"bytes", 101}}}}), -111);
  const std::string child_id(parent->must("fork", {{"budget", json::Object{{"bytes", 60}}}}).string_or("agent", ""));
  parent->must("attach", {{"agent", child_id}});
  auto child = world().over(std::move(parent->take_descriptors().at(0)));
  child->must("write", {{"path", "/state/f"}, {"data", std::string(50, 'x')}});
  EXPECT_EQ(child->code("write", {{"path", "/state/g"}, {"data", std::string(20, 'x')}}), -111);
  EXPECT_EQ(parent->code("write", {{"path", "/state/f"}, {"data", std::string(60, 'x')}}), -111);
  parent->must("write", {{"path", "/state/f"}, {"data", std::string(40, 'x')}});
}

TEST_P(ForkCall, files_stay_and_pipes_go_to_the_child) {
  auto parent = world().agent("parent");
  parent->must("write", {{"path", "/state/f"}, {"data", "x"}});
  const auto file = parent->must("open", {{"path", "/state/f"}}).int_or("handle", 0);
  EXPECT_EQ(parent->code("fork", {{"handles", json::Array{json::Value(file)}}}), -105);
  const json::Value ends = parent->must("pipe");
  const auto write_handle = ends.int_or("write_handle", 0);
  const std::string child_id(
      parent->must("fork", {{"handles", json::Array{json::Value(write_handle)}}}).string_or("agent", ""));
  parent->must("attach", {{"agent", child_id}});
  auto child = world().over(std::move(parent->take_descriptors().at(0)));
  child->must("send", {{"handle", write_handle}, {"data", "from below"}});
  const json::Value message = parent->must("recv", {{"handle", ends.int_or("read_handle", 0)}, {"timeout_ms", 5000}});
  EXPECT_EQ(message.string_or("data", ""), "from below");
  EXPECT_EQ(message.string_or("sender", ""), child_id);
}

TEST_P(ForkCall, children_end_with_their_parent) {
  auto parent = world().agent("parent");
  const std::string child_id(parent->must("fork").string_or("agent", ""));
  parent->must("exit");
  auto operator_caller = world().operator_caller();
  EXPECT_EQ(operator_caller->must("wait", {{"agent", child_id}, {"timeout_ms", 5000}}).string_or("cause", ""),
            "killed");
}

TEST_P(ForkCall, a_context_cannot_start_a_process) {
  auto parent = world().agent("parent");
  EXPECT_EQ(parent->code("fork", {{"command", words({"/bin/true"})}}), -121);
}

// How many of 250 forks were carried out; the rest must be refused as busy.
int fork_many(Caller& caller) {
  constexpr int kForks = 250;
  std::vector<std::uint64_t> started;
  for (int i = 0; i < kForks; ++i) started.push_back(caller.start_call("fork", {}));
  int made = 0;
  for (const std::uint64_t one : started) {
    auto reply = caller.finish_call(one);
    made += reply.has_value() ? 1 : 0;
    if (!reply) EXPECT_EQ(static_cast<int>(reply.error().code), -112);
  }
  return made;
}

TEST_P(ForkCall, a_family_has_a_bound_and_other_families_go_on) {
  constexpr int kFamily = 1024;
  auto root = world().agent("root");
  std::vector<std::unique_ptr<Caller>> children;
  int alive = 1;
  for (int i = 0; i < 5; ++i) {
    const std::string child_id(root->must("fork").string_or("agent", ""));
    root->must("attach", {{"agent", child_id}});
    children.push_back(world().over(std::move(root->take_descriptors().at(0))));
    ++alive;
  }
  for (auto& child : children) alive += fork_many(*child);
  EXPECT_EQ(alive, kFamily);
  EXPECT_EQ(root->code("fork"), -112);
  EXPECT_EQ(world().agent("stranger")->code("fork"), 0);
  children.at(0)->must("exit");  // and, soon, its children with it
  int code = root->code("fork");
  for (int i = 0; i < 500 && code == -112; ++i) {
    usleep(10'000);
    code = root->code("fork");
  }
  EXPECT_EQ(code, 0);
}

AGENTOS_BOTH_WAYS(ForkCall);

}  // namespace
}  // namespace agentos::test
