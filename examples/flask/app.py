"""Hello World."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    return "Hello World\n"


@app.get("/healthz")
def health() -> str:
    """Tells whether this process can serve.

    It asks nobody else: if it looked at a database, a short fault there would take
    every pod out of service at the same moment.
    """
    return "ok\n"
