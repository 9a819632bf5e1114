// The grammar of the verbs of secrets. No option takes a value: words of a command line are seen by everybody.
#include <tuple>

#include "apps/agentos/cli_words.h"

namespace agentos::cli {

void add_secrets(CLI::App& program, Words& words) {
  SecretOptions& options = words.secret;
  using Verb = Result<int> (*)(const Globals&, const SecretOptions&);
  CLI::App* secret = add_verb(program, words, "secret",
                              "Keep secrets that the egress proxy puts into requests, unseen by agents", "", nullptr);
  secret->require_subcommand(1);
  const auto add = [&](const char* name, const char* summary, const char* examples, Verb verb) {
    CLI::App* added =
        add_verb(*secret, words, name, summary, examples, [&words, verb] { return verb(words.globals, words.secret); });
    if (verb != verb_secret_ls) added->add_option("name", options.name, "Its name, as policy knows it")->required();
    return added;
  };
  CLI::App* added = add("add", "Name a secret and where it is used",
                        "  agentos secret add openai --to https://api.openai.com      asks for the value, unseen\n"
                        "  pass show search | agentos secret add search --to https://search.example.com --query key\n"
                        "  agentos secret add github --credential github-token --to https://git.example.com\n"
                        "      --basic x-access-token\n"
                        "  agentos secret add weather --env WEATHER_KEY      of the kernel's environment\n\n"
                        "Inside a sandbox with a network http://NAME.internal/ is then the URL, with the secret put\n"
                        "in, where policy allows secret_use. The value is never given as a word of the command.",
                        verb_secret_add);
  CLI::Option* file =
      added->add_option("--file", options.file, "It is the content of this file, which only you can read");
  CLI::Option* credential = added->add_option("--credential", options.credential, "A credential of systemd's");
  CLI::Option* keyring = added->add_option("--keyring", options.keyring, "A user key of keyrings(7), by description");
  CLI::Option* environment = added->add_option("--env", options.environment, "A variable of the kernel's environment");
  file->excludes(credential)->excludes(keyring)->excludes(environment);
  credential->excludes(keyring)->excludes(environment);
  keyring->excludes(environment);
  CLI::Option* to = added->add_option("--to", options.to, "https://HOST or http://HOST:PORT that gets it");
  added->add_option("--route", options.route, "Host name of that inside; default: NAME.internal")->needs(to);
  CLI::Option* header =
      added->add_option("--header", options.header, "It stands in this header; default: Authorization")->needs(to);
  added->add_option("--prefix", options.prefix, "Before it in the header; default: \"Bearer \" in Authorization")
      ->needs(to);
  CLI::Option* query = added->add_option("--query", options.query, "It stands in this parameter instead")->needs(to);
  CLI::Option* basic =
      added->add_option("--basic", options.basic, "It is the password of this user instead (HTTP Basic)")->needs(to);
  header->excludes(query)->excludes(basic);
  query->excludes(basic);
  added->add_flag("--replace", options.replace, "Replace the secret of that name, and its routes");
  add("ls", "List secrets, where they come from and where they go", "  agentos secret ls --format json",
      verb_secret_ls);
  add("rm", "Forget a secret and its routes", "  agentos secret rm openai", verb_secret_rm);
  add("show-source", "Say where a secret comes from, never what it is", "  agentos secret show-source openai",
      verb_secret_show_source);
}

}  // namespace agentos::cli
