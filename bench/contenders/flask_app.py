"""The Flask tutorial: one login, one protected route. Users stand in SQLite."""

import os
import sqlite3
from datetime import datetime, timedelta, timezone
from functools import wraps

import bcrypt
import jwt
from flask import Flask, Response, jsonify, request

app = Flask(__name__)
KEY = os.environ["JWT_SECRET_KEY"]


def login_required(handler):
    @wraps(handler)
    def guarded(*args, **kwargs):
        token = request.headers.get("Authorization")
        try:
            payload = jwt.decode(token, KEY, "HS256")
        except jwt.InvalidTokenError:
            return Response(status=401)
        return handler(payload["user_id"], *args, **kwargs)

    return guarded


@app.route("/user/login", methods=["POST"])
def login():
    with sqlite3.connect(os.environ["DATABASE"]) as db:
        query = "SELECT id, hashed_password FROM users WHERE email = ?"
        row = db.execute(query, (request.json["email"],)).fetchone()
    if row is None or not bcrypt.checkpw(request.json["password"].encode(), row[1].encode()):
        return Response(status=401)
    payload = {"user_id": row[0], "exp": datetime.now(timezone.utc) + timedelta(days=1)}
    return jsonify({"access_token": jwt.encode(payload, KEY, "HS256")})


@app.route("/action", methods=["POST"])
@login_required
def action(user_id):
    return jsonify({"message": "You are signed in.", "user_id": user_id})


@app.route("/health")
def health():
    return jsonify({"status": "ok"})
