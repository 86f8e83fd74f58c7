"""What a Flask application's login_required does with a token."""

import json
import sys

import jwt

given = json.load(sys.stdin.buffer)
token, key = given["token"], given["key"]
claims = jwt.decode(token, key, "HS256")
json.dump({"claims": claims, "user_id_is_int": type(claims["user_id"]) is int}, sys.stdout)
