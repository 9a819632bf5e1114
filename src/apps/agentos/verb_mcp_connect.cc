// agentos mcp connect|import|doctor: clients' own configuration files, changed so that it can be seen before and
// undone.
#include <sys/stat.h>
#include <unistd.h>

#include "apps/agentos/client_config.h"
#include "apps/agentos/reach.h"
#include "apps/agentos/report.h"
#include "base/clock.h"
#include "base/io/file.h"
#include "client/place.h"
#include "lib/policy/policy.h"

namespace agentos::cli {
namespace {

Result<ConfigPlace> place_of(const McpConnectOptions& options) {
  const client::Environment environment = client::process_environment();
  const std::string home = environment("HOME");
  std::string config_home = environment("XDG_CONFIG_HOME");
  if (config_home.empty()) config_home = home + "/.config";
  ConfigPlace place = TRY(config_place(options.client, TRY(absolute_path(".")), home, config_home));
  if (!options.file.empty()) place.file = TRY(absolute_path(options.file));
  return place;
}

Result<json::Value> read_config(const ConfigPlace& place) {
  auto text = io::read_file(place.file, kClientConfigBytesMax);
  if (!text) return fail(text.error().code, text.error().message, "name the file with --file");
  auto value = json::parse(*text, {.bytes_max = kClientConfigBytesMax, .values_max = 1'000'000});
  if (!value) {
    return fail(ErrorCode::kMalformed, place.file + ": " + value.error().message,
                "it must be JSON without comments to be changed here");
  }
  if (!value->is_object()) return fail(ErrorCode::kMalformed, place.file + " holds no JSON object");
  return value;
}

std::string words_shown(const json::Value& entry) {
  std::string out = printable(entry.string_or("command", ""));
  const json::Value* args = entry.find("args");
  if (args == nullptr || !args->is_array()) return out;
  for (const json::Value& word : args->as_array()) {
    if (word.is_string()) out += " " + printable(word.as_string());
  }
  return out;
}

// Returns how many change.
std::size_t show(const Globals& globals, const std::string& file, const std::vector<ConfigChange>& changes) {
  std::size_t count = 0;
  json::Array listed;
  std::string text = printable(file) + "\n";
  for (const ConfigChange& change : changes) {
    json::Object one;
    one["server"] = change.server;
    one["changed"] = change.skipped.empty();
    if (!change.skipped.empty()) {
      one["why"] = change.skipped;
      text += "  " + printable(change.server) + ": " + change.skipped + "\n";
    } else {
      ++count;
      text += "  " + printable(change.server) + "\n- " + words_shown(change.before) + "\n+ " +
              words_shown(change.after) + "\n";
    }
    listed.emplace_back(std::move(one));
  }
  if (globals.format == Format::kJson) {
    print_json(json::Object{{"file", file}, {"servers", std::move(listed)}});
  } else {
    print(text);
  }
  return count;
}

Result<std::vector<std::string>> policy_options(const std::vector<std::string>& policies) {
  std::vector<std::string> out;
  for (const std::string& name : policies) {
    out.emplace_back("--policy");
    out.push_back(policy::preset(name).empty() ? TRY(absolute_path(name)) : name);
  }
  return out;
}

}  // namespace

Result<int> verb_mcp_connect(const Globals& globals, const McpConnectOptions& options) {
  const ConfigPlace place = TRY(place_of(options));
  json::Value config = TRY(read_config(place));
  std::vector<ConfigChange> changes;
  if (options.undo) {
    changes = unwrap_servers(config, place.key, options.servers);
  } else {
    changes =
        wrap_servers(config, place.key, {TRY(own_program()), TRY(policy_options(options.policies)), options.servers});
  }
  const std::size_t count = show(globals, place.file, changes);
  if (count == 0 || options.dry_run) return kExitOk;
  struct stat status{};
  if (::stat(place.file.c_str(), &status) != 0) return fail_errno(errno, "cannot look at " + place.file);
  const std::string kept = place.file + ".before-agentos-" + std::to_string(RealClock().wall_us() / 1'000'000);
  const mode_t mode = status.st_mode & 0777;
  TRY(io::write_file_atomic(kept, TRY(io::read_file(place.file, kClientConfigBytesMax)), mode));
  TRY(io::write_file_atomic(place.file, json::write_pretty(config) + "\n", mode));
  print_note("what it was is kept in " + kept + "; restart the client");
  return kExitOk;
}

Result<int> verb_mcp_import(const Globals&, const McpConnectOptions& options) {
  const ConfigPlace place = TRY(place_of(options));
  const json::Value config = TRY(read_config(place));
  json::Object out;
  out["mcpServers"] = plain_servers(config, place.key);
  const std::string text = json::write_pretty(json::Value(std::move(out))) + "\n";
  if (options.out.empty()) {
    print(text);
  } else {
    TRY(io::write_file_atomic(TRY(absolute_path(options.out)), text, 0600));  // env may hold tokens
  }
  return kExitOk;
}

Result<int> verb_mcp_doctor(const Globals& globals, const McpConnectOptions&) {
  Table table({{"CLIENT"}, {"SERVER"}, {"STATE"}, {"FILE", Align::kLeft, Fit::kFlexible}});
  json::Array listed;
  for (const std::string_view client : config_clients()) {
    McpConnectOptions options;
    options.client = client;
    const ConfigPlace place = TRY(place_of(options));
    if (::access(place.file.c_str(), F_OK) != 0) continue;
    const auto add = [&](const std::string& server, const std::string& state) {
      table.add({std::string(client), server, state, place.file});
      listed.emplace_back(
          json::Object{{"client", std::string(client)}, {"server", server}, {"state", state}, {"file", place.file}});
    };
    auto config = read_config(place);
    if (!config) {
      add("", config.error().message);
      continue;
    }
    for (const ConfigChange& change : unwrap_servers(*config, place.key, {})) {
      const bool wrapped = change.skipped.empty();
      add(change.server, wrapped ? "wrapped" : change.skipped);
    }
  }
  if (globals.format == Format::kJson) {
    print_json(std::move(listed));
  } else {
    print_table(table);
  }
  return kExitOk;
}

}  // namespace agentos::cli
