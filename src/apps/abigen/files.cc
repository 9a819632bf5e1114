// Collects the generators and writes their files.
#include "apps/abigen/files.h"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <set>
#include <system_error>

#include "apps/abigen/generators.h"

namespace agentos::abigen {
namespace {

Result<std::string> read_if_present(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::string();
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

Status write_file(const std::filesystem::path& path, const std::string& content) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) {
    return fail(ErrorCode::kIo, fmt::format("cannot make {}: {}", path.parent_path().string(), error.message()));
  }
  std::ofstream stream(path, std::ios::binary | std::ios::trunc);
  stream.write(content.data(), static_cast<std::streamsize>(content.size()));
  stream.close();
  if (!stream) return fail(ErrorCode::kIo, fmt::format("cannot write {}", path.string()));
  return {};
}

std::set<std::string, std::less<>> lines_of(std::string_view text) {
  std::set<std::string, std::less<>> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (!line.empty() && line.front() != '#') lines.emplace(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace

Result<Files> generate() {
  Files files;
  add_schema(files);
  add_policy_vocabulary(files);
  add_mcp_tools(files);
  add_numbers(files);
  add_python_calls(files);
  add_python_errors(files);
  add_openapi(files);
  add_node_calls(files);
  add_node_errors(files);
  add_c_header(files);
  add_tables(files);
  add_policy_pages(files);
  add_isolation_page(files);
  TRY(add_manual_pages(files));
  return files;
}

Status check_numbers(std::string_view published, std::string_view current) {
  const auto now = lines_of(current);
  for (const std::string& line : lines_of(published)) {
    if (now.contains(line)) continue;
    return fail(ErrorCode::kInvalidArgument,
                fmt::format("\"{}\" was published in {} and is no longer in the tables", line, kNumbersPath),
                "numbers are append-only: give the row back its number and name, and add a new row instead");
  }
  return {};
}

Status write_below(const std::filesystem::path& root, const Files& files) {
  const auto numbers = files.find(std::string(kNumbersPath));
  if (numbers != files.end()) {
    TRY(check_numbers(TRY(read_if_present(root / kNumbersPath)), numbers->second));
  }
  for (const auto& [path, content] : files) {
    if (TRY(read_if_present(root / path)) == content) continue;
    TRY(write_file(root / path, content));
  }
  return {};
}

}  // namespace agentos::abigen
