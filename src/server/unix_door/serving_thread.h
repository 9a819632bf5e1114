// The serving thread: one epoll loop that reads, writes, accepts and closes every connection of the door.
//
// A readable connection is read once (kReadBytes into a buffer all share), its requests are carried out, and their
// replies leave in one send before the next connection is looked at. Work from other threads comes through one queue.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "server/unix_door/connection.h"
#include "server/unix_door/unix_door.h"

namespace agentos::unix_door {

class ServingThread final : public Surroundings, public std::enable_shared_from_this<ServingThread> {
 public:
  static constexpr std::size_t kReadBytes = 64 * 1024;
  static constexpr int kEventsMax = 64;                        // taken from epoll at once
  static constexpr int kAcceptsMax = 64;                       // connections taken at once
  static constexpr std::chrono::milliseconds kServiceTime{2};  // or this long, whichever comes first
  static constexpr std::size_t kServicesMax = 256;  // looks at touched connections before epoll is asked again

  static Result<std::shared_ptr<ServingThread>> start(DoorOptions options, io::Fd listener, abi::KernelApi& kernel);
  ~ServingThread() override;

  void add_agent(io::Fd socket, std::shared_ptr<abi::Session> session);  // any thread
  void stop();                                                           // any thread but the serving one
  std::size_t connections() const { return connection_count_.load(std::memory_order_relaxed); }
  bool stopped() const { return stopping_.load(); }

  bool on_serving_thread() const override;
  void run_there(std::move_only_function<void()> task) override;
  void touched(std::uint64_t connection) override;

 private:
  enum class Role : std::uint8_t { kOperator, kAgent };
  struct Entry {
    io::Fd socket;
    std::shared_ptr<Connection> connection;
    Role role;
    std::uint32_t interest = 0;
    std::int64_t close_at_ms = 0;  // 0: no deadline
  };

  ServingThread(DoorOptions options, io::Fd listener, abi::KernelApi& kernel);
  Status prepare();
  void run();
  void handle(const epoll_event& event);
  void run_tasks();
  void serve_touched();
  void serve(std::uint64_t number);
  void read(std::uint64_t number, Entry& entry, std::uint32_t events);
  ssize_t read_once(Entry& entry);
  void accept_all();
  void accept_one(io::Fd socket);
  void pause_accepting();
  void add(io::Fd socket, std::shared_ptr<abi::Session> session, Role role);
  void drop(std::uint64_t number);
  void set_interest(std::uint64_t number, Entry& entry, std::uint32_t interest);
  void end_all();
  void check_deadlines();
  int wait_ms() const;

  const DoorOptions options_;
  io::Fd listener_;
  abi::KernelApi& kernel_;
  io::Fd epoll_;
  io::Fd wake_;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_{};
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> connection_count_{0};

  std::mutex mutex_;
  std::vector<std::move_only_function<void()>> tasks_;  // guarded by mutex_
  bool closed_ = false;                                 // guarded by mutex_: tasks are dropped

  // Of the serving thread.
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::vector<std::uint64_t> touched_;
  std::vector<std::uint64_t> serving_;  // of serve_touched(), kept for its capacity
  std::vector<char> buffer_;
  std::uint64_t next_number_;
  std::size_t operators_ = 0;
  std::size_t deadlines_ = 0;         // entries with close_at_ms
  std::int64_t accept_again_ms_ = 0;  // 0: accepting
  std::int64_t stop_at_ms_ = 0;       // 0: serving
};

}  // namespace agentos::unix_door
