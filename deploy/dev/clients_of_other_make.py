"""What clients-of-other-make asks. No code is generated: every message comes from what reflection says of it."""

import json
import os
import subprocess
import sys

import grpc
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

OURS = "artifactstore.v1."
STANDARD = {"grpc.health.v1.Health"}
SERVED = {
    "control plane": {"EventService", "HealthService", "PackageService"},
    "node": {"DataPlaneService", "TransferService"},
}
SECONDS = 20
SERVING = health_pb2.HealthCheckResponse.SERVING
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


class Process:
    """One process, seen by Python's grpcio."""

    def __init__(self, kind, address):
        self.kind, self.address = kind, address
        self.channel = grpc.insecure_channel(address)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = DescriptorPool(self.database)
        self.health = health_pb2_grpc.HealthStub(self.channel)

    def call(self, service, method, request, metadata=()):
        """Calls a method known by reflection only; answers the messages as dictionaries, at most ten."""
        described = self.pool.FindServiceByName(OURS + service).FindMethodByName(method)
        asks = message_factory.GetMessageClass(described.input_type)
        answers = message_factory.GetMessageClass(described.output_type)
        kind = self.channel.unary_stream if described.server_streaming else self.channel.unary_unary
        callable_ = kind(
            f"/{OURS}{service}/{method}",
            request_serializer=asks.SerializeToString,
            response_deserializer=answers.FromString,
        )
        answer = callable_(json_format.ParseDict(request, asks()), timeout=SECONDS, metadata=metadata)
        if not described.server_streaming:
            return [json_format.MessageToDict(answer)]
        messages = []
        for message in answer:
            messages.append(json_format.MessageToDict(message))
            if len(messages) == 10:
                answer.cancel()
                break
        return messages

    def services(self):
        return set(self.database.get_services())

    def check(self, service):
        return self.health.Check(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS).status

    def watched(self, service):
        """What a watcher is told, until that is that the service serves: one that has just begun may not."""
        stream = self.health.Watch(health_pb2.HealthCheckRequest(service=service), timeout=SECONDS)
        for answer in stream:
            if answer.status in (SERVING, UNKNOWN):
                stream.cancel()
                break
        return answer.status


def buf(address, path, request=None, listed=False):
    command = [os.environ["BUF"], "curl", "--protocol", "grpc", "--http2-prior-knowledge"]
    if listed:
        command.append("--list-services")
    elif request is not None:
        command += ["--data", json.dumps(request)]
    done = subprocess.run(
        [*command, f"http://{address}{path}"], capture_output=True, text=True, timeout=SECONDS * 2, check=False
    )
    return done.returncode, done.stdout, done.stderr


def refused(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return None


def expect(what, holds, seen=""):
    print(f"  {'ok ' if holds else 'NOT'} {what}{'' if holds else f': {seen}'}")
    return holds


def standard(process):
    """What both processes offer beside their own services."""
    services = process.services()
    wanted = STANDARD | {OURS + service for service in SERVED[process.kind]}
    yield expect("reflection lists the services", wanted <= services, sorted(services))
    for service in ["", *sorted(name for name in services if name.startswith(OURS))]:
        shown = service or "the whole process"
        try:
            told = (process.watched(service), process.check(service))
        except grpc.RpcError as error:
            told = (error.code(), error.details())
        yield expect(f"Watch and Check say that {shown} serves", told == (SERVING, SERVING), told)
    unknown = refused(lambda: process.check("artifactstore.v1.Nothing"))
    yield expect("Check knows no service that is not there", unknown == grpc.StatusCode.NOT_FOUND, unknown)
    code, out, err = buf(process.address, "", listed=True)
    yield expect("buf curl lists the services", code == 0 and wanted <= set(out.split()), out + err)
    code, out, err = buf(process.address, "/grpc.health.v1.Health/Check", {})
    yield expect("buf curl: Check", code == 0 and json.loads(out).get("status") == "SERVING", out + err)


def control_plane(process):
    packages = process.call("PackageService", "ListPackages", {"pageSize": 3})
    yield expect("grpcio: ListPackages", len(packages) == 1, packages)
    events = process.call("EventService", "Tail", {"sinceSequence": 0})
    sequences = [int(part["event"]["sequence"]) for part in events if "event" in part]
    yield expect("grpcio: Tail answers in order", sequences == sorted(set(sequences)), sequences)
    code, out, err = buf(process.address, f"/{OURS}PackageService/ListPackages", {"pageSize": 3})
    yield expect("buf curl: ListPackages", code == 0 and json.loads(out or "{}") == packages[0], out + err)
    code, out, err = buf(process.address, f"/{OURS}EventService/Tail", {"sinceSequence": 0})
    told = [line for line in out.splitlines() if '"sequence"' in line]
    yield expect("buf curl: Tail", code == 0 and len(told) >= len(sequences), err or len(told))
    code, out, err = buf(process.address, f"/{OURS}PackageService/ListPackages", {"pageToken": "nonsense"})
    yield expect("buf curl: a malformed field is refused", code != 0 and "invalid_argument" in err, out + err)


def node(process):
    code = refused(lambda: process.call("TransferService", "QueryUpload", {}))
    yield expect("grpcio: nobody gets in without a ticket", code == grpc.StatusCode.UNAUTHENTICATED, code)
    code, out, err = buf(process.address, f"/{OURS}DataPlaneService/BackendHealth", {})
    yield expect("buf curl: nobody gets in without a control token", code != 0 and "unauthenticated" in err, out + err)


def main():
    asked = {"control plane": control_plane, "node": node}
    results = []
    for kind, address in zip(asked, sys.argv[1:], strict=False):
        if address == "-":
            continue
        print(f"{kind} at {address}")
        process = Process(kind, address)
        try:
            for part in (standard, asked[kind]):
                results.extend(part(process))
        except grpc.RpcError as error:
            results.append(expect("the call", False, f"{error.code()}: {error.details()}"))
    print(f"{sum(results)} of {len(results)} hold")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
