"""Pipeline files: all that is wrong in one is said before a step runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinybench.errors import UsageError
from tinybench.methods import METHODS
from tinybench.pipeline import load_pipeline

GOOD = """
[data]
path = "samples.npz"
[training]
epochs = 2
[steps.base]
new = "lenet"
width = 0.5
[steps.half]
from = "base"
method = "prune"
sparsity = 0.5
training = { epochs = 1 }
control = true
[steps.other]
from = "base"
method = "qat"
"""


def test_steps_branch_and_inherit_settings(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(GOOD)
    pipeline = load_pipeline(file)
    base, half, other = pipeline.steps
    assert (base.kind, base.what, base.source, base.training.epochs) == ("new", "lenet", "", 2)
    assert (half.source, half.options, half.training.epochs) == ("base", {"sparsity": 0.5}, 1)
    assert (other.source, other.control, half.control) == ("base", False, True)
    assert pipeline.settings.board == "virt-c3"
    assert pipeline.state == tmp_path / ".tinybench"


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('method = "prune"', 'method = "prun"', "did you mean 'prune'?"),
        ("sparsity = 0.5", "sparsty = 0.5", "did you mean 'sparsity'?"),
        ("sparsity = 0.5", 'sparsity = "half"', "sparsity as float"),
        ("sparsity = 0.5", "sparsity = 2", "sparsity between 0 and 0.9999"),
        ('new = "lenet"', 'new = "lennet"', "did you mean 'lenet'?"),
        ('from = "base"', 'from = "bass"', "starts from a step above it"),
        ('from = "base"\n', "", "`from`, a step above it"),
        ('method = "qat"', 'method = "qat"\nnew = "lenet"', "one of new, model, method"),
        ("[training]", "[trainnig]", "did you mean 'training'?"),
        ("epochs = 2", "epocs = 2", "did you mean 'epochs'?"),
        ("epochs = 2", "limit = 200", "it is a key of [data]"),
        ("[training]\n", "", "it is a key of [training]"),
        ("[steps.half]", '[steps."../half"]', "a step's name that a folder can have"),
        ("[steps.half]", '[steps.""]', "a step's name that a folder can have"),
        ("epochs = 2", 'augment = ["flop"]', "did you mean 'flip'?"),
        ("epochs = 2", 'augment = ["flip", "shift=2"]', "shift=VALUE, above 0 and at most 0.9"),
        ("epochs = 2", 'augment = ["shift"]', "shift=VALUE"),
        ('path = "samples.npz"', "", "[data] with a path"),
        ("[data]", "[data", "as TOML"),
        ("[data]", '[pipeline]\nweights = ["zip"]\n[data]', "weights of plain, huffman"),
        ("[data]", "[pipeline]\nsamples = true\n[data]", "samples of [pipeline] such as 20"),
        ("[data]", "[pipeline]\nsamples = 0\n[data]", "samples from 1 up"),
        ("[data]", "[pipeline]\nseeds = [0, true]\n[data]", "seeds=True"),
        ("[data]", "[pipeline]\nseeds = []\n[data]", "seeds = [0]"),
        ("[data]", '[pipeline]\nboard = "virt-c4"\n[data]', "did you mean 'virt-c3'?"),
        ("[data]", "pipeline = 3\n[data]", "write [pipeline] on a line of its own"),
        ("{ epochs = 1 }", "1", "write [steps.half.training] on a line of its own"),
        ('new = "lenet"', 'new = "lenet"\ncontrol = true', "lenet has none"),
        ('method = "qat"', 'method = "huffman"\ncontrol = true', "those that have one are prune"),
        ("control = true", "control = 1", "write true or false, without quotes"),
        ('path = "samples.npz"', "path = 3", "path as a path or name"),
        ('method = "qat"', "", 'such as method = "prune"'),
        ('new = "lenet"', 'new = "lenet"\nfrom = "half"', "a step with `new` starts anew"),
        ('new = "lenet"\nwidth = 0.5', 'model = "no.keras"', "no file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    file = tmp_path / "p.toml"
    file.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        load_pipeline(file)
    assert complaint in str(caught.value)


def test_every_control_is_made_of_options_that_the_method_has() -> None:
    from tinybench.methods import make_options

    least = {"outputs": {"keep": ["a"]}, "dense": {"search": True}, "resize": {"size": "64"}}
    for method in METHODS.values():
        if method.control is not None and method.control.changes is not None:
            options = {**least.get(method.name, {}), **method.control.changes}
            make_options(method.options, options, method.name)
