"""What a Flask application does when somebody registers: bcrypt with the cost that gensalt() has by itself."""

import json
import sys

import bcrypt

passwords = json.load(sys.stdin.buffer)
json.dump([bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode() for password in passwords], sys.stdout)
