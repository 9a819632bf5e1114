"""A model that says what its script says: an endpoint of OpenAI's chat completions, without a model behind it.

Each conversation is asked, one after the other, to call the tools of `script`; what they answered is kept. A request
without the real key is refused, as a provider would.
"""
import http.server
import json
import threading


class Model:
    def __init__(self, key, script) -> None:
        self.key, self.script = key, script  # script: [(tool, arguments)]
        self.answers = []
        self.refused = 0
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.headers.get("Authorization") != f"Bearer {model.key}":
                    model.refused += 1
                    return self.reply(401, {"error": {"message": "no such key", "type": "invalid_request_error"}})
                return self.reply(200, model.next_step(request["messages"]))

            def reply(self, status, body) -> None:
                octets = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *words) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next_step(self, messages):
        """The tool call after those that were answered, or the end."""
        self.answers = [text_of(message["content"]) for message in messages if message["role"] == "tool"]
        message = {"role": "assistant", "content": "The notes are about walls.", "refusal": None}
        finish = "stop"
        if len(self.answers) < len(self.script):
            name, arguments = self.script[len(self.answers)]
            call = {"id": f"call_{len(self.answers)}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
            message, finish = {"role": "assistant", "content": None, "tool_calls": [call]}, "tool_calls"
        return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted",
                "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}  # fmt: skip

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def text_of(content) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
