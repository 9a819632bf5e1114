// Revisions are read anew each time: loads are rare, and the file is the truth.
#include "kernel/policy_bundles.h"

#include <algorithm>

#include <sys/stat.h>

#include "base/io/file.h"

namespace agentos::kernel {
namespace {

constexpr std::size_t kRevisionsBytesMax = 1 << 20;
constexpr std::size_t kBundleNamesMax = 4096;

bool is_builtin(const policy::Source& source) {
  const std::string_view text = policy::preset(source.file);
  return !text.empty() && text == source.text;
}

}  // namespace

PolicyBundles::PolicyBundles(std::vector<policy::TrustedKey> trusted, std::string file)
    : trusted_(std::move(trusted)), file_(std::move(file)) {}

Result<std::map<std::string, PolicyBundles::Revision>> PolicyBundles::revisions() const {
  std::map<std::string, Revision> known;
  struct stat status{};
  if (::stat(file_.c_str(), &status) != 0 && errno == ENOENT) return known;
  const std::string text = TRY(io::read_file(file_, kRevisionsBytesMax));
  const auto root = json::parse(text);
  const auto bad = [&] {
    return fail(ErrorCode::kCorrupt, file_ + " does not hold revisions of policies",
                "restore it; without it an older policy could be loaded again");
  };
  if (!root || !root->is_object()) return bad();
  for (const auto& [name, value] : root->as_object()) {
    const json::Value* revision = value.is_object() ? value.find("revision") : nullptr;
    if (revision == nullptr || !revision->is_int()) return bad();
    known[name] = {revision->as_int(), std::string(value.string_or("digest", ""))};
  }
  return known;
}

Status PolicyBundles::check_revision(const policy::Bundle& bundle) const {
  const auto known = TRY(revisions());
  const auto found = known.find(bundle.content.name);
  if (found == known.end()) return {};
  const auto& [revision, digest] = found->second;
  if (bundle.content.revision < revision) {
    return fail(ErrorCode::kNotPermitted,
                "revision " + std::to_string(bundle.content.revision) + " of policy " + bundle.content.name +
                    " is older than revision " + std::to_string(revision) + ", which was in force",
                "sign the older documents again with a higher revision");
  }
  if (bundle.content.revision == revision && bundle.digest != digest) {
    return fail(ErrorCode::kNotPermitted,
                "revision " + std::to_string(revision) + " of policy " + bundle.content.name +
                    " was in force with other documents",
                "give the changed documents a higher revision");
  }
  return {};
}

Result<PolicyBundles::Opened> PolicyBundles::open(std::vector<policy::Source> documents) const {
  Opened opened;
  for (policy::Source& document : documents) {
    if (policy::is_bundle(document.text)) {
      policy::Bundle bundle = TRY(policy::open_bundle(document.text, document.file, trusted_));
      TRY(check_revision(bundle));
      const bool twice =
          std::ranges::any_of(opened.bundles, [&](const Taken& one) { return one.name == bundle.content.name; });
      if (twice) return fail(ErrorCode::kInvalidArgument, "policy " + bundle.content.name + " is given twice");
      std::ranges::move(bundle.content.documents, std::back_inserter(opened.sources));
      opened.bundles.push_back({bundle.content.name, bundle.content.revision, bundle.digest, bundle.signed_by});
    } else if (trusted_.empty() || is_builtin(document)) {
      opened.sources.push_back(std::move(document));
    } else {
      return fail(ErrorCode::kNotPermitted, document.file + ": this kernel takes signed policy only",
                  "agentos policy sign makes a bundle of it");
    }
  }
  return opened;
}

Status PolicyBundles::keep(const std::vector<Taken>& bundles) {
  if (bundles.empty()) return {};
  auto known = TRY(revisions());
  for (const Taken& bundle : bundles) known[bundle.name] = {bundle.revision, bundle.digest};
  if (known.size() > kBundleNamesMax) return fail(ErrorCode::kNoSpace, "more than 4096 names of policies");
  json::Object root;
  for (const auto& [name, revision] : known) {
    root[name] = json::Object{{"revision", revision.revision}, {"digest", revision.digest}};
  }
  return io::write_file_atomic(file_, json::write(root) + "\n", 0600);
}

json::Value PolicyBundles::to_json(const std::vector<Taken>& bundles) {
  json::Array out;
  for (const Taken& bundle : bundles) {
    out.push_back(json::Object{{"name", bundle.name},
                               {"revision", bundle.revision},
                               {"digest", bundle.digest},
                               {"signed_by", bundle.signed_by}});
  }
  return out;
}

}  // namespace agentos::kernel
