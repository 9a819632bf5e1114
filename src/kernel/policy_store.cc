// Compilation with sharing: agents with the same documents share one program.
#include "kernel/policy_store.h"

#include "abi/table.h"
#include "base/crypto/hash.h"

namespace agentos::kernel {

PolicyStore::PolicyStore(Start start) : start_(start), documents_(std::make_shared<std::vector<policy::Source>>()) {
  for (const abi::Row& row : abi::rows()) vocabulary_.calls.push_back({row.number, row.name});
}

Result<std::shared_ptr<const policy::Program>> PolicyStore::compile(const std::vector<policy::Source>& kernel_documents,
                                                                    const Sources& own, std::uint64_t epoch) {
  if (start_ == Start::kPermissive) return policy::Program::permissive(epoch);
  std::vector<policy::Source> all = kernel_documents;
  if (own != nullptr) all.insert(all.end(), own->begin(), own->end());
  if (all.empty()) return policy::Program::none(vocabulary_, epoch);
  return policy::Program::compile(all, vocabulary_, epoch);
}

Status PolicyStore::load(std::vector<policy::Source> documents) {
  std::uint64_t next = 0;
  {
    std::lock_guard lock(mutex_);
    next = epoch_ + 1;
  }
  TRY(compile(documents, nullptr, next));
  std::lock_guard lock(mutex_);
  documents_ = std::make_shared<std::vector<policy::Source>>(std::move(documents));
  epoch_ = next;
  programs_.clear();
  return {};
}

Result<std::shared_ptr<const policy::Program>> PolicyStore::program_for(const Sources& own) {
  std::lock_guard lock(mutex_);
  crypto::Sha256 hash;
  for (const Sources& set : {documents_, own}) {
    if (set == nullptr) continue;
    for (const policy::Source& source : *set) {
      hash.update(source.file + "\n" + std::to_string(source.text.size()) + "\n");
      hash.update(source.text);
    }
  }
  const std::string key = crypto::hex(hash.finish());
  std::weak_ptr<const policy::Program>& slot = programs_[key];
  if (auto program = slot.lock()) return program;
  auto program = TRY(compile(*documents_, own, epoch_));
  slot = program;
  return program;
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
