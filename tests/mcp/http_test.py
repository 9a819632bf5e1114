"""agentos mcp serve --http end to end: both shapes, who may speak, bounds, streams and what travels on them."""
import contextlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import unittest

from http_served import BOTH, HttpClient, Served, Stream
from wrapped import META, SECONDS, Place, wait_until

POLICY = """apiVersion: agentos/v1
kind: Policy
metadata: {name: test}
spec:
  rules:
    - {name: life, syscalls: [tools, mcp_request], action: allow}
    - {name: list, phase: list, tools: ["*"], action: allow}
    - {name: not-that, tools: [echo], when: 'args.text.contains("secret")', action: deny, priority: 90,
       message: Words about secrets are not said.}
    - {name: run, tools: ["*"], action: allow}
"""
INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize",
              "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}}


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = Place()
        policy = cls.place.kernel.folder / "test.yaml"
        policy.write_text(POLICY, encoding="utf-8")
        cls.options = ("--policy", str(policy))
        cls.served = Served(cls.place, *cls.options, "--allow-origin", "https://app.example")

    @classmethod
    def tearDownClass(cls):
        cls.served.stop()
        cls.place.stop()

    def client(self, modern=False, start=True, **more):
        made = HttpClient(self.served, modern=modern, **more)
        if start:
            made.start()
            made.text("echo", {"text": "there"})
        return made

    def stream(self, connection, reply):
        made = Stream(connection, reply)
        self.addCleanup(made.close)
        return made

    def agents(self):
        listed = json.loads(self.place.agentos("ps", "--format", "json").stdout)
        return [one for one in listed if one["name"] == "mcp-serve"]

    # ---- who may speak

    def test_the_token_is_in_a_file_of_its_owner_alone_and_needed(self):
        self.assertEqual(os.stat(self.served.token_file).st_mode & 0o777, 0o600)
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {self.served.token}"}):
            status, fields, body = self.served.request(body=INITIALIZE, headers=headers, token=False)
            self.assertEqual(status, 401)
            self.assertTrue(fields["WWW-Authenticate"].startswith("Bearer"))
            self.assertEqual(json.loads(body)["jsonrpc"], "2.0")

    def test_a_token_of_its_own_is_printed_once_on_standard_error(self):
        served = Served(self.place, *self.options, token_file=False)
        text = (served.folder / "http.log").read_text(encoding="utf-8")
        served.token = text.split("Bearer ")[-1].split('"')[0]
        self.assertGreaterEqual(len(served.token), 43)
        self.assertEqual(served.request(body=INITIALIZE)[0], 200)
        self.assertEqual(served.stop(), 128 + 15)
        self.assertEqual((served.folder / "http.log").read_text(encoding="utf-8").count(served.token), 1)

    def test_a_token_file_that_others_can_read_is_refused(self):
        file = self.place.kernel.folder / "open-token"
        file.write_text("a-token-everybody-knows\n", encoding="utf-8")
        file.chmod(0o644)
        answer = self.place.agentos("mcp", "serve", "--http", "0", "--token-file", str(file), str(self.place.kernel.folder / "servers.json"))
        self.assertEqual(answer.returncode, 64, answer.stderr)
        self.assertIn("can be read by others", answer.stderr)

    def test_pages_and_names_from_elsewhere_are_refused(self):
        def status(**headers):
            return self.served.request(body=INITIALIZE, headers=headers)[0]

        self.assertEqual(status(Origin="https://evil.example"), 403)
        self.assertEqual(status(Origin="null"), 403)
        self.assertEqual(status(Host="evil.example"), 403)
        self.assertEqual(status(Host="localhost"), 200)
        status_, fields, _ = self.served.request(body=INITIALIZE, headers={"Origin": "https://app.example"})
        self.assertEqual((status_, fields["Access-Control-Allow-Origin"]), (200, "https://app.example"))
        status_, fields, _ = self.served.request("OPTIONS", headers={"Origin": "https://app.example", "Access-Control-Request-Headers": "mcp-session-id"}, token=False)
        self.assertEqual((status_, fields["Access-Control-Allow-Headers"]), (204, "mcp-session-id"))

    def test_it_listens_for_this_machine_alone(self):
        with open("/proc/net/tcp", encoding="ascii") as table:
            lines = [line.split()[1] for line in table.readlines()[1:]]
        self.assertIn(f"0100007F:{self.served.port:04X}", lines)
        self.assertNotIn(f"00000000:{self.served.port:04X}", lines)

    def test_https_is_spoken_with_a_certificate_and_plain_http_is_not(self):
        openssl = shutil.which("openssl")
        if openssl is None:
            self.skipTest("no openssl to make a certificate with")
        folder = self.place.kernel.folder
        subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")], check=True, capture_output=True)
        served = Served(self.place, *self.options, "--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem"))
        self.assertTrue(served.url.startswith("https://127.0.0.1:"))
        trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        connection = http.client.HTTPSConnection("127.0.0.1", served.port, timeout=SECONDS, context=trust)
        with contextlib.closing(connection):
            for number in range(3):  # on one connection
                connection.request("POST", "/mcp", json.dumps({**INITIALIZE, "id": number}).encode(),
                                   {"Content-Type": "application/json", "Accept": BOTH, "Authorization": f"Bearer {served.token}"})
                reply = connection.getresponse()
                self.assertEqual((reply.status, json.loads(reply.read())["id"]), (200, number))
        with contextlib.closing(served.raw()) as raw:
            raw.sendall(b"GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while part := raw.recv(65536):
                    answer += part
            self.assertNotIn(b"HTTP/1.1", answer)
        served.stop()

    # ---- what is refused

    def test_what_is_not_understood_has_a_status_and_an_error(self):
        cases = [
            (404, {"path": "/other", "body": INITIALIZE}),
            (405, {"method": "PUT", "body": INITIALIZE}),
            (415, {"body": INITIALIZE, "headers": {"Content-Type": "text/plain"}}),
            (406, {"body": INITIALIZE, "headers": {"Accept": "application/json"}}),
            (413, {"body": b"x" * ((4 << 20) + 1)}),
            (400, {"body": b"{"}),
            (400, {"body": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}}),
            (404, {"body": {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, "headers": {"Mcp-Session-Id": "none"}}),
            (400, {"method": "GET"}),
            (405, {"method": "GET", "headers": {"MCP-Protocol-Version": "2026-07-28"}}),
            (400, {"body": INITIALIZE, "headers": {"MCP-Protocol-Version": "1900-01-01", "Mcp-Session-Id": "x"}}),
            (431, {"method": "GET", "headers": {"X-Long": "y" * 40000}}),
        ]
        for status, words in cases:
            got, _, body = self.served.request(**words)
            self.assertEqual(got, status, words.get("headers") or words)
            self.assertIn("message", json.loads(body)["error"])

    def test_a_request_in_chunks_and_one_whose_client_sends_no_more_are_answered(self):
        body = json.dumps(INITIALIZE).encode()
        head = (f"POST /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.served.token}\r\n"
                "Content-Type: application/json\r\nAccept: */*\r\n").encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:])) + b"0\r\n\r\n"
        with contextlib.closing(self.served.raw()) as raw:
            raw.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
            raw.shutdown(socket.SHUT_WR)
            answer = b""
            while part := raw.recv(65536):
                answer += part
        self.assertTrue(answer.startswith(b"HTTP/1.1 200"), answer[:200])
        self.assertIn(b"Mcp-Session-Id: ", answer)

    def test_a_modern_client_that_sends_no_more_is_answered_too(self):
        client = HttpClient(self.served, modern=True)
        message = client.message("server/discover")
        body = json.dumps(message).encode()
        fields = "".join(f"{name}: {value}\r\n" for name, value in client.headers(client.mirrored(message)).items())
        with contextlib.closing(self.served.raw()) as raw:
            raw.sendall(f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            raw.shutdown(socket.SHUT_WR)
            answer = b""
            while part := raw.recv(65536):
                answer += part
        self.assertIn(b"supportedVersions", answer)

    def test_a_failed_initialize_leaves_nothing(self):
        before = len(self.agents())
        status, fields, _ = self.served.request(body={**INITIALIZE, "params": []})
        self.assertEqual(status, 400)
        self.assertIsNone(fields["Mcp-Session-Id"])
        self.assertEqual(len(self.agents()), before)

    # ---- sessions

    def test_a_client_of_each_legacy_revision_is_served(self):
        for revision in ("2025-03-26", "2025-06-18", "2025-11-25"):
            client = self.client(start=False)
            self.assertEqual(client.start(revision)["protocolVersion"], revision)
            self.assertEqual(client.text("echo", {"text": revision}), revision)

    def test_sessions_are_agents_of_their_own_and_end_when_deleted(self):
        before = {one["agent"] for one in self.agents()}
        first, second = self.client(), self.client()
        self.assertNotEqual(first.session, second.session)
        self.assertEqual(len({one["agent"] for one in self.agents()} - before), 2)
        # Each has a server of its own: what one writes the other's does not count.
        self.assertEqual(first.text("write_note", {"text": "x"}), "written 1")
        self.assertEqual(second.text("write_note", {"text": "x"}), "written 1")
        status, _, body = self.served.request("DELETE", headers=first.headers())
        self.assertEqual((status, body), (204, b""))
        answer, _ = first.ask("tools/list")
        self.assertEqual(answer["status"], 404)
        self.assertEqual(second.text("echo", {"text": "still here"}), "still here")
        wait_until(lambda: len({one["agent"] for one in self.agents()} - before) == 1, what="the agent's end")

    def test_a_governed_denial_is_seen_and_recorded(self):
        for modern in (False, True):
            client = self.client(modern)
            result = client.call("echo", {"text": "a secret"})
            about = result["_meta"]["io.agentos/denial"]
            self.assertTrue(result["isError"])
            self.assertEqual(about["code"], "denied")
            self.assertIn("not-that", about["rule"])
        self.assertTrue([one for one in self.place.entries() if "a secret" in json.dumps(one)])

    # ---- what travels

    def test_progress_comes_before_its_result_in_order(self):
        for modern in (False, True):
            client = self.client(modern)
            answer, said = client.ask("tools/call", {"name": "test_tool_with_progress", "arguments": {}}, {"progressToken": "mine"})
            self.assertEqual([one["params"]["progress"] for one in said], [0, 50, 100])
            self.assertEqual({one["params"]["progressToken"] for one in said}, {"mine"})
            self.assertEqual(answer["result"]["content"][0]["text"], "done")

    def test_logging_comes_on_the_stream_of_its_request(self):
        for modern, meta in ((False, {}), (True, {META + "logLevel": "info"})):
            client = self.client(modern)
            if not modern:
                client.result("logging/setLevel", {"level": "info"})
            _, said = client.ask("tools/call", {"name": "test_tool_with_logging", "arguments": {}}, meta)
            self.assertEqual([one["method"] for one in said], ["notifications/message"])

    def test_a_server_asks_its_client_in_the_manner_of_its_shape(self):
        answers = {"elicitation/create": {"action": "accept", "content": {"answer": "yes"}}}
        client = self.client(answers=answers)
        self.assertIn("yes", client.text("test_elicitation", {"message": "well?"}))
        modern = self.client(modern=True)
        words = {"name": "test_elicitation", "arguments": {"message": "well?"}}
        first = modern.result("tools/call", words)
        self.assertEqual(first["resultType"], "input_required")
        responses = {key: answers[one["method"]] for key, one in first["inputRequests"].items()}
        again = {**words, "inputResponses": responses, "requestState": first["requestState"]}
        self.assertIn("yes", modern.result("tools/call", again)["content"][0]["text"])

    def test_changes_come_on_the_stream_that_get_opens(self):
        client = self.client()
        stream = self.stream(*client.get())
        stream.primed()
        client.result("tools/list")
        client.call("change_tools")
        self.assertEqual(stream.next()["method"], "notifications/tools/list_changed")

    def test_a_second_stream_takes_the_place_of_the_first(self):
        client = self.client()
        first = self.stream(*client.get())
        first.primed()
        second = self.stream(*client.get())
        second.primed()
        self.assertIsNone(first.next())
        client.result("resources/subscribe", {"uri": "test://static-text"})
        client.call("touch")
        self.assertEqual(second.next()["method"], "notifications/resources/updated")

    def test_a_modern_client_listens_by_a_long_answer(self):
        client = self.client(modern=True)
        connection, reply = client.post(client.message("subscriptions/listen", {"notifications": {"toolsListChanged": True, "resourceSubscriptions": ["test://static-text"]}}))
        stream = self.stream(connection, reply)
        identifier = client._next
        told = stream.next()
        self.assertEqual(told["method"], "notifications/subscriptions/acknowledged")
        self.assertEqual(told["params"]["_meta"][META + "subscriptionId"], identifier)

        def touched():
            client.call("touch")
            with contextlib.suppress(AssertionError):
                return stream.next(seconds=1)
            return None

        told = wait_until(touched, what="what was subscribed to")  # the server's own subscription may still be on its way
        self.assertEqual(told["method"], "notifications/resources/updated")
        self.assertEqual(told["params"]["_meta"][META + "subscriptionId"], identifier)

    def test_a_lost_stream_goes_on_where_it_was(self):
        client = self.client()
        stream = self.stream(*client.get())
        stream.primed()
        client.result("resources/subscribe", {"uri": "test://static-text"})
        client.call("touch")
        self.assertEqual(stream.next()["method"], "notifications/resources/updated")
        last = stream.last
        stream.close()
        client.call("touch")
        client.call("touch")
        again = self.stream(*client.get(last))
        self.assertEqual([again.next()["method"] for _ in range(2)], ["notifications/resources/updated"] * 2)
        self.assertNotEqual(again.last, last)

    def test_a_call_whose_connection_is_lost_is_answered_to_who_comes_back(self):
        answers = {"elicitation/create": {"action": "accept", "content": {"answer": "late"}}}
        client = self.client()
        stream = self.stream(*client.post(client.message("tools/call", {"name": "test_elicitation", "arguments": {"message": "well?"}})))
        asked = stream.next()
        self.assertEqual(asked["method"], "elicitation/create")
        last = stream.last
        stream.close()
        client.tell_raw({"jsonrpc": "2.0", "id": asked["id"], "result": answers["elicitation/create"]})
        again = self.stream(*client.get(last))
        self.assertIn("late", again.next()["result"]["content"][0]["text"])
        self.assertIsNone(again.next())

    def test_cancelling_ends_a_call_of_either_shape(self):
        client = self.client()
        message = client.message("tools/call", {"name": "silent", "arguments": {}})
        stream = self.stream(*client.post(message))  # it becomes one when the answer does not come at once
        client.tell_raw({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": message["id"]}})
        self.assertIsNone(stream.next())
        self.assertEqual(client.text("echo", {"text": "on"}), "on")
        modern = self.client(modern=True)
        sent = modern.message("tools/call", {"name": "silent", "arguments": {}})
        body = json.dumps(sent).encode()
        fields = "".join(f"{name}: {value}\r\n" for name, value in modern.headers(modern.mirrored(sent)).items())
        with contextlib.closing(self.served.raw()) as raw:
            raw.sendall(f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            before = self.told_the_server("cancelled")
            wait_until(lambda: len(self.running("silent")) > 0, what="the call")
        wait_until(lambda: self.told_the_server("cancelled") > before, what="the server to be told")

    def running(self, tool):
        return [one for one in self.place.entries() if f'"{tool}"' in json.dumps(one)][1:]

    def told_the_server(self, word):
        """How often the fixture server said that it was told so."""
        return (self.served.folder / "http.log").read_text(encoding="utf-8").count(word)

    # ---- modern headers

    def test_arguments_that_a_tool_mirrors_must_be_mirrored(self):
        client = self.client(modern=True)
        words = {"name": "region", "arguments": {"region": "eu"}}
        answer, _ = client.ask("tools/call", words)
        self.assertEqual((answer["status"], answer["error"]["code"]), (400, -32020))
        answer, _ = client.ask("tools/call", words, more={"Mcp-Param-Region": "us"})
        self.assertEqual((answer["status"], answer["error"]["code"]), (400, -32020))
        self.assertEqual(client.call("region", {"region": "eu"}, more={"Mcp-Param-Region": "eu"})["content"][0]["text"], "eu")
        self.assertEqual(client.call("region")["content"][0]["text"], "nowhere")

    def test_a_head_that_says_something_else_is_refused(self):
        client = self.client(modern=True)
        for more in ({"Mcp-Method": "tools/list"}, {"Mcp-Name": "other"}, {"MCP-Protocol-Version": "2025-11-25"}):
            answer, _ = client.ask("tools/call", {"name": "echo", "arguments": {"text": "x"}}, more=more)
            self.assertEqual((answer["status"], answer["error"]["code"]), (400, -32020), more)
        answer, _ = client.ask("no/such/method")
        self.assertEqual((answer["status"], answer["error"]["code"]), (404, -32601))

    # ---- others are not held up

    def test_a_client_that_takes_nothing_delays_no_other(self):
        slow = self.client()
        stream = self.stream(*slow.get())
        stream.primed()
        slow.result("resources/subscribe", {"uri": "test://static-text"})
        with contextlib.closing(self.served.raw()) as stuck:  # asks for much and reads nothing
            message = slow.message("tools/call", {"name": "huge", "arguments": {"octets": 900_000}})
            body = json.dumps(message).encode()
            fields = "".join(f"{name}: {value}\r\n" for name, value in slow.headers().items())
            for _ in range(1):
                stuck.sendall(f"POST /mcp HTTP/1.1\r\nHost: localhost\r\n{fields}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            other = self.client()
            for _ in range(20):
                self.assertEqual(other.text("echo", {"text": "quick"}), "quick")

    def test_a_kernel_that_stops_ends_the_endpoint(self):
        place = Place()
        served = Served(place)
        place.stop()
        self.assertNotEqual(served.process.wait(SECONDS), 0)
        served.stop()


if __name__ == "__main__":
    unittest.main()
