"""The page at ``/``: try the model without writing a client.

Rule: one file, nothing fetched from elsewhere; what it shows is data, put in as JSON that cannot close its element.
"""

import json
from collections.abc import Mapping
from html import escape
from typing import Any

from groundwork.serving._adapters import example

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>@title@</title><link rel="icon" href="data:,">
<style>
:root{color-scheme:light dark;--line:#8884;--accent:#2f6fdd}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}p{margin:.3rem 0 1rem;opacity:.75}
textarea,pre{box-sizing:border-box;width:100%;font:14px/1.45 ui-monospace,monospace;padding:.8rem;
border:1px solid var(--line);border-radius:8px;background:#8881;color:inherit}
textarea{height:20rem}pre{white-space:pre-wrap;overflow-wrap:anywhere}pre:empty{display:none}pre.bad{border-color:#d33}
button,select{font:inherit;padding:.4rem 1.1rem;border-radius:8px;border:1px solid var(--line)}
div{margin:.8rem 0}button{background:var(--accent);color:#fff;border:0;cursor:pointer}
nav a{margin-right:1rem;color:var(--accent)}
</style></head><body>
<h1>@title@</h1><p>Change the instances and ask the model. One prediction comes back for each.</p>
<div><label>Model <select id="model"></select></label></div>
<textarea id="body" spellcheck="false" aria-label="Request"></textarea>
<div><button id="ask">Predict</button> <span id="took"></span></div>
<pre id="answer" aria-live="polite"></pre>
<p>The same from a shell:</p><pre id="curl"></pre>
<nav><a href="/openapi.json">openapi.json</a><a href="/metrics">metrics</a><a href="/v2/health/ready">ready</a></nav>
<script type="application/json" id="examples">@examples@</script>
<script>
const $=id=>document.getElementById(id),examples=JSON.parse($("examples").textContent);
for(const name of Object.keys(examples))$("model").add(new Option(name,name));
const url=()=>"/predict?model="+encodeURIComponent($("model").value);
function shell(){let body=$("body").value;try{body=JSON.stringify(JSON.parse(body))}catch(e){}
$("curl").textContent="curl -H 'content-type: application/json' -d '"
+body.replaceAll("'","'\\\\''")+"' '"+location.origin+url()+"'"}
function show(){$("body").value=JSON.stringify({instances:[examples[$("model").value]]},null,2);shell()}
async function ask(){const start=performance.now();let text,ok=false;
try{const answer=await fetch(url(),{method:"POST",headers:{"content-type":"application/json"},body:$("body").value});
ok=answer.ok;text=await answer.text();try{text=JSON.stringify(JSON.parse(text),null,2)}catch(e){}
$("took").textContent=answer.status+" in "+(performance.now()-start).toFixed(1)+" ms"}catch(e){text=String(e)}
$("answer").textContent=text;$("answer").className=ok?"":"bad"}
$("model").onchange=show;$("body").oninput=shell;$("ask").onclick=ask;show();
</script></body></html>
"""


def page(title: str, schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page.

    Args:
        title: Its heading.
        schemas: Model name to the schema of one of its instances; the form is filled in from them.

    Returns:
        HTML.
    """
    examples = json.dumps({name: example(schema) for name, schema in schemas.items()}).replace("<", "\\u003c")
    return _PAGE.replace("@title@", escape(title)).replace("@examples@", examples)
