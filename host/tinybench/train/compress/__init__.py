"""Compression methods for Keras models; each retrains, and can be stopped and go on.

==============  ==============================================================================
``job``         the process's side of `tinybench compress`: load, compress, save, measure
``apply``       which function does which method
``fit``         training in stages, with checkpoints, early stop, and a stop at NaN
``network``     a model as a flat list of layer calls, and models made from it
``channels``    which channels of a network belong together
``measure``     parameters, zeros, accuracy as float and as int8
==============  ==============================================================================

The methods are a file each, or two; their options are in :mod:`tinybench.methods`.
"""
