"""Runs a command in a pseudo terminal, types each line of input once something new was printed, and prints all that was shown."""

import json
import os
import pty
import sys
import time

request = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(request["command"][0], request["command"])

shown = b""
lines = list(request["lines"])
while True:
    try:
        chunk = os.read(terminal, 4096)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    if lines and lines[0]["after"].encode() in shown:
        time.sleep(0.3)  # raw mode is set just after the prompt is shown
        os.write(terminal, lines.pop(0)["type"].encode())

_, status = os.waitpid(pid, 0)
print(json.dumps({"shown": shown.decode(errors="replace"), "code": os.waitstatus_to_exitcode(status)}))
