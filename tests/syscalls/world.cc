// The two ways: a session of the kernel in this process, and JSON-RPC lines over a socket the door serves.
#include "tests/syscalls/world.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>

#include "abi/rpc.h"
#include "base/io/socket.h"
#include "lib/recorder/reader.h"

namespace agentos::test {
namespace {

constexpr int kReplyTimeoutMs = 30'000;

class SessionCaller final : public Caller {
 public:
  explicit SessionCaller(std::shared_ptr<abi::Session> session) : session_(std::move(session)) {
    session_->on_notification([inbox = inbox_](abi::Notification notification) {
      json::Object one;
      one["method"] = notification.method;
      one["params"] = *json::parse(notification.params);
      std::lock_guard lock(inbox->mutex);
      inbox->messages.emplace_back(std::move(one));
      inbox->arrived.notify_all();
    });
  }

  Result<json::Value> call(std::string_view name, json::Object params) override {
    const abi::Row* row = abi::find_row(name);
    if (row == nullptr) return finish_call(start_call(name, std::move(params)));
    auto request = row->request.make();
    if (Status status = row->request.decode(json::Value(params), request.get()); !status) {
      return finish_call(start_call(name, std::move(params)));  // let the dispatcher refuse it
    }
    auto reply = row->reply.make();
    std::vector<io::Fd> descriptors;
    TRY(session_->call(row->call, request.get(), reply.get(), &descriptors));
    descriptors_ = std::move(descriptors);
    std::string text;
    row->reply.encode(reply.get(), text);
    return json::parse(text, {.bytes_max = 8 << 20});
  }

  std::uint64_t start_call(std::string_view name, json::Object params) override {
    const std::uint64_t token = ++token_;
    session_->submit(token, std::string(name), json::Value(std::move(params)), {},
                     [inbox = inbox_, token](abi::CallOutput output) {
                       std::lock_guard lock(inbox->mutex);
                       inbox->outputs.emplace(token, std::move(output));
                       inbox->arrived.notify_all();
                     });
    return token;
  }

  Result<json::Value> finish_call(std::uint64_t started) override {
    std::unique_lock lock(inbox_->mutex);
    const bool came = inbox_->arrived.wait_for(lock, std::chrono::milliseconds(kReplyTimeoutMs),
                                               [&] { return inbox_->outputs.contains(started); });
    if (!came) return fail(ErrorCode::kTimedOut, "the test waited too long for a reply");
    abi::CallOutput output = std::move(inbox_->outputs.at(started));
    inbox_->outputs.erase(started);
    lock.unlock();
    if (!output.status) return std::unexpected(output.status.error());
    descriptors_ = std::move(output.descriptors);
    return json::parse(output.reply_json, {.bytes_max = 8 << 20});
  }

  std::vector<io::Fd> take_descriptors() override { return std::move(descriptors_); }
  std::string id() const override { return session_->agent(); }

  std::vector<json::Value> notifications(std::size_t count, int timeout_ms) override {
    std::unique_lock lock(inbox_->mutex);
    inbox_->arrived.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                             [&] { return inbox_->messages.size() >= count; });
    return inbox_->messages;
  }

 private:
  struct Inbox {
    std::mutex mutex;
    std::condition_variable arrived;
    std::vector<json::Value> messages;
    std::map<std::uint64_t, abi::CallOutput> outputs;
  };
  std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
  std::shared_ptr<abi::Session> session_;
  std::vector<io::Fd> descriptors_;
  std::uint64_t token_ = 0;
};

class SocketCaller final : public Caller {
 public:
  SocketCaller(io::Fd socket, std::string id) : socket_(std::move(socket)), id_(std::move(id)) {}

  Result<json::Value> call(std::string_view name, json::Object params = {}) override {
    return finish_call(start_call(name, std::move(params)));
  }

  std::uint64_t start_call(std::string_view name, json::Object params) override {
    const std::uint64_t token = ++token_;
    std::string line;
    abi::rpc::write_request(line, static_cast<std::int64_t>(token), name, json::write(json::Value(std::move(params))));
    for (std::size_t sent = 0; sent < line.size();) {
      const ssize_t n = send(socket_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return token;
  }

  Result<json::Value> finish_call(std::uint64_t started) override {
    while (!replies_.contains(started)) {
      if (!read_more(kReplyTimeoutMs)) return fail(ErrorCode::kClosed, "the connection closed before the reply");
    }
    abi::rpc::Message message = std::move(replies_.at(started));
    replies_.erase(started);
    if (message.is_error) return std::unexpected(abi::rpc::error_of(message.error));
    return std::move(message.result);
  }

  std::vector<io::Fd> take_descriptors() override { return std::move(descriptors_); }
  std::string id() const override { return id_; }

  std::vector<json::Value> notifications(std::size_t count, int timeout_ms) override {
    while (messages_.size() < count && read_more(timeout_ms)) {
    }
    return messages_;
  }

 private:
  bool read_more(int timeout_ms) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (poll(&waiting, 1, timeout_ms) <= 0) return false;
    char chunk[64 * 1024];
    iovec part{chunk, sizeof chunk};
    alignas(cmsghdr) char control[CMSG_SPACE(8 * sizeof(int))];
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    const ssize_t got = recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
    if (got <= 0) return false;
    for (cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr; one = CMSG_NXTHDR(&header, one)) {
      if (one->cmsg_type != SCM_RIGHTS) continue;
      const auto* numbers = reinterpret_cast<const int*>(CMSG_DATA(one));
      for (std::size_t i = 0; i < (one->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i)
        descriptors_.emplace_back(numbers[i]);
    }
    buffer_.append(chunk, static_cast<std::size_t>(got));
    for (std::size_t end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n')) {
      take_line(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
    }
    return true;
  }

  void take_line(const std::string& line) {
    auto message = json::parse(line, {.bytes_max = 8 << 20});
    if (!message) {
      ADD_FAILURE() << "the kernel sent a line that is not JSON: " << message.error().message << ": "
                    << line.substr(0, 200);
      return;
    }
    if (message->find("method") != nullptr) {
      json::Object one;
      one["method"] = *message->find("method");
      one["params"] = *message->find("params");
      messages_.emplace_back(std::move(one));
      return;
    }
    abi::rpc::Message reply;
    reply.is_error = message->find("error") != nullptr;
    if (reply.is_error) reply.error = *message->find("error");
    if (const json::Value* result = message->find("result")) reply.result = *result;
    replies_.emplace(static_cast<std::uint64_t>(message->int_or("id", 0)), std::move(reply));
  }

  io::Fd socket_;
  std::string id_, buffer_;
  std::map<std::uint64_t, abi::rpc::Message> replies_;
  std::vector<json::Value> messages_;
  std::vector<io::Fd> descriptors_;
  std::uint64_t token_ = 0;
};

}  // namespace

json::Value Caller::must(std::string_view name, json::Object params) {
  auto reply = call(name, std::move(params));
  EXPECT_TRUE(reply.has_value()) << name << ": " << (reply ? "" : reply.error().message);
  return reply ? std::move(*reply) : json::Value(json::Object{});
}

int Caller::code(std::string_view name, json::Object params) {
  auto reply = call(name, std::move(params));
  return reply ? 0 : static_cast<int>(reply.error().code);
}

World::World(Way way, WorldOptions options) : way_(way) {
  char name[] = "/tmp/agentos-test-XXXXXX";
  folder_ = mkdtemp(name);
  socket_ = folder_ + "/kernel.sock";
  kernel::KernelOptions kernel_options = std::move(options.kernel);
  if (kernel_options.state_directory.empty()) kernel_options.state_directory = folder_ + "/state";
  state_directory_ = kernel_options.state_directory;
  kernel_options.socket = socket_;
  std::filesystem::create_directories(kernel_options.state_directory);
  std::filesystem::create_directories(folder_ + "/work");  // an agent may read where it starts
  kernel_options.recorder.segment_bytes = 4 << 20;
  const char* init = std::getenv("AGENTOS_INIT");
  const std::string init_path =
      init != nullptr ? init
                      : (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "agentos-init").string();
  if (options.with_launcher && std::filesystem::exists(init_path)) {
    auto launcher = sandbox::make_launcher(init_path);
    EXPECT_TRUE(launcher.has_value()) << (launcher ? "" : launcher.error().message);
    if (launcher) launcher_ = std::move(*launcher);
  }
  kernel_options.launcher = launcher_.get();
  if (kernel_options.grace_ms == 5'000) kernel_options.grace_ms = 300;
  auto kernel = kernel::Kernel::open(std::move(kernel_options));
  if (!kernel) {
    ADD_FAILURE() << "the kernel did not open: " << kernel.error().message;
    std::abort();
  }
  kernel_ = std::move(*kernel);
  auto door = unix_door::UnixDoor::open({.socket = socket_}, *kernel_);
  EXPECT_TRUE(door.has_value()) << (door ? "" : door.error().message);
  if (door) door_ = std::move(*door);
}

World::~World() {
  close();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void World::close() {
  operator_.reset();
  if (kernel_ != nullptr) kernel_->shutdown("the test is over");
  door_.reset();
  kernel_.reset();
  launcher_.reset();
}

std::unique_ptr<Caller> World::over(io::Fd socket) {
  return std::make_unique<SocketCaller>(std::move(socket), std::string());
}

std::unique_ptr<Caller> World::agent(std::string name, std::string_view policy, std::optional<abi::Rights> rights,
                                     abi::Budget budget) {
  kernel::AgentOptions options;
  options.name = std::move(name);
  options.rights = rights;
  options.budget = budget;
  if (!policy.empty()) options.policy.push_back({std::string(policy), "test.yaml"});
  auto session = kernel_->create_agent(std::move(options));
  if (!session) {
    ADD_FAILURE() << "no agent: " << session.error().message;
    return nullptr;
  }
  if (way_ == Way::kInProcess) return std::make_unique<SessionCaller>(std::move(*session));
  auto pair = io::socket_pair();
  EXPECT_TRUE(pair.has_value());
  std::string id = (*session)->agent();
  EXPECT_TRUE(door_->adopt(std::move(pair->first), std::move(*session)).has_value());
  return std::make_unique<SocketCaller>(std::move(pair->second), std::move(id));
}

std::unique_ptr<Caller> World::operator_caller() {
  if (way_ == Way::kInProcess) return std::make_unique<SessionCaller>(kernel_->local_operator());
  auto socket = io::connect_unix(socket_);
  if (!socket) {
    ADD_FAILURE() << socket.error().message;
    return nullptr;
  }
  return over(std::move(*socket));
}

json::Value World::spawn(std::vector<std::string> command, std::string_view policy, json::Object extra) {
  if (operator_ == nullptr) operator_ = operator_caller();
  json::Object params = std::move(extra);
  json::Array words;
  for (std::string& word : command) words.emplace_back(std::move(word));
  params["command"] = std::move(words);
  if (params.find("working_directory") == nullptr) params["working_directory"] = folder_ + "/work";
  json::Object environment;
  environment["PATH"] = "/usr/bin:/bin";
  if (params.find("environment") == nullptr) params["environment"] = std::move(environment);
  if (!policy.empty()) {
    json::Object document;
    document["file"] = "test.yaml";
    document["text"] = policy;
    json::Array documents;
    documents.emplace_back(std::move(document));
    params["policy"] = std::move(documents);
  }
  return operator_->must("spawn", std::move(params));
}

std::vector<json::Value> World::log() {
  std::vector<json::Value> leaves;
  if (kernel_ != nullptr) {
    auto session = kernel_->local_operator();
    (void)session->call(abi::MetricsRequest{});  // its outcome is after everything before it
    usleep(30'000);                              // longer than a group commit waits
  }
  Status read = recorder::read_log(state_directory_ + "/log", {}, [&](const recorder::StoredEntry& entry) {
    auto leaf = json::parse(entry.leaf);
    EXPECT_TRUE(leaf.has_value());
    if (leaf) leaves.push_back(std::move(*leaf));
    return true;
  });
  EXPECT_TRUE(read.has_value()) << (read ? "" : read.error().message);
  return leaves;
}

}  // namespace agentos::test
