// A real process is killed at every step of a commit and of a rollback, and its recovery is killed once, too:
// afterwards the original is as it was, or all is there.
#include <signal.h>
#include <sys/wait.h>

#include "lib/workspace/workspace_place.h"

namespace agentos::workspace {
namespace {

constexpr int kStepsMax = 400;
constexpr int kExitDone = 0, kExitFailed = 3;

// In memory where that is possible: a killed process loses nothing there either, and syncing costs nothing.
class WorkspaceCrash : public Place {
 protected:
  WorkspaceCrash()
      : Place(::access("/dev/shm", W_OK) == 0 ? std::string("/dev/shm")
                                              : std::filesystem::temp_directory_path().string()) {}

  // Runs `work` in a process that is killed before step `last`; true when it came to its end before that.
  template <class Work>
  static bool run_until(int last, const Work& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      int steps = 0;
      const bool done = work([&](std::string_view) {
        if (steps++ == last) ::raise(SIGKILL);
      });
      ::_exit(done ? kExitDone : kExitFailed);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == kExitDone) << "it failed at step " << last;
    return WIFEXITED(status);
  }

  bool recover_in_two(int last) const {
    run_until(last, [&](const Step& step) {
      auto workspace = Workspace::open(store(), "w");
      return workspace && workspace->recover(step);
    });
    auto workspace = Workspace::open(store(), "w");
    const Status recovered = workspace->recover();
    EXPECT_TRUE(recovered.has_value()) << recovered.error().message;
    EXPECT_EQ(workspace->pending(), Pending::kNothing);
    return recovered.has_value();
  }

  void start_again() const {
    std::filesystem::remove_all(original());
    std::filesystem::remove_all(store());
    std::filesystem::create_directories(original());
    fill_original();
    change_everything(make().copy());
  }
};

TEST_F(WorkspaceCrash, a_commit_killed_at_any_step_is_whole_or_not_at_all) {
  int untouched = 0, whole = 0, step = 0;
  for (bool ended = false; !ended; ++step) {
    ASSERT_LT(step, kStepsMax);
    start_again();
    const Snapshot before = look(original()), after = look(store() + "/w/copy");
    ended = run_until(step, [&](const Step& told) {
      auto workspace = Workspace::open(store(), "w");
      return workspace && workspace->commit({.guard = {}, .allowed = {}, .step = told});
    });
    ASSERT_TRUE(recover_in_two(step % 11));
    const Snapshot present = look(original());
    const bool is_before = difference(before, present).empty(), is_after = difference(after, present).empty();
    ASSERT_TRUE(is_before || is_after) << "killed at step " << step << ":\n" << words(difference(after, present));
    if (ended) ASSERT_TRUE(is_after);
    if (is_before) ASSERT_EQ(whole, 0) << "once the journal is there it happens";
    (is_before ? untouched : whole) += 1;
    auto workspace = Workspace::open(store(), "w");
    ASSERT_EQ(workspace->changes()->empty(), is_after);
    ASSERT_TRUE(workspace->commit({}).has_value()) << "killed at step " << step;
    ASSERT_TRUE(difference(after, look(original())).empty());
    ASSERT_TRUE(workspace->rollback().has_value());
    ASSERT_TRUE(difference(before, look(original())).empty()) << "killed at step " << step;
  }
  EXPECT_GT(untouched, 10);
  EXPECT_GT(whole, 20);
  RecordProperty("steps", step);
}

TEST_F(WorkspaceCrash, a_rollback_killed_at_any_step_is_whole_or_not_at_all) {
  int untouched = 0, whole = 0, step = 0;
  for (bool ended = false; !ended; ++step) {
    ASSERT_LT(step, kStepsMax);
    start_again();
    const Snapshot before = look(original()), after = look(store() + "/w/copy");
    ASSERT_TRUE(Workspace::open(store(), "w")->commit({}).has_value());
    ended = run_until(step, [&](const Step& told) {
      auto workspace = Workspace::open(store(), "w");
      return workspace && workspace->rollback(told);
    });
    ASSERT_TRUE(recover_in_two(step % 11));
    const Snapshot present = look(original());
    const bool is_before = difference(before, present).empty(), is_after = difference(after, present).empty();
    ASSERT_TRUE(is_before || is_after) << "killed at step " << step << ":\n" << words(difference(before, present));
    if (ended) ASSERT_TRUE(is_before);
    (is_after ? untouched : whole) += 1;
  }
  EXPECT_GT(untouched, 5);
  EXPECT_GT(whole, 15);
}

TEST_F(WorkspaceCrash, what_a_person_changes_after_a_crash_is_not_overwritten) {
  start_again();
  run_until(0, [&](const Step&) {
    auto workspace = Workspace::open(store(), "w");
    return workspace && workspace->commit({.guard = {}, .allowed = {}, .step = [](std::string_view what) {
                                             if (what == "begin") ::raise(SIGKILL);
                                           }});
  });
  write(original() + "/a.txt", "a person's\n");
  auto workspace = Workspace::open(store(), "w");
  EXPECT_EQ(workspace->pending(), Pending::kCommit);
  const Status recovered = workspace->recover();
  ASSERT_FALSE(recovered.has_value());
  EXPECT_NE(recovered.error().message.find("\"a.txt\" was changed by somebody else"), std::string::npos);
  EXPECT_EQ(read(original() + "/a.txt"), "a person's\n");
  write(original() + "/a.txt", "one\n");
  const Status again = workspace->recover();
  EXPECT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(difference(look(workspace->copy()), look(original())).empty());
}

}  // namespace
}  // namespace agentos::workspace
