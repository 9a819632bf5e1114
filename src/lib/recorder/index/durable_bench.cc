// Durable appends of 300 octets at the same batch sizes, in interleaved rounds of one run: the recorder, SQLite (WAL,
// synchronous=FULL) and the raw limit: the same octets and the same hashes, written to a file made ready beforehand.
//
//   durable_bench DIRECTORY [ROUNDS] [SECONDS]     a JSON object a line
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <vector>

#include "base/crypto/sha256_fast.h"
#include "base/random.h"
#include "lib/recorder/index/database.h"
#include "lib/recorder/merkle.h"
#include "lib/recorder/recorder.h"

namespace {

using namespace agentos;
using namespace agentos::recorder;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kEntryBytes = 300;
constexpr std::size_t kBatches[] = {1, 64, 1024};
constexpr std::uint64_t kRawFileBytes = 512ULL << 20;

// About 240 octets of leaf and 60 of arguments, which is what an intent takes.
std::string arguments_of(std::uint64_t number) {
  return fmt::format(R"({{"data":"{:012}","path":"/mem/working/today-{:08}.md"}})", number, number % 1000);
}

struct Sample {
  double entries_per_second = 0;
  std::vector<double> commit_us;
};

// `commit` makes `batch` entries durable.
bool measure(std::size_t batch, double seconds, const std::function<bool(std::size_t batch)>& commit, Sample& sample) {
  const auto start = Steady::now();
  std::uint64_t entries = 0;
  double elapsed = 0;
  while (elapsed < seconds) {
    const auto before = Steady::now();
    if (!commit(batch)) return false;
    const auto after = Steady::now();
    sample.commit_us.push_back(std::chrono::duration<double, std::micro>(after - before).count());
    entries += batch;
    elapsed = std::chrono::duration<double>(after - start).count();
  }
  sample.entries_per_second = static_cast<double>(entries) / elapsed;
  return true;
}

class RecorderSide {
 public:
  bool open(const std::string& directory) {
    Options options;
    options.directory = directory;
    auto opened = Recorder::open(options, clock_, random_);
    if (opened) recorder_ = std::move(*opened);
    return recorder_ != nullptr;
  }
  bool commit(std::size_t batch) {
    Index last = 0;
    for (std::size_t i = 0; i < batch; ++i) {
      const std::string arguments = arguments_of(++number_);
      Intent intent;
      intent.agent = "agent-01j9z3k8";
      intent.run = "run-7f3a9c21";
      intent.call = "write";
      intent.effect = Effect::kExternal;
      intent.rule = "agent-default/workspace-files";
      intent.policy_epoch = 3;
      intent.time_us = static_cast<std::int64_t>(number_);
      intent.verdict = Verdict::kAsk;  // so that it waits for no outcome
      intent.arguments.text = arguments;
      const auto index = recorder_->append(intent);
      if (!index) return false;
      last = *index;
    }
    return recorder_->wait_durable(last).has_value();
  }

 private:
  RealClock clock_;
  SystemRandom random_;
  std::unique_ptr<Recorder> recorder_;
  std::uint64_t number_ = 0;
};

class SqliteSide {
 public:
  bool open(const std::string& file) {
    auto opened = Database::open(file);
    if (!opened) return false;
    database_ = std::make_unique<Database>(std::move(*opened));
    if (!database_->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                            "CREATE TABLE entry(id INTEGER PRIMARY KEY, time_us INTEGER, body TEXT)"))
      return false;
    auto insert = database_->prepare("INSERT INTO entry(time_us, body) VALUES(?1, ?2)");
    if (!insert) return false;
    insert_ = std::make_unique<Statement>(std::move(*insert));
    return true;
  }
  bool commit(std::size_t batch) {
    if (!database_->execute("BEGIN")) return false;
    for (std::size_t i = 0; i < batch; ++i) {
      std::string body = arguments_of(++number_);
      body.resize(kEntryBytes, 'x');
      insert_->bind(1, static_cast<std::int64_t>(number_)).bind(2, std::string_view(body));
      if (!insert_->run()) return false;
    }
    return database_->execute("COMMIT").has_value();
  }

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<Statement> insert_;
  std::uint64_t number_ = 0;
};

// One write that returns when it is durable, over zeroes that are on disk already; a commitment, a leaf and a node hash
// for every entry.
class RawSide {
 public:
  bool open(const std::string& file) {
    file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const std::string zeroes(1 << 20, '\0');
    for (std::uint64_t at = 0; at < kRawFileBytes; at += zeroes.size()) {
      if (::pwrite(file_, zeroes.data(), zeroes.size(), static_cast<off_t>(at)) != static_cast<ssize_t>(zeroes.size()))
        return false;
    }
    ::fsync(file_);
    ::close(file_);
    file_ = ::open(file.c_str(), O_WRONLY | O_DSYNC | O_CLOEXEC);
    return file_ >= 0;
  }
  ~RawSide() { ::close(file_); }
  bool commit(std::size_t batch) {
    octets_.clear();
    for (std::size_t i = 0; i < batch; ++i) {
      const std::size_t begin = octets_.size();
      octets_ += arguments_of(++number_);
      (void)crypto::sha256_fast({octets_.data() + begin, octets_.size() - begin});
      octets_.resize(begin + kEntryBytes, 'x');
      frontier_.add(crypto::sha256_fast({octets_.data() + begin, kEntryBytes - 60}));
    }
    if (at_ + octets_.size() > kRawFileBytes) at_ = 0;
    const ssize_t written = ::pwrite(file_, octets_.data(), octets_.size(), static_cast<off_t>(at_));
    at_ += octets_.size();
    return written == static_cast<ssize_t>(octets_.size());
  }

 private:
  int file_ = -1;
  std::string octets_;
  Frontier frontier_;
  std::uint64_t at_ = 0, number_ = 0;
};

double at(std::vector<double>& sorted, double part) {
  return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 64;
  std::string place = std::string(argv[1]) + "/durable_bench.XXXXXX";
  if (mkdtemp(place.data()) == nullptr) return 1;
  const int rounds = argc > 2 ? std::stoi(argv[2]) : 5;
  const double seconds = argc > 3 ? std::stod(argv[3]) : 1.0;
  std::map<std::pair<std::size_t, std::string>, std::vector<double>> rates, commits;
  bool good = true;
  {
    RecorderSide recorder;
    SqliteSide sqlite;
    RawSide raw;
    good = recorder.open(place + "/log") && sqlite.open(place + "/peer.sqlite") && raw.open(place + "/raw");
    const std::pair<const char*, std::function<bool(std::size_t)>> sides[] = {
        {"recorder", [&](std::size_t batch) { return recorder.commit(batch); }},
        {"sqlite", [&](std::size_t batch) { return sqlite.commit(batch); }},
        {"raw", [&](std::size_t batch) { return raw.commit(batch); }}};
    for (int round = 0; good && round < rounds; ++round) {
      for (const std::size_t batch : kBatches) {
        for (const auto& [name, commit] : sides) {
          Sample sample;
          good = good && measure(batch, seconds, commit, sample);
          rates[{batch, name}].push_back(sample.entries_per_second);
          auto& all = commits[{batch, name}];
          all.insert(all.end(), sample.commit_us.begin(), sample.commit_us.end());
        }
      }
    }
  }
  for (auto& [key, values] : rates) {
    std::ranges::sort(values);
    auto& us = commits[key];
    std::ranges::sort(us);
    fmt::print(
        "{{\"side\":\"{}\",\"batch\":{},\"entries_per_second\":{:.0f},\"commit_p50_us\":{:.1f},\"commit_p99_us\":{:.1f}"
        "}}\n",
        key.second, key.first, at(values, 0.5), at(us, 0.5), at(us, 0.99));
  }
  std::filesystem::remove_all(place);
  return good ? 0 : 1;
}
