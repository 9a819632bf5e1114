// For tests: a folder, a store beside it, and an agent's changes of every kind.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "lib/workspace/beneath.h"
#include "lib/workspace/workspace.h"

namespace agentos::workspace {

class Place : public testing::Test {
 protected:
  explicit Place(const std::string& parent = std::filesystem::temp_directory_path().string()) {
    std::string pattern = parent + "/workspace-test-XXXXXX";
    top_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(original());
  }
  ~Place() override {
    std::error_code error;
    std::filesystem::remove_all(top_, error);
  }

  std::string original() const { return top_ + "/original"; }
  std::string store() const { return top_ + "/store"; }

  static void write(const std::string& path, const std::string& content, mode_t mode = 0644) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), mode);
  }
  static std::string read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  void fill_original() const {
    write(original() + "/a.txt", "one\n");
    write(original() + "/dir/b.txt", "two\n");
    write(original() + "/dir/sub/c.txt", "three\n");
    write(original() + "/gone/x", "x\n");
    write(original() + "/gone/below/y", "y\n");
    write(original() + "/run.sh", "#!/bin/sh\n", 0755);
    write(original() + "/becomes_folder", "file\n");
    write(original() + "/becomes_file/inner", "inner\n");
    write(original() + "/stays", "stays\n");
    std::filesystem::create_symlink("a.txt", original() + "/link");
  }

  static void change_everything(const std::string& copy) {
    write(copy + "/a.txt", "one, changed\n");
    std::filesystem::remove_all(copy + "/gone");
    std::filesystem::remove(copy + "/becomes_folder");
    write(copy + "/becomes_folder/now", "now\n");
    std::filesystem::remove_all(copy + "/becomes_file");
    write(copy + "/becomes_file", "now a file\n");
    write(copy + "/new/deep/file", std::string(200'000, 'n'));
    ::chmod((copy + "/run.sh").c_str(), 0644);
    ::chmod((copy + "/dir").c_str(), 0700);
    std::filesystem::remove(copy + "/link");
    std::filesystem::create_symlink("dir/b.txt", copy + "/link");
    std::filesystem::create_directory(copy + "/empty");
  }

  static Snapshot look(const std::string& path) {
    const auto folder = open_folder(path);
    EXPECT_TRUE(folder.has_value());
    const auto snapshot = take_snapshot(folder->get(), {});
    EXPECT_TRUE(snapshot.has_value()) << snapshot.error().message;
    return *snapshot;
  }

  Workspace make() const {
    auto made = Workspace::create(store(), "w", original());
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }

  static std::string words(const std::vector<Change>& changes) {
    std::string out;
    for (const Change& change : changes) out += std::string(word_of(change)) + " " + change.path + "\n";
    return out;
  }

  std::string top_;
};

}  // namespace agentos::workspace
