#!/usr/bin/env bash
# tests/smoke.sh BIN_DIR: starts the daemon in the background as the README tells people to, sends a request through it, and looks at it.
set -euo pipefail
bin="$1"
dir="$(mktemp -d)"
upstream_port_file="$dir/port"
cleanup() {
  "$bin/ccdumpd" stop --data-dir "$dir/data" >/dev/null 2>&1 || true
  [ -n "${upstream_pid:-}" ] && kill "$upstream_pid" 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

python3 - "$upstream_port_file" <<'P' &
import http.server, os, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"smoke"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}}'
        self.send_response(200); self.send_header("content-type", "application/json"); self.send_header("content-length", str(len(body))); self.end_headers()
        self.wfile.write(body)
    def log_message(self, *a): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Answer)
with open(sys.argv[1] + ".new", "w") as f: f.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
P
upstream_pid=$!
for _ in $(seq 100); do [ -s "$upstream_port_file" ] && break; sleep 0.1; done

ready="$("$bin/ccdumpd" start --listen 127.0.0.1:0 --data-dir "$dir/data" --upstream "http://127.0.0.1:$(cat "$upstream_port_file")")"
proxy="$(printf '%s' "$ready" | python3 -c 'import json,sys; print(json.load(sys.stdin)["proxy"])')"
python3 - "$proxy" <<'P'
import json, sys, urllib.request
body = json.dumps({"model": "claude-opus-4-8", "max_tokens": 9, "messages": [{"role": "user", "content": "smoke?"}]}).encode()
request = urllib.request.Request(sys.argv[1] + "/v1/messages", body, {"anthropic-version": "2023-06-01", "x-api-key": "sk-ant-smoke"})
assert json.load(urllib.request.urlopen(request))["content"][0]["text"] == "smoke"
P
"$bin/ccdumpd" status --data-dir "$dir/data"
"$bin/ccdump-view" tail --data-dir "$dir/data" --from 0 --until-idle 500 | tee "$dir/tail"
grep -q 'smoke?' "$dir/tail"
"$bin/ccdump-view" ls --json --data-dir "$dir/data" | grep -q '"end_state":"complete"'
if grep -rq sk-ant-smoke "$dir/data"; then echo "a key is on disk" >&2; exit 1; fi
"$bin/ccdumpd" stop --data-dir "$dir/data"
echo "smoke test passed"
