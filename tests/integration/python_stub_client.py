"""Reads batches with nothing but the stubs that protoc generates.

    python_stub_client.py STUBS ENDPOINT PLAN STEPS

STUBS holds the generated millrace/v1/*_pb2.py and *_pb2_grpc.py. Prints one
JSON object: the digest of all tensors as `millrace pull --digest` defines it
(client/batch_digest.h), and each tensor's form.
"""

import hashlib
import json
import queue
import struct
import sys


def add_number(digest, value):
    digest.update(struct.pack("<Q", value))


def add_bytes(digest, value):
    add_number(digest, len(value))
    digest.update(value)


def add_batch(digest, batch):
    add_number(digest, batch.step)
    add_number(digest, len(batch.tensors))
    for tensor in batch.tensors:
        add_bytes(digest, tensor.name.encode())
        add_number(digest, tensor.dtype)
        add_number(digest, len(tensor.shape))
        for size in tensor.shape:
            add_number(digest, size)
        add_bytes(digest, tensor.data)


def main():
    stubs, endpoint, plan_file, steps = sys.argv[1:]
    sys.path.insert(0, stubs)
    import grpc
    from google.protobuf import text_format
    from millrace.v1 import millrace_pb2, millrace_pb2_grpc, plan_pb2

    with open(plan_file, encoding="utf-8") as file:
        plan = text_format.Parse(file.read(), plan_pb2.Plan())
    channel = grpc.insecure_channel(
        endpoint, options=[("grpc.max_receive_message_length", -1)])
    stub = millrace_pb2_grpc.MillraceStub(channel)

    requests = queue.SimpleQueue()
    requests.put(millrace_pb2.StreamBatchesRequest(
        open=millrace_pb2.OpenStream(plan=plan, world_size=1)))
    answers = stub.StreamBatches(iter(requests.get, None))
    opened = next(answers).opened
    requests.put(millrace_pb2.StreamBatchesRequest(
        steps=millrace_pb2.AskSteps(first_step=0, count=int(steps))))
    requests.put(None)  # Half-closes: the server ends after the last answer.

    batches = sorted((answer.batch for answer in answers),
                     key=lambda batch: batch.step)
    digest = hashlib.sha256()
    for batch in batches:
        add_batch(digest, batch)
    print(json.dumps({
        "steps_per_epoch": opened.steps_per_epoch,
        "steps": [batch.step for batch in batches],
        "tensors": [[tensor.name, list(tensor.shape), len(tensor.data)]
                    for tensor in batches[0].tensors],
        "digest": digest.hexdigest(),
    }))


if __name__ == "__main__":
    main()
