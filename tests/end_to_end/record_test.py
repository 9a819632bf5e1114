"""The record as people use it: search, story, export, backup, policy backtest, replay, and a disk that is full."""
import html.parser
import json
import os
import pathlib
import re
import subprocess
import threading
import time
import unittest

import real_kernel
from real_kernel import PYTHON, KernelTest, RealKernel, wait_until

TOKEN = "ghp_" + "0123456789abcdefABCDEF0123456789abcd"  # a shape, not a secret
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\u200b\x1b[31m\"'&"

STORY = """
import json, os, sys
sys.path.insert(0, ".")
import agent_side
lines = agent_side.Lines(agent_side.connect())
def say(method, **params):
    reply = lines.call(method, **params)
    return reply.get("result", reply.get("error"))
say("write", path="/state/a", data="hello")
print(say("read", path="/state/a")["data"], flush=True)
say("read", path="/state/absent")
for word in sys.argv[1:]:
    say("write", path="/state/more", data=word)
"""


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs


class RecordTest(KernelTest):
    def log(self):
        return self.kernel.folder / "state/agentos/log"

    def json(self, *words, code=0):
        done = self.kernel.cli("--format", "json", *words)
        self.assertEqual(done.returncode, code, done)
        return json.loads(done.stdout)

    def lines(self, *words):
        done = self.kernel.cli("--format", "jsonl", *words)
        self.assertEqual(done.returncode, 0, done)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def run_agent(self, script, *arguments, name="teller"):
        path = self.kernel.work / f"{name}.py"
        path.write_text(script, encoding="utf-8")
        (self.kernel.work / "agent_side.py").write_text((real_kernel.HERE / "agent_side.py").read_text(encoding="utf-8"), encoding="utf-8")
        done = self.kernel.run(PYTHON, "-B", str(path), *arguments, options=("--name", name))
        self.assertEqual(done.returncode, 0, done)
        # Its end is on disk with the next group commit.
        wait_until(lambda: self.agent_called(name) in {e["leaf"].get("agent") for e in self.lines("log", "show", "--last", "1000", "--kind", "event") if e["leaf"]["name"] == "agent_exit"})
        return done.stdout.decode()

    def agent_called(self, name):
        return next(a["agent"] for a in self.json("ps", "--all") if a["name"] == name)


class Searching(RecordTest):
    def test_entries_are_found_through_an_index_that_may_go_at_any_time(self):
        self.run_agent(STORY)
        agent = self.agent_called("teller")
        found = self.lines("log", "query", "--agent", agent)
        by_reading = self.lines("log", "query", "--agent", agent, "--no-index")
        self.assertEqual(found, by_reading)
        self.assertEqual([e["leaf"]["call"] for e in found if e["leaf"]["kind"] == "intent"], ["write", "read", "read"])
        self.assertTrue(all(e["opening_matches"] for e in found))
        index = self.log() / "index.sqlite"
        for damage in (b"", b"no database at all", os.urandom(20_000)):
            index.write_bytes(damage)
            for beside in ("-wal", "-shm"):
                pathlib.Path(f"{index}{beside}").unlink(missing_ok=True)
            self.assertEqual(self.lines("log", "query", "--agent", agent), found)
        index.unlink()
        self.assertEqual(self.lines("log", "query", "--agent", agent), found)
        self.run_agent(STORY, name="second")
        self.assertEqual(self.lines("log", "query", "--agent", agent), found, "and catches up")
        self.assertEqual(len(self.lines("log", "query", "--text", "STATE/A", "--kind", "intent")), 6)
        self.assertEqual(len(self.lines("log", "query", "--status", "error")), 2)
        self.assertEqual(self.lines("log", "query", "--decision", "deny"), [])

    def test_a_range_of_time_is_the_same_in_every_zone(self):
        self.run_agent(STORY)
        entries = self.lines("log", "query")
        first, last = (entries[i]["leaf"]["time_us"] for i in (1, -2))

        def written(us, hours):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(us // 10**6 + hours * 3600))
            return f"{stamp}.{us % 10**6:06}" + ("Z" if hours == 0 else f"{hours:+03}:00")

        answers = [self.lines("log", "query", "--since", written(first, h), "--until", written(last, h)) for h in (0, 9, -5)]
        self.assertEqual(answers[0], [e for e in entries if first <= e["leaf"]["time_us"] <= last])
        self.assertEqual(answers[0], answers[1])
        self.assertEqual(answers[0], answers[2])
        wrong = self.kernel.cli("log", "query", "--since", "yesterday")
        self.assertEqual(wrong.returncode, 64)
        self.assertIn(b"2026-11-28T20:00:00Z", wrong.stderr)

    def test_stats_say_where_and_how_the_record_is_kept(self):
        self.run_agent(STORY)
        stats = self.json("log", "stats")
        self.assertEqual(pathlib.Path(stats["directory"]), self.log())
        self.assertEqual(stats["mode"], "effects")
        self.assertEqual(stats["content"], "preview")
        self.assertGreater(stats["disk_bytes_max"], 0)
        self.assertTrue(stats["writing"])
        self.assertTrue(stats["checkpoint"]["valid"])
        self.assertEqual(stats["entries"], sum(stats["kinds"].values()))
        self.assertGreaterEqual(stats["decisions"]["allow"], 3)
        self.assertEqual(self.kernel.cli("--format", "jsonl", "log", "stats").returncode, 64)


class Telling(RecordTest):
    def test_the_story_has_children_decisions_and_outcomes(self):
        self.run_agent(
            "import sys; sys.path.insert(0, '.')\nimport agent_side\n"
            "lines = agent_side.Lines(agent_side.connect())\n"
            "print(lines.call('fork', name='child', command=['/bin/true']))\n"
            "print(lines.call('wait'))\nlines.call('write', path='/nowhere/x', data='y')\n",
            name="parent",
        )
        story = self.json("log", "timeline", "parent")
        self.assertEqual([a["name"] for a in story["agents"]], ["parent"])
        items = story["agents"][0]["items"]
        child = next(i for i in items if i["what"] == "agent")
        self.assertEqual((child["name"], child["code"]), ("parent.child", 0))
        calls = [i for i in items if i["what"] == "call"]
        self.assertEqual([c["call"] for c in calls], ["fork", "wait", "write"])
        self.assertEqual(calls[0]["rule"], "test/everything")
        drawn = self.kernel.cli("log", "timeline", "parent").stdout.decode()
        self.assertIn("├─ ", drawn)
        self.assertIn("fork", drawn)
        self.assertNotIn("\x1b", drawn, "no colour into a pipe")
        self.assertEqual(self.kernel.cli("log", "timeline", "nobody").returncode, 1)


class Exporting(RecordTest):
    def hostile_agent(self):
        self.run_agent(STORY + "\nfor word in sys.argv[1:]: say(word, path='/state/' + word.replace('/', ''))\n"
                       "say('stat', path='/state/' + sys.argv[1].replace('/', ''))\n", HOSTILE, name="hostile")

    def test_lines_and_cells_hold_every_entry(self):
        self.hostile_agent()
        out = self.kernel.folder / "record.jsonl"
        self.assertEqual(self.kernel.cli("log", "export", "--to", "jsonl", "-o", str(out)).returncode, 0)
        entries = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        self.assertEqual([e["index"] for e in entries], list(range(len(entries))))
        self.assertEqual(out.stat().st_mode & 0o777, 0o600)
        csv = self.kernel.cli("log", "export", "--to", "csv").stdout.decode()
        self.assertGreaterEqual(csv.count("\r\n"), len(entries) + 1)
        self.assertNotIn("\x1b", csv)

    def test_events_are_ocsf(self):
        self.run_agent(STORY)
        done = self.kernel.cli("log", "export", "--to", "ocsf")
        self.assertEqual(done.returncode, 0, done)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        required = {6003: {"actor", "api", "src_endpoint"}, 1007: {"actor", "process", "device"}, 6002: {"app"}, 0: set()}
        seen = set()
        for number, event in enumerate(events):
            seen.add(event["class_uid"])
            self.assertLessEqual(required[event["class_uid"]] | {"time", "metadata", "severity_id", "type_uid", "category_uid"}, set(event))
            self.assertEqual(event["metadata"]["sequence"], number)
            self.assertEqual(event["type_uid"], event["class_uid"] * 100 + event["activity_id"])
            self.assertTrue(isinstance(json.loads(event["raw_data"]), dict))
        self.assertLessEqual({6003, 1007, 6002}, seen)

    def test_spans_are_otlp(self):
        self.run_agent(STORY)
        first = self.kernel.cli("log", "export", "--to", "otlp", "teller")
        self.assertEqual(first.returncode, 0, first)
        request = json.loads(first.stdout)
        self.assertEqual(list(request), ["resourceSpans"])
        (resource,) = request["resourceSpans"]
        self.assertIn({"key": "service.name", "value": {"stringValue": "agentos"}}, resource["resource"]["attributes"])
        (scope,) = resource["scopeSpans"]
        spans = scope["spans"]
        ids = [s["spanId"] for s in spans]
        self.assertEqual(len(ids), len(set(ids)))
        values = {"stringValue": str, "intValue": str, "boolValue": bool, "doubleValue": float}
        for span in spans:
            self.assertRegex(span["traceId"], "^[0-9a-f]{32}$")
            self.assertRegex(span["spanId"], "^[0-9a-f]{16}$")
            self.assertEqual(span["traceId"], spans[0]["traceId"])
            self.assertIn(span["kind"], range(1, 6))
            self.assertIn(span["status"]["code"], (0, 1, 2))
            self.assertRegex(span["startTimeUnixNano"], "^[0-9]{19}$")
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))
            for attribute in span["attributes"]:
                ((kind, value),) = attribute["value"].items()
                self.assertIsInstance(value, values[kind])
                if kind == "intValue":
                    self.assertRegex(value, "^-?[0-9]+$")
        root = [s for s in spans if "parentSpanId" not in s]
        self.assertEqual([s["name"] for s in root], ["invoke_agent teller"])
        self.assertTrue(all(s["parentSpanId"] == root[0]["spanId"] for s in spans if s is not root[0]))
        failed = [s for s in spans if s["status"]["code"] == 2]
        self.assertEqual(len(failed), 1, "the file that is absent")
        self.assertEqual(self.kernel.cli("log", "export", "--to", "otlp", "teller").stdout, first.stdout, "the same ids")

    def test_a_page_is_whole_and_holds_no_script_whatever_the_log_says(self):
        self.hostile_agent()
        self.kernel.run("/bin/true", options=("--name", "x"))
        out = self.kernel.folder / "report.html"
        done = self.kernel.cli("log", "export", "--to", "html", "-o", str(out))
        self.assertEqual(done.returncode, 0, done)
        page = out.read_text(encoding="utf-8")
        self.assertTrue(page.endswith("</html>\n"))
        tags = Tags()
        tags.feed(page)
        self.assertLessEqual(
            set(tags.tags),
            {"html", "head", "meta", "title", "style", "body", "h1", "p", "details", "summary", "b", "span", "div", "i", "table", "tr", "td"},
        )
        self.assertIn("alert(1)", page, "what the log says is there, as text")
        self.assertFalse([a for a in tags.attributes if a[0].startswith("on") or a[0] in ("src", "href")])
        self.assertNotRegex(page, r"https?://|url\(|@import")
        self.assertFalse(re.search("[\u202a-\u202e\u2066-\u2069\u200b\x1b]", page))


class Keeping(RecordTest):
    def test_a_backup_taken_while_agents_work_verifies(self):
        self.run_agent(STORY)
        stop = threading.Event()

        def work():
            while not stop.is_set():
                self.kernel.run("/bin/true")

        worker = threading.Thread(target=work)
        worker.start()
        try:
            copy = self.kernel.folder / "copy"
            report = self.json("log", "backup", str(copy))
        finally:
            stop.set()
            worker.join()
        self.assertTrue(report["valid"])
        self.assertFalse((copy / "log.key").exists())
        self.assertEqual(self.kernel.cli("log", "verify", "--dir", str(copy)).returncode, 0)
        self.assertTrue(self.lines("log", "query", "--dir", str(copy), "--agent", self.agent_called("teller")))
        again = self.kernel.cli("log", "backup", str(copy))
        self.assertEqual(again.returncode, 1)
        self.assertIn(b"exists already", again.stderr)

    def test_policy_sees_what_scanners_find(self):
        new = self.kernel.folder / "no-secrets.yaml"
        new.write_text(
            "apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: leaks}\nspec:\n  rules:\n"
            "    - {name: all, syscalls: ['*'], action: allow}\n"
            "    - {name: none, syscalls: [write], action: deny,\n"
            "       when: \"findings.exists(f, f.kind == 'secret' && f.where == 'args.data' && f.severity >= 6)\"}\n",
            encoding="utf-8",
        )
        self.kernel.policy = new
        self.run_agent(STORY, "harmless", TOKEN)
        refused = self.lines("log", "query", "--decision", "deny")
        self.assertEqual([e["leaf"]["rule"] for e in refused], ["leaks/none"])
        self.assertEqual(refused[0]["opening"]["preview"]["data"], "[secret github_token]")
        self.assertEqual(len(self.lines("log", "query", "--agent", self.agent_called("teller"), "--call", "write", "--kind", "intent")), 2)

    def test_secrets_are_not_kept(self):
        self.run_agent(STORY, TOKEN, json.dumps({"password": "hunter2-and-more"}), "x" * 3000, name="leaky")
        for path in self.log().rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                self.assertNotIn(TOKEN.encode(), content, path)
                self.assertNotIn(b"hunter2-and-more", content, path)
                self.assertNotIn(b"x" * 1000, content, path)
        agent = self.agent_called("leaky")
        intents = [e["opening"] for e in self.lines("log", "query", "--agent", agent, "--call", "write", "--kind", "intent")]
        self.assertEqual(intents[0], {"append": False, "data": "hello", "path": "/state/a"})
        self.assertEqual(intents[1]["cleaned"], ["secret"])
        self.assertEqual(intents[1]["preview"], {"append": False, "data": "[secret github_token]", "path": "/state/more"})
        self.assertEqual(len(intents[3]["digest"]), 43)
        self.assertEqual(intents[3]["preview"]["path"], "/state/more")


class InFull(RecordTest):
    options = ("--record-content",)

    def test_content_is_kept_in_full_when_it_is_asked_for(self):
        self.run_agent(STORY, TOKEN, name="leaky")
        found = self.lines("log", "query", "--text", TOKEN, "--kind", "intent", "--call", "write")
        self.assertEqual([e["opening"]["data"] for e in found], [TOKEN])
        self.assertEqual(self.json("log", "stats")["content"], "full")
        self.assertIn("recorded in full", self.kernel.log())


class Backtesting(RecordTest):
    def policy(self, text):
        path = self.kernel.folder / "new.yaml"
        path.write_text("apiVersion: agentos/v1\nkind: Policy\nmetadata: {name: new}\nspec:\n  rules:\n" + text, encoding="utf-8")
        return str(path)

    def test_what_would_be_decided_otherwise_is_listed_with_witnesses(self):
        self.run_agent(STORY, "y" * 3000)
        new = self.policy(
            "    - {name: all, syscalls: ['*'], action: allow}\n"
            "    - {name: no-more, syscalls: [write], paths: ['/state/more'], action: deny}\n"
        )
        found = self.json("policy", "backtest", new, "--agent", "teller", code=1)
        self.assertEqual(found["changes"], {"allow -> deny": 1})
        (witness,) = found["witnesses"]
        self.assertEqual((witness["call"], witness["old_rule"], witness["new_rule"]), ("write", "test/everything", "new/no-more"))
        self.assertEqual(found["decided_anew"], found["same"] + found["changed"])
        self.assertEqual(found["not_decided_anew"], {}, "the path of long content is known")
        same = self.policy("    - {name: all, syscalls: ['*'], action: allow}\n")
        self.assertEqual(self.json("policy", "backtest", same, "--agent", "teller")["changed"], 0)

    def test_what_the_record_does_not_have_is_counted_apart(self):
        self.run_agent(STORY, "y" * 3000)
        content = self.policy("    - {name: all, syscalls: ['*'], action: allow, when: \"call.name != 'write' || args.data.size() < 1000\"}\n")
        found = self.json("policy", "backtest", content, "--agent", "teller")
        self.assertEqual(found["changed"], 0)
        self.assertEqual(sum(found["not_decided_anew"].values()), 1)
        self.assertEqual(self.kernel.cli("policy", "backtest", str(self.kernel.work)).returncode, 3)


class Replaying(RecordTest):
    def test_a_run_replays_from_its_record_and_nothing_is_carried_out(self):
        self.assertEqual(self.run_agent(STORY), "hello\n")
        self.kernel.cli("serve", "--stop")
        wait_until(lambda: self.kernel.process.poll() is not None)
        before = self.json("log", "stats")["entries"]
        done = self.kernel.cli("replay", "teller")
        self.assertEqual(done.returncode, 0, done)
        self.assertTrue(done.stdout.startswith(b"hello\n"), done.stdout)
        self.assertIn(b"3 calls recorded, 3 answered\nthe same", done.stdout)
        self.assertEqual(self.kernel.cli("replay", "teller", "--strict").returncode, 0)
        self.assertEqual(self.json("log", "stats")["entries"], before)

    def test_the_first_thing_it_does_otherwise_is_told(self):
        self.run_agent(STORY, "one", "two")
        path = self.kernel.work / "teller.py"
        words = ("--", PYTHON, "-B", str(path))
        found = self.json("replay", "teller", *words, "one", "other", code=1)
        self.assertEqual(found["calls_answered"], 4)
        self.assertIn('"data":"other"', found["divergence"]["now"])
        self.assertIn('"data":"two"', found["divergence"]["recorded"])
        fewer = self.json("replay", "teller", *words, "one", code=1)
        self.assertEqual(fewer["divergence"]["why"], "it ends without making this call")
        order = (*words, "two", "one")
        self.assertTrue(self.json("replay", "teller", *order)["same"], "in any order")
        strict = self.json("replay", "teller", "--strict", *order, code=1)
        self.assertIn("recorded next", strict["divergence"]["why"])
        self.assertEqual(self.kernel.cli("replay", "nobody").returncode, 1)

    def test_a_result_that_was_not_recorded_cannot_be_replayed(self):
        self.run_agent(STORY + "\nsay('write', path='/state/long', data='z' * 5000)\nsay('read', path='/state/long')\n")
        done = self.kernel.cli("replay", "teller")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn(b"recorded as a digest only", done.stderr)
        self.assertIn(b"--record-content", done.stderr)


class FullDisk(unittest.TestCase):
    """A real file system without room: governed calls stop with one clear error, the kernel lives, and goes on."""

    def setUp(self):
        self.kernel = RealKernel("--log-segment", "1M")
        self.addCleanup(self.kernel.remove)
        self.state = self.kernel.folder / "state"
        self.state.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "none", str(self.state)], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(self.state)], check=False)
        self.kernel.start()
        self.addCleanup(self.kernel.stop)

    def test_calls_stop_with_one_error_and_go_on_when_there_is_room(self):
        agent = self.kernel.python_agent(
            "import sys, json; sys.path.insert(0, '.')\nimport agent_side\n"
            "lines = agent_side.Lines(agent_side.connect())\n"
            "for line in sys.stdin:\n"
            "    reply = lines.call('write', path='/mem/working/x', data=line[:400])\n"
            "    print(json.dumps(reply.get('error', {}).get('data', {}).get('error', 'ok')), flush=True)\n"
        )
        self.addCleanup(agent.wait)
        self.addCleanup(agent.kill)

        def write():
            agent.stdin.write("x" * 400 + "\n")
            agent.stdin.flush()
            return json.loads(agent.stdout.readline())

        self.assertEqual(write(), "ok")
        ballast = self.state / "ballast"
        with open(ballast, "wb") as file:
            try:
                while True:
                    file.write(b"\0" * 65536)
                    file.flush()
            except OSError:
                pass
        answers = []
        for _ in range(20_000):
            answers.append(write())
            if answers[-1] != "ok":
                break
        self.assertEqual(answers[-1], "record_failed")
        self.assertEqual(write(), "record_failed")
        self.assertIsNone(self.kernel.process.poll(), "the kernel lives")
        self.assertEqual(self.kernel.cli("ps").returncode, 0, "operators can look")
        ballast.unlink()
        wait_until(lambda: write() == "ok", what="the recovery")
        agent.stdin.close()
        self.assertEqual(self.kernel.stop(), 0)
        self.assertEqual(self.kernel.verify().returncode, 0)


if __name__ == "__main__":
    real_kernel.main()
