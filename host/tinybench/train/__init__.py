"""What needs TensorFlow: training, quantizing, and the models that tests and the demo use.

TensorFlow takes three seconds and 650 MB to import, prints as it pleases, and its converter can
crash the process it runs in. So it is never imported here: each piece of work is a *job* that
:mod:`tinybench.train.isolated` runs in a process of its own.

==================  ==========================================================================
``isolated``        runs a job in a process of its own, keeps its noise in a log
``quantize``        Keras model file -> full-integer int8 .tflite; for models of your own:
                    ``from tinybench.train import quantize_int8``
``convert``         the TensorFlow side of ``quantize``
``digits``          the demo: a small CNN on scikit-learn's handwritten digits
``zoo``             seeded small models of well-known architectures, cached
``architectures``   their layers
``randomize``       their weights and inputs
==================  ==========================================================================
"""

from tinybench.train.quantize import Quantized, quantize_int8

__all__ = ["Quantized", "quantize_int8"]
