// ask -> (resolve -> ask) -> dial -> (TLS) -> open; the grant is settled when this goes.
#include "apps/egress/outlet.h"

#include <utility>

#include "base/net/ip_address.h"

namespace agentos::egress {

std::string told(const ControlMessage& refused) {
  std::string out = "agentos refused this: " + refused.message + "\n";
  if (!refused.hint.empty()) out.append("to allow it: ").append(refused.hint).append("\n");
  return out;
}

Outlet::Outlet(const Surroundings& around, std::uint32_t channel, std::string process, Target target,
               std::function<void(const Trouble*)> opened, std::function<void()> changed)
    : around_(around),
      channel_(channel),
      process_(std::move(process)),
      target_(std::move(target)),
      opened_(std::move(opened)),
      changed_(std::move(changed)) {
  std::vector<std::string> addresses;
  if (net::scan_ip(target_.host)) addresses.push_back(target_.host);
  ask(std::move(addresses));
}

Outlet::~Outlet() {
  if (ask_ != 0) around_.kernel->forget(ask_);
  not_looked_up("the program went away before the connection was made");
  if (grant_ == nullptr) return;
  if (open_) {
    grant_->done(json::Object{{"address", address_}}, wire_->bytes());
  } else {
    grant_->failed("the program went away before the connection was made", 0);
  }
}

void Outlet::ask(std::vector<std::string> addresses) {
  json::Array list;
  for (std::string& address : addresses) list.emplace_back(std::move(address));
  json::Object params{{"host", target_.host}, {"port", std::int64_t{target_.port}}, {"process", process_}};
  if (!list.empty()) params["addresses"] = std::move(list);
  ask_ = around_.kernel->ask(
      channel_, "connect", std::move(params),
      [this](const ControlMessage& message, std::string_view) { verdict(message); }, std::exchange(looking_up_for_, 0));
}

// An approved call waits in the kernel for the addresses; it must hear that there are none.
void Outlet::not_looked_up(const std::string& why) {
  const std::uint64_t id = std::exchange(looking_up_for_, 0);
  if (id != 0) around_.kernel->send({.verb = Verb::kDone, .id = id, .message = why});
}

void Outlet::give_up(Trouble trouble) {
  dialing_.reset();
  const auto opened = std::exchange(opened_, nullptr);
  if (opened != nullptr) opened(&trouble);  // what happens after that is no news
}

void Outlet::be_open() {
  const auto opened = std::exchange(opened_, nullptr);
  if (opened == nullptr) return;  // it was given up
  open_ = true;
  opened(nullptr);
}

void Outlet::verdict(const ControlMessage& message) {
  switch (message.verb) {
    case Verb::kResolve:
      looking_up_for_ = std::exchange(ask_, 0);
      return around_.resolver.resolve(
          target_.host, [this, alive = std::weak_ptr<int>(alive_)](Result<std::vector<net::IpAddress>> addresses) {
            if (!alive.expired()) resolved(std::move(addresses));
          });
    case Verb::kRefused:
      ask_ = 0;
      return give_up({403, told(message)});
    case Verb::kCut:
      cut_ = true;
      if (open_) return changed_();
      return give_up({503, "agentos ended this connection\n"});
    case Verb::kAllowed:
      break;
    default:
      return;
  }
  const std::uint64_t id = std::exchange(ask_, 0);
  grant_ = std::make_unique<Grant>(around_.kernel, id);
  std::vector<Endpoint> places;
  for (const std::string& text : message.addresses) {
    if (const auto address = net::scan_ip(text)) places.push_back({*address, target_.port});
  }
  dialing_ = dial(around_.loop, around_.settings, std::move(places),
                  [this](Result<Dialed> result) { dialed(std::move(result)); });
}

void Outlet::resolved(Result<std::vector<net::IpAddress>> addresses) {
  if (!addresses) {
    not_looked_up(addresses.error().message);
    return give_up({502, "agentos: " + addresses.error().message + "\n"});
  }
  std::vector<std::string> texts;
  for (const net::IpAddress& address : *addresses) texts.emplace_back(address.unmapped().text().view());
  ask(std::move(texts));
}

void Outlet::dialed(Result<Dialed> result) {
  const auto keep = std::exchange(dialing_, nullptr);  // it is what calls this
  if (!result) {
    const bool late = result.error().code == ErrorCode::kTimedOut;
    if (late) {
      grant_->timed_out(result.error().message);
    } else {
      grant_->failed(result.error().message, 0);
    }
    return give_up({late ? 504 : 502, "agentos: " + result.error().message + "\n"});
  }
  address_ = std::move(result->address);
  wire_ = std::make_unique<Wire>(around_.loop, std::move(result->socket), [this] { wire_changed(); });
  if (target_.tls) {
    const Status secured = around_.tls != nullptr
                               ? wire_->secure(*around_.tls, target_.host)
                               : Status(fail(ErrorCode::kUnsupported, "this host has no trusted certificates"));
    if (!secured) {
      grant_->failed(secured.error().message, 0);
      return give_up({502, "agentos: " + secured.error().message + "\n"});
    }
    return;  // wire_changed() goes on
  }
  be_open();
}

void Outlet::wire_changed() {
  if (open_) return changed_();
  if (wire_->broken() || wire_->ended()) {
    const std::string why = wire_->trouble().empty() ? "the server closed the connection" : wire_->trouble();
    grant_->failed(why, wire_->bytes());
    return give_up({502, "agentos: " + target_.host + ": " + why + "\n"});
  }
  if (!wire_->securing()) be_open();
}

}  // namespace agentos::egress
