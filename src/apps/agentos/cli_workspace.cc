// The grammar of the verbs of workspaces.
#include <tuple>

#include "apps/agentos/cli_words.h"

namespace agentos::cli {

void add_workspaces(CLI::App& program, Words& words) {
  WorkspaceOptions& options = words.workspace;
  using Verb = Result<int> (*)(const Globals&, const WorkspaceOptions&);
  const auto add = [&](CLI::App& parent, const char* name, const char* summary, const char* examples, Verb verb) {
    CLI::App* added = add_verb(parent, words, name, summary, examples,
                               [&words, verb] { return verb(words.globals, words.workspace); });
    if (verb != verb_workspace_ls) {
      added->add_option("workspace", options.name, "Its name; may be left out when there is one");
    }
    return added;
  };
  CLI::App* diff = add(program, "diff", "Show what an agent changed in its workspace",
                       "  agentos run --workspace . -- ./agent\n"
                       "  agentos diff\n"
                       "  agentos diff project --format json",
                       verb_diff);
  diff->add_flag("--original", options.original, "What somebody else changed in the original meanwhile");
  diff->add_flag("--names", options.names_only, "Only which files, not their lines");
  CLI::App* commit =
      add(program, "commit", "Take an agent's changes into the original folder",
          "  agentos diff project && agentos commit project\n"
          "  agentos commit project --allow-protected .github/workflows/test.yml\n\n"
          "All or nothing, also when the machine stops in the middle. Refused when the original changed\n"
          "since the copy was made.",
          verb_commit);
  commit
      ->add_option("--allow-protected", options.allow_protected,
                   "A hook, startup file, configuration or link out of the folder you looked at (may be repeated)")
      ->expected(1)
      ->take_all();
  add(program, "rollback", "Take the last commit of a workspace back",
      "  agentos rollback project\n\nRefused when the folder changed since the commit.", verb_rollback);
  add(program, "discard", "Remove a workspace; the original stays as it is", "  agentos discard project", verb_discard);
  CLI::App* workspace =
      add_verb(program, words, "workspace", "List workspaces and mend interrupted commits", "", nullptr);
  workspace->require_subcommand(1);
  add(*workspace, "ls", "List workspaces", "  agentos workspace ls --format json", verb_workspace_ls);
  add(*workspace, "recover", "Complete a commit that was interrupted (every verb does)",
      "  agentos workspace recover project", verb_workspace_recover);
}

}  // namespace agentos::cli
