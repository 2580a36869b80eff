"""The run: data, the conversation with the device, records and figures."""
