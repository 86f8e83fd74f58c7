"""Runs a script of Python whose clock is behind: `behind.py SECONDS script.py ...`. PyJWT asks `datetime`, others `time`."""

import datetime
import runpy
import sys
import time

SECONDS = int(sys.argv[1])
right_time = time.time


class Behind(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - datetime.timedelta(seconds=SECONDS)

    @classmethod
    def utcnow(cls):
        return super().utcnow() - datetime.timedelta(seconds=SECONDS)


datetime.datetime = Behind
time.time = lambda: right_time() - SECONDS
sys.argv = sys.argv[2:]
runpy.run_path(sys.argv[0], run_name="__main__")
