from typer.testing import CliRunner

from groundwork.cli._main import app
from groundwork.errors import UsageError


def test_steady_without_a_rate_is_refused_before_anything_is_asked():
    ended = CliRunner().invoke(app, ["bench", "serve", "http://127.0.0.1:1", "--steady"])

    assert isinstance(ended.exception, UsageError)
    assert "--rate" in str(ended.exception)
