// The canonical forms of the texts one decision asks about: each text is read once however many rules ask, and only
// when one does. A text without a form has an error, and whoever asked denies.
//
// One thread; kept by the thread between decisions, so that URLs, hosts, paths and shell texts allocate nothing once it
// is warm. SQL is read in another process (lib/canonical/parser_process.h) and allocates.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/canonical/file_path.h"
#include "lib/canonical/host.h"
#include "lib/canonical/shell.h"
#include "lib/canonical/sql_facts.h"
#include "lib/canonical/url.h"
#include "lib/policy/cel/value.h"
#include "lib/policy/glob.h"
#include "lib/policy/text_list.h"

namespace agentos::policy {

inline constexpr std::size_t kFormsMax = 64;           // texts of one form in one decision; further ones have none
inline constexpr std::size_t kPatternsKeptMax = 1024;  // compiled patterns a thread keeps

// What every form is: the text it was read from, and why it has no form, empty when it has. It lives at least as long
// as the decision, and so do views of it.
struct Form {
  std::string text, base;
  std::string error;
  bool ok() const { return error.empty(); }
};

struct UrlForm final : Form, cel::Record {
  static constexpr std::size_t kBytesMax = canonical::kUrlBytesMax;
  canonical::Url url;
  std::string scratch;
  void read();
  bool host_ambiguous() const;  // clients could contact another host, port or scheme
  const cel::RecordShape& shape() const override;
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;
};

struct HostForm final : Form, cel::Record {
  static constexpr std::size_t kBytesMax = canonical::kHostBytesMax;
  canonical::Host host;
  void read();
  const cel::RecordShape& shape() const override;
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;
};

struct PathForm final : Form, cel::Record {
  static constexpr std::size_t kBytesMax = canonical::kFilePathBytesMax;
  canonical::FilePath path;
  std::string scratch;
  void read();
  // A symbolic link or a shell could lead elsewhere.
  bool ambiguous() const { return path.climbs || path.starts_with_tilde; }
  const cel::RecordShape& shape() const override;
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;
};

struct ShellForm final : Form, cel::Record {
  static constexpr std::size_t kBytesMax = canonical::kShellBytesMax;
  canonical::ShellText shell;
  void read();
  // Which programs run cannot be told from the text alone.
  bool ambiguous() const;
  const cel::RecordShape& shape() const override;
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;
};

struct SqlForm final : Form, cel::Record {
  static constexpr std::size_t kBytesMax = canonical::kSqlBytesMax;
  canonical::SqlFacts sql;
  std::vector<std::string> reads, writes, tables, functions;  // "schema.name", sorted
  void read(canonical::SqlParser* parser);
  bool read_only() const;  // one or more queries that write no table and have no hazard
  const cel::RecordShape& shape() const override;
  cel::Value field(std::uint32_t index, cel::Scratch& scratch) const override;

 private:
  TextList kinds_list_, reads_list_, writes_list_, tables_list_, functions_list_;
};

// The program as rules name it: "git" for git, /bin/git, /usr/bin/git and the like, and the path as written for a
// program elsewhere, so that ./git is not git. Empty when only a running shell knows.
std::string_view program_name(const canonical::ShellProgram& program);
// Whether a word is a file the shell would write. `target` is empty when only a running shell knows which.
bool redirects_output(const canonical::ShellWord& word, std::string_view& target);
// "a, b" of a description as a list.
cel::Value list_of_words(std::string_view described, cel::Scratch& scratch);

class Forms {
 public:
  // Forgets the forms and keeps their memory. `sql` reads SQL; null: no SQL has a form.
  void reset(canonical::SqlParser* sql);

  // Never null; valid until reset().
  const UrlForm* url(std::string_view text) { return urls_.get(text, {}); }
  const HostForm* host(std::string_view text) { return hosts_.get(text, {}); }
  const PathForm* path(std::string_view text, std::string_view base) { return paths_.get(text, base); }
  const ShellForm* shell(std::string_view text) { return shells_.get(text, {}); }
  const SqlForm* sql(std::string_view text);

  // Null: it is no pattern. Valid until the next call.
  const Glob* path_glob(std::string_view pattern);
  const canonical::HostPattern* host_pattern(std::string_view pattern);

 private:
  template <class F>
  class Cache {
   public:
    const F* get(std::string_view text, std::string_view base) {
      auto [form, fresh] = find(text, base);
      if (fresh) form->read();
      return form;
    }
    // The form of a text and whether it is still to be read.
    std::pair<F*, bool> find(std::string_view text, std::string_view base) {
      for (std::size_t i = 0; i < used_; ++i) {
        if (forms_[i]->text == text && forms_[i]->base == base) return {forms_[i].get(), false};
      }
      if (text.size() > F::kBytesMax || base.size() > F::kBytesMax || used_ == kFormsMax) {
        refused_.error = used_ == kFormsMax ? "too many texts were asked about" : "the text is too long for its form";
        return {&refused_, false};
      }
      if (used_ == forms_.size()) forms_.push_back(std::make_unique<F>());
      F* form = forms_[used_++].get();
      form->text = text;
      form->base = base;
      form->error.clear();
      return {form, true};
    }
    void reset() { used_ = 0; }

   private:
    std::vector<std::unique_ptr<F>> forms_;
    std::size_t used_ = 0;
    F refused_;
  };

  Cache<UrlForm> urls_;
  Cache<HostForm> hosts_;
  Cache<PathForm> paths_;
  Cache<ShellForm> shells_;
  Cache<SqlForm> sqls_;
  canonical::SqlParser* parser_ = nullptr;
  std::map<std::string, std::unique_ptr<const Glob>, std::less<>> globs_;
  std::map<std::string, std::unique_ptr<const canonical::HostPattern>, std::less<>> host_patterns_;
};

}  // namespace agentos::policy
