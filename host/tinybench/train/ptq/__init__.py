"""Post-training quantization, with what it cost and why.

==============  ==============================================================================
``options``     what the user may choose; what each mode is
``run``         the whole of it: data, conversion, scores, layers -> :class:`Quantization`
``jobs``        TensorFlow's side: any model -> float .tflite -> each mode
``flatfile``    the same for dynamic and float16 from a float .tflite, by litert-quantizer
``ranges``      activation ranges by percentile or least squared error
``score``       accuracy and agreement on samples, by LiteRT
``layers``      per layer: range, noise, saturation, dead channels
``advice``      what to do about them
``pixels``      which real values pixels stand for
==============  ==============================================================================
"""
