// One MCP client and the servers it may use: its tools as they may be offered now, its servers' processes, and what
// goes from one side to the other. Decides nothing by policy: calls and requests come here after they were decided.
//
// What a server offers is compared with its pin before any of it is offered on. Thread-safe; no lock of it is held
// while others are called.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "abi/calls_mcp.h"
#include "abi/mcp_api.h"
#include "lib/mcp/pin.h"
#include "lib/sandbox/launcher.h"
#include "lib/tool/executors/mcp/mcp_server.h"
#include "lib/tool/registry.h"

namespace agentos::kernel {

class Monitor;
struct Agent;

class McpLink final : public abi::McpBackend, public std::enable_shared_from_this<McpLink> {
 public:
  enum class Drift : std::uint8_t { kWarn, kBlock, kAsk };

  McpLink(Monitor& monitor, std::weak_ptr<Agent> client, Drift drift);
  ~McpLink() override;

  // A further server, started. `errors` becomes its standard error.
  Status add(const abi::McpServerSpec& spec, const sandbox::Profile& profile,
             const std::vector<std::pair<std::string, std::string>>& variables, const io::Fd& errors);
  enum class Names : std::uint8_t { kPlain, kPrefixed };  // prefixed: "<server>__<tool>"
  void set_names(Names names) { names_ = names; }
  // The client's interface may answer approvals of its own calls, in the name of who opened it.
  void trust_ui(std::uint32_t operator_uid) { ui_uid_ = operator_uid; }
  void stop();  // for good; the client has ended

  std::shared_ptr<const tool::Registry> tools() const;
  std::shared_ptr<tool::McpServer> find(const std::string& server) const;  // null: no such server
  std::function<void(const json::Value&)> progress_of(const std::string& server, std::uint64_t token);
  void waits_for_approval(std::uint64_t token, const std::string& approval, std::int64_t expires_us);
  // A request of a server that was decided: to the client.
  std::uint64_t next_question();
  void ask_client(const std::string& server, const std::string& method, json::Value params,
                  std::function<void(Result<json::Value>)> done, std::uint64_t question);
  void withdraw(std::uint64_t question);

  // For operators.
  std::vector<abi::McpServerEntry> entries() const;
  std::optional<mcp::Pin> offered(const std::string& pin_name) const;  // what a server of that pin offers now
  void decide_pins_anew();                                             // pins on disk have changed

  // mcp_drift.cc: unless drift is only told, what differs from its pin goes neither to the server nor to the client.
  Status passes(const std::string& server, std::string_view method, const json::Value& params) const;
  void keep_accepted(const std::string& server, std::string_view method, json::Value& result) const;

  void set_peer(std::weak_ptr<abi::McpPeer> peer) override;
  std::vector<abi::McpServerView> servers() const override;
  void greet(const json::Value& info, const json::Value& capabilities) override;
  void ask(const std::string& server, const std::string& method, json::Value params,
           std::function<void(Result<json::Value>)> done) override;
  void notify(const std::string& method, const json::Value& params) override;
  bool is_trusted_ui() const override { return ui_uid_.has_value(); }
  void answer_approval(const std::string& approval, bool granted) override;

 private:
  struct Server {
    std::string name;
    std::string command_digest;
    sandbox::LaunchRequest launch;  // without descriptors: each start makes its own
    io::Fd errors;
    std::shared_ptr<tool::McpServer> server;
    std::shared_ptr<Agent> process;
    std::optional<mcp::Pin> pinned;
    std::optional<mcp::Pin> now;
    std::vector<mcp::Difference> differences;
    bool offered = false;      // what it may offer is in tools_, as `now` or `pinned` has it
    std::string refusal;       // why nothing of it is offered; empty: some is
    std::string asked_digest;  // an operator was asked about this
    std::string approval;      // and has not answered yet
  };
  Result<std::shared_ptr<tool::McpProcess>> start_process(const std::string& server, tool::McpPipes pipes,
                                                          std::function<void(std::string)> ended);
  void catalog_of(const std::string& server, const tool::McpCatalog& catalog);
  tool::McpServer::Events events_of(const std::string& server);
  void offer();  // the registry anew, from what the servers may offer now
  // `key`: what the server can take it back by; empty: it cannot.
  void server_asks(const std::string& server, std::string method, json::Value params, std::string key,
                   std::function<void(abi::CallOutput)> done);
  void server_withdraws(const std::string& key);
  struct Condition {
    tool::McpServer::State state;
    std::string trouble;
  };
  std::map<std::string, Condition, std::less<>> conditions() const;
  bool is_blocked_locked(const Server& server) const;  // the whole server: another command, another name
  bool is_blocked(const std::string& server) const;
  static Status passes_listening(const Server& server, const json::Value& params);
  void ask_about_drift(const std::string& server);
  void withdraw_questions();
  void stop_servers();
  std::string offered_name(const Server& server, std::string_view tool) const;
  std::shared_ptr<abi::McpPeer> peer() const;
  // What a server tells beside its results, as rules about results let it pass; nothing: not at all.
  std::optional<json::Value> as_rules_let(const std::string& server, std::string_view method, json::Value params) const;

  Monitor& monitor_;
  const std::weak_ptr<Agent> client_;
  const Drift drift_;
  Names names_ = Names::kPlain;
  std::optional<std::uint32_t> ui_uid_;  // set before the first call

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Server>, std::less<>> servers_;
  static constexpr std::size_t kAwaitedMax = 256;
  std::multimap<std::string, std::string> awaited_;  // progress tokens of what servers ask the client, and whose
  std::shared_ptr<const tool::Registry> tools_;
  std::weak_ptr<abi::McpPeer> peer_;
  std::uint64_t next_question_ = 1;
  std::map<std::string, std::weak_ptr<abi::Session>> asked_;  // by server and id: the session of its call
};

// An operator accepts what a server offers now as its pin. `digest`, when given, must be that of what is offered.
Status accept_offer(Monitor& monitor, const std::string& server, const std::string& digest,
                    std::optional<std::uint32_t> operator_uid);

}  // namespace agentos::kernel
