import asyncio
import base64
import hashlib
import json
import re

from groundwork.serving import Versions


def data(html):
    return json.loads(re.search(r'<script type="application/json" id="models">(.*?)</script>', html).group(1))


def test_the_page_holds_every_model_and_version_with_its_schema_and_example(ask, model):
    def any_batch(batch):
        return batch

    answer = ask({"m": Versions({"1": model, "2": any_batch}), "n": model}, lambda client: client.get("/"))

    found = data(answer.body.decode())
    assert found["loading"] == []
    assert [(each["name"], [one["version"] for one in each["versions"]]) for each in found["models"]] == [
        ("m", ["1", "2"]),
        ("n", ["7"]),
    ]
    assert found["models"][0]["versions"][0] == {
        "version": "1",
        "schema": model.input_schema(),
        "example": {"x": 1.5},
    }
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_only_the_pages_own_style_and_script_may_run(ask, model):
    answer = ask({"m": model}, lambda client: client.get("/"), title="@style@ <flights>")

    html, policy = answer.body.decode(), answer.headers["content-security-policy"]
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        inner = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "<title>@style@ &lt;flights&gt;</title>" in html
    assert re.findall(r'(?:src|href)="(?!/|data:|#)', html) == []


def test_data_cannot_close_its_element(ask, model):
    model.input_schema = lambda: {"type": "object", "examples": [{"x": "</script><script>alert(1)</script>"}]}

    html = ask({"m": model}, lambda client: client.get("/")).body.decode()

    assert "alert(1)</script>" not in html
    assert data(html)["models"][0]["versions"][0]["example"]["x"].endswith("</script>")


def test_models_that_load_are_named(served, model):
    async def main():
        async with served({"m": model}, wait=False) as client:
            return await client.get("/")

    answer = asyncio.run(main())

    assert answer.status == 200
    assert data(answer.body.decode()) == {"loading": ["m"], "models": []}
