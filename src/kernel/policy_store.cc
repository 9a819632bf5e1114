// Compilation with sharing: agents with the same documents share one program and its meters.
#include "kernel/policy_store.h"

#include "base/crypto/hash.h"

namespace agentos::kernel {
namespace {

// Broader than any document that only tightens, so that those decide for no agent that no signed document is for.
constexpr std::string_view kSignedFloor =
    "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: signed-policy-only}\nspec:\n  scope: organization\n"
    "  rules: [{name: hello, syscalls: [hello, exit], action: allow}]\n";

std::string digest_of(const Sources& kernel_documents, const Sources& own) {
  crypto::Sha256 hash;
  for (const Sources& set : {kernel_documents, own}) {
    if (set == nullptr) continue;
    for (const policy::Source& source : *set) {
      hash.update(source.file + "\n" + std::to_string(source.text.size()) + "\n");
      hash.update(source.text);
    }
  }
  return crypto::hex(hash.finish());
}

}  // namespace

PolicyStore::PolicyStore(Start start, Tools tools)
    : start_(start),
      tools_(std::move(tools)),
      vocabulary_(policy::table_vocabulary()),
      documents_(std::make_shared<std::vector<policy::Source>>()) {}

Result<InForce> PolicyStore::compile(const std::vector<policy::Source>& kernel_documents, const Sources& own,
                                     std::uint64_t epoch, const policy::Meters* before) {
  auto made = std::make_shared<PolicyInForce>();
  std::vector<policy::Source> all = kernel_documents;
  const bool is_signed = start_ == Start::kSigned;
  if (is_signed && own != nullptr && !own->empty()) all.push_back({std::string(kSignedFloor), "(signed policy)"});
  for (std::size_t i = 0; own != nullptr && i < own->size(); ++i) {
    all.push_back((*own)[i]);
    all.back().only_tightens = is_signed;
  }
  if (start_ == Start::kPermissive) {
    made->program = policy::Program::permissive(epoch);
  } else if (all.empty()) {
    made->program = policy::Program::none(vocabulary_, epoch);
  } else {
    policy::Vocabulary vocabulary = vocabulary_;
    if (tools_) vocabulary.tools = tools_();
    made->program = TRY(policy::Program::compile(all, vocabulary, epoch));
  }
  if (!made->program->limits().empty()) made->meters = TRY(policy::Meters::make(made->program->limits(), before));
  if (!made->program->sequences().empty()) {
    made->sequences = TRY(histories_->load(made->program->sequences()));
    made->attempts = TRY(attempts_->load(made->program->sequences()));
  }
  return made;
}

Status PolicyStore::load(std::vector<policy::Source> documents, const std::vector<Sources>& own) {
  std::lock_guard lock(mutex_);
  const std::uint64_t next = epoch_ + 1;
  const policy::Meters* before = of_kernel_ == nullptr ? nullptr : of_kernel_->meters.get();
  const InForce of_kernel = TRY(compile(documents, nullptr, next, before));
  const auto loaded = std::make_shared<std::vector<policy::Source>>(std::move(documents));
  std::map<std::string, std::weak_ptr<const PolicyInForce>> in_force;
  std::vector<InForce> held;
  for (const Sources& set : own) {
    const std::string key = digest_of(loaded, set);
    if (in_force.contains(key)) continue;
    const auto old = in_force_.find(digest_of(documents_, set));
    const InForce previous = old == in_force_.end() ? nullptr : old->second.lock();
    const policy::Meters* own_before = previous == nullptr ? nullptr : previous->meters.get();
    held.push_back(TRY(compile(*loaded, set, next, own_before != nullptr ? own_before : of_kernel->meters.get())));
    in_force[key] = held.back();
  }
  documents_ = loaded;
  of_kernel_ = of_kernel;
  in_force_ = std::move(in_force);
  held_ = std::move(held);
  epoch_ = next;
  return {};
}

Result<InForce> PolicyStore::in_force_for(const Sources& own) {
  std::lock_guard lock(mutex_);
  if (of_kernel_ == nullptr) of_kernel_ = TRY(compile(*documents_, nullptr, epoch_, nullptr));
  if (own == nullptr || own->empty()) return of_kernel_;
  std::weak_ptr<const PolicyInForce>& slot = in_force_[digest_of(documents_, own)];
  if (auto known = slot.lock()) return known;
  auto made = TRY(compile(*documents_, own, epoch_, of_kernel_->meters.get()));
  slot = made;
  return made;
}

std::uint64_t PolicyStore::epoch() const {
  std::lock_guard lock(mutex_);
  return epoch_;
}

Sources PolicyStore::documents() const {
  std::lock_guard lock(mutex_);
  return documents_;
}

}  // namespace agentos::kernel
