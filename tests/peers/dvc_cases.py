"""Repositories of DVC with a base and a head: what it shows of them, mlbot has to show too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

Files = dict[str, str | bytes]
Row = tuple[str, str]
"""A file and a key in it."""

NUMBER = "a number in quotes is one for us: it gets a change and a trend"
COLLIDES = "two keys of one name: DVC fails as a whole, we number the second"
STDERR = "a standard error belongs to its metric: it is told with it, and is no row of its own"
ITEM = "an item of a list that a stage's text asks for: we show the list as a whole"
UNDERSCORE = "1_000 is text by YAML 1.2, and so for us; DVC's parser takes it for 1000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Two commits; what differs from DVC on purpose, with the reason."""

    base: Files
    head: Files
    differs: dict[Row, str] = field(default_factory=dict)


def both(files: Mapping[str, str | bytes], **changed: str | bytes) -> Case:
    """A case of which the head has other content in some files: ``a__b_json`` is ``a/b.json``."""
    named = {name.replace("__", "/"): content for name, content in changed.items()}
    by_path = {path.replace(".", "_"): path for path in files}
    return Case(base=dict(files), head={**files, **{by_path[name]: content for name, content in named.items()}})


def _edges() -> Case:
    base = {
        "int": 3, "zero": -0.0, "inf": float("inf"), "to_inf": 1, "flag": True, "off": False, "text": "resnet",
        "null_to": None, "to_null": 2, "list": [1, 2], "one": [0.5], "tree": 1, "tiny": 1e-7, "float": 0.1,
        "huge": 123456789012345678901234567890, "nan": float("nan"), "gone": 1, "quoted": "0.9", "to_text": 1,
        "deep": {"er": {"loss": 0.5, "kind": "mse"}, "empty": {}}, "with space": 1, "a/b": 2, "": 3, "best|x": 4,
    }  # fmt: skip
    head = base | {
        "int": 3.0, "zero": 0.0, "to_inf": float("inf"), "flag": False, "off": True, "text": "vgg", "null_to": 2,
        "to_null": None, "list": [1, 3], "one": [0.6], "tree": {"a": 1}, "tiny": 2e-7, "float": 0.30000000000000004,
        "huge": 123456789012345678901234567891, "new": 1, "quoted": "0.95", "to_text": "1",
        "deep": {"er": {"loss": 0.25, "kind": "mae"}, "empty": {"now": 1}},
    }  # fmt: skip
    del head["gone"]
    return Case(
        base={"dvc.yaml": "metrics: [m.json]\n", "m.json": json.dumps(base)},
        head={"dvc.yaml": "metrics: [m.json]\n", "m.json": json.dumps(head)},
        differs={("m.json", "quoted"): NUMBER, ("m.json", "to_text"): NUMBER, ("m.json", ""): "is called (no name)"},
    )


PIPELINE = """
stages:
  train:
    cmd: python train.py
    params: [lr, model.depth, {conf.toml: [opt], other.json: null}]
    metrics: [out/train.json: {cache: false}]
  eval:
    cmd: python eval.py
    wdir: sub
    params: [seed]
    metrics: [eval.yaml: {cache: false}, ../out/last.toml: {cache: false}]
"""
LOOPS = """
vars: [settings.yaml, "more.json:grid,ratio", {prefix: out}]
stages:
  each:
    foreach: ${models}
    do:
      cmd: train ${item.seed}
      params: [lr]
      metrics: ["${prefix}/${key}-${item.seed}.json": {cache: false}]
  list:
    foreach: [a, "b", 3]
    do: {cmd: "x ${item}", metrics: ["${prefix}/list-${item}.json": {cache: false}]}
  matrix:
    matrix: {size: [s, m], rate: "${grid}"}
    cmd: train ${item.size} ${item.rate}
    metrics: ["${prefix}/${key}.json": {cache: false}]
  own:
    vars: [{place: own}, own.toml]
    cmd: x ${scale}
    metrics: ["${prefix}/${place}-${ratio}-${flag}-${scale}.json": {cache: false}]
"""
PYTHON = '''
"""Settings."""
import os
lr = 1e-4
momentum: float = 0.9
name = "adam"
flag = True
nothing = None
layers = [64, 32]
pair = (1, 2)
table = {"a": 1, "b": {"c": 2.5}}
computed = lr * 2
path = os.getcwd()
negative = -3
first = second = 4
class Train:
    epochs = 10
    class Inner:
        width = 3
    def __init__(self):
        self.batch = 32
        self.made = os.urandom(3)
'''
YAML = """
sci: 1e-4
neg: -2
float: .5
yes_: yes
on_: on
true_: true
True_: True
octal: 010
nil: null
tilde: ~
empty:
date_like: v2026-11-20
quoted: "12"
nan: .nan
inf: -.inf
nested: {a: {b: 1.5}, c: text}
list: [1, 2]
anchor: &a {x: 1}
merged: {<<: *a, y: 2}
"""

CASES: dict[str, Case] = {
    "edges": _edges(),
    "pipeline": both(
        {
            "dvc.yaml": PIPELINE,
            "params.yaml": "lr: 0.1\nmodel: {depth: 3, kind: cnn}\nunused: [1, 2]\nflag: true\nnil: null\n",
            "sub/params.yaml": "seed: 1\n",
            "conf.toml": "[opt]\nname = 'sgd'\nrate = 1e-3\nbig = 100\n",
            "other.json": '{"a": {"b": 1.50, "c": ["x", "y"]}, "d": false}',
            "out/train.json": '{"loss": 0.5, "acc": {"top1": 0.7}}',
            "out/last.toml": "score = 0.25\n[per]\nclass_a = 1\n",
            "sub/eval.yaml": "auc: 0.9\nkind: roc\n",
        },
        params_yaml="lr: 0.2\nmodel: {depth: 4, kind: cnn}\nunused: [1, 3]\nflag: false\nextra: {a: b}\n",
        sub__params_yaml="seed: 2\n",
        conf_toml="[opt]\nname = 'adam'\nrate = 2e-3\nbig = 100\n",
        other_json='{"a": {"b": 1.25, "c": ["x", "z"]}, "d": true}',
        out__train_json='{"loss": 0.25, "acc": {"top1": 0.75, "top5": 0.9}}',
        out__last_toml="score = 0.5\n[per]\nclass_a = 2\n",
        sub__eval_yaml="auc: 0.95\nkind: pr\n",
    ),
    "loops": both(
        {
            "dvc.yaml": LOOPS,
            "params.yaml": "lr: 0.1\nmodels: {us: {seed: 1}, uk: {seed: 2}}\n",
            "settings.yaml": "flag: true\nnot_asked: 1\n",
            "more.json": '{"grid": [0.10, 1e-3], "ratio": 2.50, "left": 1}',
            "own.toml": "scale = 7\n",
            **{f"out/{name}.json": '{"acc": 0.5}' for name in ("us-1", "uk-2", "list-a", "list-b", "list-3")},
            **{f"out/{name}.json": '{"acc": 0.5}' for name in ("s-0.1", "s-0.001", "m-0.1", "m-0.001")},
            "out/own-2.5-true-7.json": '{"acc": 0.5}',
        },
        **{f"out__{name}_json": '{"acc": 0.75}' for name in ("us-1", "s-0_001", "m-0_1", "own-2_5-true-7")},
    ),
    "python": both(
        {"dvc.yaml": "params: [params.py]\nmetrics: [scores.py]\n", "params.py": PYTHON, "scores.py": PYTHON},
        params_py=PYTHON.replace("1e-4", "2e-4").replace("[64", "[128").replace("32\n", "64\n").replace("adam", "sgd"),
        scores_py=PYTHON.replace("1e-4", "2e-4").replace("True", "False").replace("epochs = 10", "epochs = 20"),
    ),
    "yaml": both(
        {"dvc.yaml": "params: [p.yaml]\nmetrics: [m.yaml, scores.txt]\n"}
        | {"p.yaml": YAML, "m.yaml": YAML, "scores.txt": "acc: 0.5\n"},
        p_yaml=YAML.replace("1e-4", "2e-4").replace("[1, 2]", "[1, 3]"),
        m_yaml=YAML.replace("1e-4", "2e-4").replace("yes\n", "no\n").replace("1.5", "2.5"),
        scores_txt="acc: 0.75\n",
    ),
    "folders": both(
        {
            "dvc.yaml": "metrics: [eval]\n",
            "eval/a.json": '{"x": 1}',
            "eval/deep/b.yaml": "y: 2\n",
            "model/dvc.yaml": "metrics: [m.json]\nparams: [p.yaml]\n",
            "model/m.json": '{"z": 3}',
            "model/p.yaml": "lr: 1\n",
        },
        eval__a_json='{"x": 1.5}',
        model__m_json='{"z": 4}',
        model__p_yaml="lr: 2\n",
    ),
    "usual file alone": both({"params.yaml": "lr: 0.1\nkeep: 1\n"}, params_yaml="lr: 0.2\nkeep: 1\nnew: x\n"),
    "new file": Case(
        base={"dvc.yaml": "params: [p.yaml]\n", "p.yaml": "a: 1\n"},
        head={"dvc.yaml": "params: [p.yaml]\nmetrics: [m.json]\n", "p.yaml": "a: 2\n", "m.json": '{"acc": 0.5}'},
    ),
    "renamed file": Case(
        base={"dvc.yaml": "metrics: [old.json]\n", "old.json": '{"acc": 0.5}'},
        head={"dvc.yaml": "metrics: [new.json]\n", "new.json": '{"acc": 0.6}'},
    ),
    "bare values": Case(
        base={"dvc.yaml": "metrics: [acc.txt, best.json]\n", "acc.txt": "0.5\n", "best.json": '"resnet"'},
        head={"dvc.yaml": "metrics: [acc.txt, best.json]\n", "acc.txt": "0.75\n", "best.json": '"vgg"'},
        differs={("acc.txt", ""): "is called acc", ("best.json", ""): "is called best"},
    ),
    "standard error": both(
        {"dvc.yaml": "metrics: [m.json]\n", "m.json": '{"acc": 0.5, "acc_stderr": 0.01}'},
        m_json='{"acc": 0.6, "acc_stderr": 0.01}',
    ),
    "underscore": both({"dvc.yaml": "metrics: [m.yaml]\n", "m.yaml": "n: 1_000\n"}, m_yaml="n: 2_000\n"),
}
CASES["yaml"].differs[("m.yaml", "quoted")] = NUMBER
for place in (0, 1):
    CASES["loops"].differs[("more.json", f"grid.{place}")] = ITEM
CASES["standard error"].differs[("m.json", "acc_stderr")] = STDERR
CASES["underscore"].differs[("m.yaml", "n")] = UNDERSCORE
