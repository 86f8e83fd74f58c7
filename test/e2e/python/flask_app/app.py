"""The small login that many services run: `app.py <port>`, with DATABASE and JWT_SECRET_KEY in the environment."""

import os
import sqlite3
import sys
from datetime import datetime, timedelta, timezone
from functools import wraps

import bcrypt
import jwt
from flask import Flask, g, jsonify, request

app = Flask(__name__)
app.config["JWT_SECRET_KEY"] = os.environ["JWT_SECRET_KEY"]


def user_with(email):
    with sqlite3.connect(os.environ["DATABASE"]) as database:
        return database.execute("SELECT id, hashed_password FROM users WHERE email = ?", (email,)).fetchone()


def login_required(view):
    @wraps(view)
    def guarded(*args, **kwargs):
        token = request.headers.get("Authorization")
        if token is None:
            return "", 401
        try:
            payload = jwt.decode(token, app.config["JWT_SECRET_KEY"], "HS256")
        except jwt.InvalidTokenError:
            return "", 401
        g.user_id = payload["user_id"]
        return view(*args, **kwargs)

    return guarded


@app.route("/user/login", methods=["POST"])
def login():
    credentials = request.json
    user = user_with(credentials["email"])
    if user is None or not bcrypt.checkpw(credentials["password"].encode(), user[1]):
        return "", 401
    payload = {"user_id": user[0], "exp": datetime.now(timezone.utc) + timedelta(hours=24)}
    return jsonify(access_token=jwt.encode(payload, app.config["JWT_SECRET_KEY"], "HS256"))


@app.route("/action", methods=["GET", "POST"])
@login_required
def action():
    return jsonify(user_id=g.user_id)


if __name__ == "__main__":
    app.run("127.0.0.1", int(sys.argv[1]))
