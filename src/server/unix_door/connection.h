// Connection: one client's side of the wire, without its socket. Octets in, calls of a Session out, reply lines back.
//
// Calls start in arrival order; replies leave in the order they come, matched by id. At most rpc::kInFlightMax are
// under way and kDescriptorsMax descriptors come with one. A client that does not read its replies is not read from
// beyond kOutboxPauseBytes or kOutboxPauseAttachments and lost beyond kOutboxBytesMax. Everything runs on the serving
// thread; what the kernel reports from other threads is brought there by Surroundings. An agent's
// connection whose first request is of another protocol is spoken with by that one's Speaker from then on.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "abi/kernel_api.h"
#include "abi/rpc.h"
#include "abi/speaker.h"
#include "server/unix_door/line_splitter.h"
#include "server/unix_door/outbox.h"

namespace agentos::unix_door {

inline constexpr std::size_t kDescriptorsMax = 8;              // with one request
inline constexpr std::chrono::milliseconds kTurn{1};           // then others are looked at; what is left is kept back
inline constexpr std::size_t kOutboxPauseBytes = 1024 * 1024;  // waiting replies beyond which no request is read
inline constexpr std::size_t kOutboxPauseAttachments = 8;      // replies with descriptors, the same
inline constexpr std::size_t kOutboxBytesMax = 8 * 1024 * 1024;

// What a connection needs of the thread that serves it. Outlives every connection and every call under way.
class Surroundings {
 public:
  virtual ~Surroundings() = default;
  virtual bool on_serving_thread() const = 0;                        // from any thread
  virtual void run_there(std::move_only_function<void()> task) = 0;  // from any thread; in order; may drop at the end
  virtual void touched(std::uint64_t connection) = 0;                // serving thread: look at it after this batch
};

class Connection : public std::enable_shared_from_this<Connection>, private abi::SpokenLine {
 public:
  Connection(std::uint64_t number, std::shared_ptr<Surroundings> surroundings, std::shared_ptr<abi::Session> session,
             const abi::SpeakerMaker* speakers = nullptr);  // which outlive the connection
  ~Connection() override;
  // Subscribes to what the session reports; once, before the first receive().
  void start();

  // Octets that arrived together, and the descriptors that came with the last of them. `descriptors_lost`: more came
  // than could be taken.
  enum class Arrived : std::uint8_t { kWhole, kDescriptorsLost };
  void receive(std::string_view chunk, std::vector<io::Fd> descriptors = {}, Arrived arrived = Arrived::kWhole);
  // The client will send nothing more; what it asked is still answered.
  void end_of_input();
  // The kernel ends it: what is under way is answered, nothing more is read.
  void end();
  // Goes on with lines kept back while the client did not read.
  void resume() { process(); }
  // Ends it now: the session is let go, calls under way are forgotten.
  void close();

  Outbox& outbox() { return outbox_; }
  bool wants_input() const { return !input_ended_ && !closing_ && !broken_ && !held_back_ && !outbox_full(); }
  bool has_kept_lines() const { return !closing_ && !broken_ && !outbox_full() && held_back_; }
  // Nothing is left to do for it.
  bool finished() const;
  // The kernel ended it; what is left is to flush.
  bool closing() const { return closing_; }
  std::size_t in_flight() const { return in_flight_.size(); }

 private:
  struct InFlight {
    std::uint64_t token;
    abi::rpc::Id id;
    abi::CallDone done;  // the speaker's; empty: answered in the table's own words
  };
  struct Arrival {
    std::uint64_t at;  // place in the stream of the octet they came with
    std::vector<io::Fd> descriptors;
    Arrived arrived;
  };

  bool outbox_full() const {
    return outbox_.size() >= kOutboxPauseBytes || outbox_.attachments() >= kOutboxPauseAttachments;
  }
  void process();
  void handle_line(std::string_view line);
  void handle_request(abi::rpc::Message message, std::vector<io::Fd> descriptors);
  void handle_notification(const abi::rpc::Message& message);
  void start_call(abi::rpc::Id id, abi::CallDone done, std::string method, json::Value params,
                  std::vector<io::Fd> descriptors);
  void complete(std::uint64_t token, abi::CallOutput output);  // any thread
  void answer(std::uint64_t token, abi::CallOutput output);
  void answer_error(const abi::rpc::Id& id, const Error& error);
  void refuse(const abi::rpc::Id& id, const Error& error);  // answered and recorded
  bool take_descriptors(std::vector<io::Fd>& out);          // of the line at hand; false when too many came
  void wrote();
  void tell(const abi::Notification& notification);
  bool hand_over(const abi::rpc::Message& message,
                 std::string_view line);  // to a speaker, when it is of one's protocol

  std::string agent() const override { return session_->agent(); }
  bool submit(const abi::rpc::Id& request, std::string row, json::Value params, abi::CallDone done) override;
  bool is_under_way(const abi::rpc::Id& request) const override;
  void cancel(const abi::rpc::Id& request) override;
  void reject(const Error& error) override { session_->reject(error); }
  void write(std::string_view lines, std::vector<io::Fd> descriptors) override;

  const std::uint64_t number_;  // what Surroundings knows it by
  std::shared_ptr<Surroundings> surroundings_;
  std::shared_ptr<abi::Session> session_;
  LineSplitter lines_;
  Outbox outbox_;
  std::vector<InFlight> in_flight_;
  std::vector<Arrival> arrivals_;
  std::uint64_t next_token_ = 1;
  const abi::SpeakerMaker* const speakers_;
  std::unique_ptr<abi::Speaker> speaker_;  // null: the table's own words
  bool begun_ = false;                     // a line was read: which words are spoken is settled
  bool held_back_ = false;                 // lines wait in lines_ until the client reads, or for the next turn
  bool input_ended_ = false;
  bool truncated_told_ = false;
  bool closing_ = false;
  bool broken_ = false;
};

}  // namespace agentos::unix_door
