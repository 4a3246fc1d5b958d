#!/usr/bin/env python3
"""usage: hostile.py DIR
Makes a run directory whose every text would like to be something else: HTML, a
script, an address, a control sequence of a terminal.
"""
import json
import os
import sys

EVIL = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onload='alert(1)",
        '</style><script>alert(2)</script>', '<!-- ', '&lt;b&gt;', '\x1b[31m\x00\x07\u202e\ud800',
        'javascript:alert(3)', ']]><svg onload=alert(4)>', '{{7*7}}', '\n</pre><script>',
        '</pre></details><svg onload=alert(4)>', '<iframe src="http://127.0.0.1:9/">',
        '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
        '&#x3c;script&#x3e;', 'x' * 9000]

os.mkdir(sys.argv[1])
with open(os.path.join(sys.argv[1], "records.jsonl"), "w") as f:
    for i, e in enumerate(EVIL * 3):
        f.write(json.dumps({
            "run_id": e, "status": "success" if i % 2 else e, "error_type": e, "error": e,
            "example_id": e, "input": {e: e}, "output": e, "scores": {e[:200]: 1.5, "x": i},
            "usage": {e[:200]: 2}, "latency_ms": i, "model": {"model_id": e, "provider": e},
            "probe": {"probe_id": e}, "custom": {"harness": {
                "experiment_id": e, "model_name": e, "probe_name": e}}}) + "\n")
with open(os.path.join(sys.argv[1], "config.resolved.yaml"), "w") as f:
    f.write(json.dumps({e: {e: e} for e in EVIL[:4]}))
