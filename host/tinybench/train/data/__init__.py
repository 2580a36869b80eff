"""Labelled samples for training, calibrating and scoring: opened, filtered, split, never leaked.

    samples = open_samples("photos", exclude=("OWL", "EAGLE"))
    split = split_samples(samples, seed=0, store=Path(".tinybench/splits"))
    x = to_reals(samples.read(split.calibration[:200], (96, 96, 3)), "0:1")
    y = samples.labels[split.calibration[:200]]

Numpy and Pillow only; what must be downloaded is asked of Keras in a process of its own.

==============  ==============================================================================
``open``        finds out what the data is
``samples``     what every kind of data is turned into
``pictures``    a folder per class, a CSV of paths
``arrays``      IDX, .npz
``named``       the names of ``keras.datasets``
``classes``     filters by pattern; the model's numbering of classes
``reals``       pixels -> the real values that a float model takes
``split``       train, calibration, selection, test: made once, stored with hashes
==============  ==============================================================================
"""

from tinybench.train.data.classes import as_recorded, number_classes
from tinybench.train.data.open import open_samples
from tinybench.train.data.reals import to_reals
from tinybench.train.data.samples import Samples
from tinybench.train.data.split import SHARES, Split, split_samples

__all__ = [
    "SHARES",
    "Samples",
    "Split",
    "as_recorded",
    "number_classes",
    "open_samples",
    "split_samples",
    "to_reals",
]
