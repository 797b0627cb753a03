"""What a finished model and its run can be taken away as: ONNX, INT8, TensorBoard, tables."""
