// What comes back from a workspace, what is refused, and that hostile content does nothing but what it says.
#include "lib/workspace/workspace.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>

#include "lib/workspace/changes_text.h"
#include "lib/workspace/reach.h"
#include "lib/workspace/workspace_place.h"

namespace agentos::workspace {
namespace {

class WorkspaceTest : public Place {};

TEST_F(WorkspaceTest, a_copy_is_the_original_and_changing_it_changes_nothing) {
  fill_original();
  Workspace workspace = make();
  const Snapshot before = look(original());
  EXPECT_TRUE(difference(before, look(workspace.copy())).empty());
  EXPECT_TRUE(workspace.changes()->empty());
  change_everything(workspace.copy());
  EXPECT_TRUE(difference(before, look(original())).empty());
  EXPECT_EQ(words(*workspace.changes()),
            "changed a.txt\nreplaced becomes_file\nremoved becomes_file/inner\nreplaced becomes_folder\n"
            "added becomes_folder/now\nmode dir\nadded empty\nremoved gone\nremoved gone/below\nremoved gone/below/y\n"
            "removed gone/x\nchanged link\nadded new\nadded new/deep\nadded new/deep/file\nmode run.sh\n");
}

TEST_F(WorkspaceTest, a_commit_brings_everything_back_and_a_rollback_takes_it_away_again) {
  fill_original();
  Workspace workspace = make();
  const Snapshot before = look(original());
  change_everything(workspace.copy());
  const auto committed = workspace.commit({});
  ASSERT_TRUE(committed.has_value()) << committed.error().message;
  EXPECT_EQ(committed->size(), 16U);
  EXPECT_TRUE(difference(look(workspace.copy()), look(original())).empty());
  EXPECT_TRUE(workspace.changes()->empty());
  EXPECT_TRUE(workspace.commit({})->empty()) << "there is nothing more to commit";
  const auto back = workspace.rollback();
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_TRUE(difference(before, look(original())).empty());
  EXPECT_EQ(workspace.changes()->size(), 16U) << "the agent's changes are still there to be committed";
  EXPECT_FALSE(workspace.rollback().has_value()) << "one commit is rolled back once";
  EXPECT_TRUE(workspace.commit({}).has_value());
  EXPECT_TRUE(difference(look(workspace.copy()), look(original())).empty());
}

TEST_F(WorkspaceTest, a_commit_is_refused_when_the_original_changed_and_names_what) {
  fill_original();
  Workspace workspace = make();
  change_everything(workspace.copy());
  write(original() + "/stays", "not any more\n");
  write(original() + "/added by a person", "x");
  const Snapshot before = look(original());
  const auto committed = workspace.commit({});
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().code, ErrorCode::kBusy);
  EXPECT_NE(committed.error().message.find("\"stays\" (changed)"), std::string::npos) << committed.error().message;
  EXPECT_NE(committed.error().message.find("\"added by a person\" (added)"), std::string::npos);
  EXPECT_TRUE(difference(before, look(original())).empty());
}

TEST_F(WorkspaceTest, a_rollback_is_refused_when_something_changed_since_the_commit) {
  fill_original();
  Workspace workspace = make();
  change_everything(workspace.copy());
  ASSERT_TRUE(workspace.commit({}).has_value());
  write(original() + "/a.txt", "a person's\n");
  const auto back = workspace.rollback();
  ASSERT_FALSE(back.has_value());
  EXPECT_NE(back.error().message.find("\"a.txt\" (changed)"), std::string::npos) << back.error().message;
  EXPECT_EQ(read(original() + "/a.txt"), "a person's\n");
}

TEST_F(WorkspaceTest, what_the_guard_holds_back_needs_its_name) {
  fill_original();
  Workspace workspace = make();
  write(workspace.copy() + "/hooks/pre-commit", "rm -rf\n", 0755);
  CommitOptions options;
  options.guard = [](const Change& change, const Snapshot&) {
    return change.path.starts_with("hooks/") ? "a hook" : "";
  };
  const auto refused = workspace.commit(options);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotPermitted);
  EXPECT_NE(refused.error().message.find("\"hooks/pre-commit\" (a hook)"), std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(std::filesystem::exists(original() + "/hooks"));
  options.allowed = {"hook"};
  EXPECT_FALSE(workspace.commit(options).has_value()) << "the beginning of a name is not the name";
  options.allowed = {"hooks"};
  EXPECT_TRUE(workspace.commit(options).has_value());
  EXPECT_EQ(read(original() + "/hooks/pre-commit"), "rm -rf\n");
}

TEST_F(WorkspaceTest, links_that_lead_out_and_set_id_programs_need_their_names) {
  fill_original();
  Workspace workspace = make();
  std::filesystem::create_symlink("/etc", workspace.copy() + "/absolute");
  std::filesystem::create_symlink("../../x", workspace.copy() + "/dir/above");
  std::filesystem::create_symlink("../a.txt", workspace.copy() + "/dir/inside");
  write(workspace.copy() + "/setid", "x", 04755);
  const auto refused = workspace.commit({});
  ASSERT_FALSE(refused.has_value());
  for (const char* wanted : {"\"absolute\" (a link", "\"dir/above\" (a link", "\"setid\" (a program"}) {
    EXPECT_NE(refused.error().message.find(wanted), std::string::npos) << refused.error().message;
  }
  EXPECT_EQ(refused.error().message.find("inside"), std::string::npos);
  CommitOptions options;
  options.allowed = {"absolute", "dir/above", "setid"};
  ASSERT_TRUE(workspace.commit(options).has_value());
  EXPECT_EQ(std::filesystem::read_symlink(original() + "/absolute"), "/etc");
}

TEST_F(WorkspaceTest, a_folder_replaced_by_a_link_that_leads_out_is_not_followed) {
  fill_original();
  std::filesystem::create_directories(top_ + "/outside");
  write(top_ + "/outside/b.txt", "outside\n");
  Workspace workspace = make();
  std::filesystem::remove_all(workspace.copy() + "/dir");
  std::filesystem::create_symlink(top_ + "/outside", workspace.copy() + "/dir");
  EXPECT_EQ(words(*workspace.changes()), "replaced dir\nremoved dir/b.txt\nremoved dir/sub\nremoved dir/sub/c.txt\n");
  CommitOptions options;
  options.allowed = {"dir"};
  ASSERT_TRUE(workspace.commit(options).has_value());
  EXPECT_EQ(read(top_ + "/outside/b.txt"), "outside\n");
  EXPECT_TRUE(workspace.rollback().has_value());
  EXPECT_EQ(read(original() + "/dir/b.txt"), "two\n");
  EXPECT_EQ(read(top_ + "/outside/b.txt"), "outside\n");
}

TEST_F(WorkspaceTest, an_original_whose_folder_became_a_link_is_seen_as_changed) {
  fill_original();
  Workspace workspace = make();
  write(workspace.copy() + "/dir/b.txt", "the agent's\n");
  std::filesystem::rename(original() + "/dir", top_ + "/moved");
  std::filesystem::create_symlink(top_ + "/moved", original() + "/dir");
  EXPECT_FALSE(workspace.commit({}).has_value());
  EXPECT_EQ(read(top_ + "/moved/b.txt"), "two\n");
}

TEST_F(WorkspaceTest, a_hard_link_to_a_file_outside_is_refused_and_one_inside_becomes_a_file_of_its_own) {
  fill_original();
  write(top_ + "/secret", "secret\n");
  Workspace workspace = make();
  std::filesystem::create_hard_link(workspace.copy() + "/a.txt", workspace.copy() + "/second");
  ASSERT_TRUE(workspace.commit({}).has_value());
  EXPECT_EQ(std::filesystem::hard_link_count(original() + "/second"), 1U);
  std::filesystem::create_hard_link(top_ + "/secret", workspace.copy() + "/stolen");
  const auto refused = workspace.commit({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("\"stolen\" is a hard link"), std::string::npos) << refused.error().message;
}

TEST_F(WorkspaceTest, pipes_and_sockets_are_refused_by_name_on_both_sides) {
  fill_original();
  Workspace workspace = make();
  ASSERT_EQ(::mkfifo((workspace.copy() + "/pipe").c_str(), 0600), 0);
  const auto refused = workspace.changes();
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find("\"pipe\" is a device, a socket or a pipe"), std::string::npos);
  ASSERT_EQ(::mkfifo((original() + "/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(Workspace::create(store(), "other", original()).has_value());
  EXPECT_EQ(Workspace::names(store())->size(), 1U) << "what could not be made is not left behind";
}

TEST_F(WorkspaceTest, hostile_names_come_through_whole) {
  const std::string names[] = {"new\nline", "\x1b[2J", "-rf", "\xff\xfe not UTF-8", " space ", "\"quote\\"};
  Workspace workspace = make();
  for (const std::string& name : names) write(workspace.copy() + "/" + name, name);
  const auto committed = workspace.commit({});
  ASSERT_TRUE(committed.has_value()) << committed.error().message;
  for (const std::string& name : names) EXPECT_EQ(read(original() + "/" + name), name);
  ASSERT_TRUE(workspace.rollback().has_value());
  EXPECT_TRUE(look(original()).empty());
}

TEST_F(WorkspaceTest, the_name_a_commit_stages_under_is_not_an_agents) {
  fill_original();
  Workspace workspace = make();
  write(workspace.copy() + "/.agentos-commit-w/new-0", "x");
  const auto refused = workspace.commit({});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kNotPermitted);
}

// Another agent may write to the original: it puts something else where a staged file was, at each step that looks.
TEST_F(WorkspaceTest, who_replaces_what_is_staged_gets_nothing_and_is_told_of) {
  for (const std::string_view moment :
       {"give a staged file its owner", "write the journal", "put what is new", "look at what is in its place"}) {
    std::filesystem::remove_all(original());
    std::filesystem::remove_all(store());
    std::filesystem::create_directories(original());
    fill_original();
    write(top_ + "/secret", "secret\n", 0600);
    Workspace workspace = make();
    write(workspace.copy() + "/added", "new\n", 0666);
    bool done = false;
    CommitOptions options;
    options.step = [&](std::string_view what) {
      if (what != moment || done) return;
      done = true;
      const bool placed = what == "look at what is in its place";
      const std::string place = original() + (placed ? "/added" : "/.agentos-commit-w/new-0");
      std::filesystem::remove(place);
      std::filesystem::create_symlink(top_ + "/secret", place);
    };
    const auto committed = workspace.commit(options);
    EXPECT_TRUE(done) << moment;
    ASSERT_FALSE(committed.has_value()) << moment;
    EXPECT_EQ(committed.error().code, ErrorCode::kBusy) << moment << committed.error().message;
    EXPECT_NE(committed.error().message.find("\"added\""), std::string::npos) << committed.error().message;
    struct stat status{};
    ASSERT_EQ(::stat((top_ + "/secret").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0600U) << moment;
  }
}

TEST_F(WorkspaceTest, bounds_are_told_before_anything_is_kept) {
  fill_original();
  const auto many = Workspace::create(store(), "many", original(), {.entries = 3});
  ASSERT_FALSE(many.has_value());
  EXPECT_EQ(many.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Workspace::create(store(), "large", original(), {.bytes = 10}).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(Workspace::create(store(), "deep", original(), {.depth = 1}).error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(Workspace::names(store())->empty());
}

TEST_F(WorkspaceTest, a_list_that_could_not_be_read_again_is_not_written) {
  fill_original();
  EXPECT_EQ(Workspace::create(store(), "w", original(), {.list_bytes = 100}).error().code, ErrorCode::kTooLarge);
  auto workspace = Workspace::create(store(), "w", original(), {.list_bytes = 4000});
  ASSERT_TRUE(workspace.has_value()) << workspace.error().message;
  const Snapshot before = look(original());
  for (int i = 0; i < 12; ++i) write(workspace->copy() + "/" + std::string(200, 'n') + std::to_string(i), "x");
  const auto committed = workspace->commit({});
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().code, ErrorCode::kTooLarge) << committed.error().message;
  EXPECT_TRUE(difference(before, look(original())).empty());
  for (int i = 2; i < 12; ++i)
    std::filesystem::remove(workspace->copy() + "/" + std::string(200, 'n') + std::to_string(i));
  EXPECT_TRUE(workspace->commit({}).has_value());
  EXPECT_TRUE(workspace->rollback().has_value());
  EXPECT_TRUE(difference(before, look(original())).empty());
}

TEST_F(WorkspaceTest, an_original_that_holds_the_store_and_names_that_are_paths_are_refused) {
  EXPECT_EQ(Workspace::create(top_ + "/original/store", "w", original()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Workspace::create(store(), "w", "/").error().code, ErrorCode::kInvalidArgument);
  for (const char* name : {"", ".", "..", "a/b", "-x", ".hidden", "a b"}) {
    EXPECT_FALSE(Workspace::create(store(), name, original()).has_value()) << name;
  }
}

TEST_F(WorkspaceTest, one_at_a_time_and_a_name_is_taken_once) {
  fill_original();
  auto first = std::make_optional(make());
  EXPECT_EQ(Workspace::open(store(), "w").error().code, ErrorCode::kBusy);
  first.reset();
  EXPECT_TRUE(Workspace::open(store(), "w").has_value());
  EXPECT_EQ(Workspace::create(store(), "w", original()).error().code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(Workspace::open(store(), "x").error().code, ErrorCode::kNotFound);
}

TEST_F(WorkspaceTest, discard_removes_what_an_agent_made_unreadable_and_nothing_else) {
  fill_original();
  Workspace workspace = make();
  const Snapshot before = look(original());
  write(workspace.copy() + "/closed/below/file", "x");
  std::filesystem::create_symlink(original(), workspace.copy() + "/way_out");
  ::chmod((workspace.copy() + "/closed/below").c_str(), 0);
  ::chmod((workspace.copy() + "/closed").c_str(), 0);
  const Status gone = Workspace::discard(store(), std::move(workspace));
  EXPECT_TRUE(gone.has_value()) << gone.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(store()));
  EXPECT_TRUE(difference(before, look(original())).empty());
}

TEST_F(WorkspaceTest, a_damaged_snapshot_or_journal_is_noticed) {
  fill_original();
  Workspace workspace = make();
  write(workspace.copy() + "/a.txt", "changed\n");
  std::string text = read(store() + "/w/snapshot");
  text[text.size() / 2] ^= 1;
  write(store() + "/w/snapshot", text);
  EXPECT_EQ(workspace.commit({}).error().code, ErrorCode::kCorrupt);
  write(store() + "/w/journal", "half a jour");
  EXPECT_EQ(workspace.recover().error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(read(original() + "/a.txt"), "one\n");
}

TEST(ChangesText, what_is_written_is_read_and_nothing_else) {
  Change change{"a/\n", {}, {.kind = Kind::kFile, .mode = 0640, .size_bytes = 7, .modified_ns = -5}};
  Change link{"b", {.kind = Kind::kFolder, .mode = 0755}, {.kind = Kind::kLink, .target = "\xff/x"}};
  const std::string text = write_changes({"commit", {change, link}});
  const auto read = read_changes(text);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(write_changes(*read), text);
  EXPECT_EQ(read->changes[1].after.target, "\xff/x");
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FALSE(read_changes(text.substr(0, i)).has_value()) << i;
    std::string other = text;
    other[i] ^= 1;
    EXPECT_FALSE(read_changes(other).has_value()) << i;
  }
  for (const char* path : {"../x", "/x", "a//b", "a/./b"}) {
    EXPECT_FALSE(read_changes(write_changes({"commit", {{path, {}, change.after}}})).has_value()) << path;
  }
  EXPECT_FALSE(read_changes(write_changes({"commit", {link, change}})).has_value()) << "not in order";
}

Snapshot links(std::initializer_list<std::pair<const char*, const char*>> all) {
  Snapshot snapshot;
  for (const auto& [path, target] : all) {
    Entry entry;
    entry.kind = Kind::kLink;
    entry.target = target;
    snapshot[path] = entry;
  }
  return snapshot;
}

bool leaves(std::initializer_list<std::pair<const char*, const char*>> all, const char* path) {
  return leads_out(links(all), path, [](const std::string&) { return true; });
}

TEST(Reach, a_link_leads_out_when_it_is_absolute_or_climbs_too_far) {
  EXPECT_FALSE(leaves({{"a/b/link", "../../c"}}, "a/b/link"));
  EXPECT_TRUE(leaves({{"a/b/link", "../../../c"}}, "a/b/link"));
  EXPECT_TRUE(leaves({{"link", ".."}}, "link"));
  EXPECT_TRUE(leaves({{"a/link", "x/../../../y"}}, "a/link"));
  EXPECT_FALSE(leaves({{"link", "./a//b/../c"}}, "link"));
  EXPECT_TRUE(leaves({{"link", "/etc/passwd"}}, "link"));
}

TEST(Reach, links_that_lead_out_together_lead_out) {
  EXPECT_TRUE(leaves({{"a/b/c/up", "../../.."}, {"notes", "a/b/c/up/../.ssh/keys"}}, "notes"));
  EXPECT_FALSE(leaves({{"a/b/c/up", "../../.."}, {"notes", "a/b/c/up/x"}}, "a/b/c/up"));
  EXPECT_TRUE(leaves({{"vendor", "/opt/vendor"}, {"x", "vendor/lib"}}, "x"));
  EXPECT_TRUE(leaves({{"one", "two"}, {"two", "one"}}, "one"));
}

TEST(Reach, long_ways_of_many_links_are_bounded_and_count_as_out) {
  Snapshot after;
  for (int i = 0; i < 2'000; ++i) {
    Entry link;
    link.kind = Kind::kLink;
    link.target = "x" + std::to_string(i);
    for (int k = 0; k < 600; ++k) link.target += k % 3 == 0 ? "/a" : "/b";
    after["l" + std::to_string(i)] = link;
  }
  const std::vector<Change> changes = difference({}, after);
  for (const std::string& why : reach_of({}, after, changes)) EXPECT_NE(why, "");
}

TEST(Reach, who_makes_an_old_link_lead_out_is_held_for_it) {
  const Snapshot before = links({{"p/old", "d/../../y"}});
  Snapshot after = links({{"p/old", "d/../../y"}, {"p/d", "../q"}});
  const auto why = reach_of(before, after, difference(before, after));
  ASSERT_EQ(why.size(), 1U);
  EXPECT_NE(why[0], "");
  // A link of the operator's that led out before is nobody's change.
  const Snapshot out = links({{"x", "/opt"}});
  EXPECT_EQ(reach_of(out, out, {}), std::vector<std::string>{});
}

TEST(Reach, a_program_that_runs_as_its_owner_is_held_also_when_it_ran_so_before) {
  Entry before;
  before.kind = Kind::kFile;
  before.mode = 04755;
  Entry after = before;
  after.size_bytes = 7;
  const std::vector<Change> changes = {{"helper", before, after}};
  EXPECT_EQ(reach_of({{"helper", before}}, {{"helper", after}}, changes)[0], "a program that runs as its owner");
}

}  // namespace
}  // namespace agentos::workspace
