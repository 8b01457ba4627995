"""What deploy/check looks at beyond shell syntax. Each finding is a line; any finding fails."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    yaml = None
try:
    import tomllib
except ImportError:
    tomllib = None

DEPLOY = pathlib.Path("deploy")
CONTROL_PLANE = pathlib.Path("control-plane/server/src/process/settings.rs")
NODE = pathlib.Path("data-plane/node/src/settings.rs")
KIT = pathlib.Path("shared/kit/src/settings.rs")
# Variables of commands, of the scripts here, and of tests; and the one that names the file.
COMMANDS = {"SERVER", "EMBEDDED", "NAMESPACE", "ACTOR"}
SCRIPTS = {"BIN_DIR", "DEV_DIR", "DEV_PORT", "TEST_DATABASE_URL", "TEST_S3_BUCKET"}
FILE = "CONFIG"
# What a process needs after calls have ended: the last probe, and its threads.
SECONDS_AFTER_DRAIN = 6

findings = []
passed_over = []


class Unreadable(Exception):
    """A file that cannot be looked at, and so nothing that depends on it."""


def found(where, what):
    findings.append(f"{where}: {what}")


# --- what the programs understand, from their sources


def fields(path, struct):
    """The fields of a struct in a Rust file, by name."""
    text = path.read_text()
    body = re.search(rf"struct {struct} \{{\n(.*?)\n\}}", text, re.S)
    if not body:
        found(path, f"no struct {struct}")
        return set()
    return set(re.findall(r"^    (?:pub(?:\([a-z]+\))? )?(\w+):", body[1], re.M))


def backends():
    """The kinds of backend, and the keys of each."""
    body = re.search(r"enum BackendSettings \{\n(.*?)\n\}", NODE.read_text(), re.S)
    kinds = {}
    for name, struct, keys in re.findall(
        r"^    (\w+)(?:\((?:Box<)?(\w+)>?\)|\s*\{\n(.*?)\n    \})", body[1] if body else "", re.S | re.M
    ):
        homes = [
            home for home in [NODE, *NODE.with_suffix("").glob("*.rs")] if f"struct {struct} {{" in home.read_text()
        ]
        kinds[name.lower()] = fields(homes[0], struct) if homes else set(re.findall(r"^\s+(\w+):", keys, re.M))
    return kinds


def ports(path):
    """The default ports, gRPC and HTTP."""
    text = path.read_text()
    return [int(re.search(rf"{door}_addr: local\((\d+)\)", text)[1]) for door in ("grpc", "http")]


def drain_seconds(path):
    return int(re.search(r"drain_timeout_seconds: (?:number|seconds)::<(\d+)>", path.read_text())[1])


class Program:
    def __init__(self, path, struct):
        self.path = path
        self.keys = fields(path, struct)
        self.ports = ports(path)
        self.drain = drain_seconds(path)

    def understands(self, where, variables):
        for name in variables:
            key = name.removeprefix("ARTIFACTSTORE_")
            if name.startswith("ARTIFACTSTORE_") and key != FILE and key.lower() not in self.keys:
                found(where, f"{name} is no variable of {self.path}")


# --- files


def texts():
    """Every file below deploy/ but this one and secrets, with its text."""
    for path in sorted(DEPLOY.rglob("*")):
        if (
            path.is_file()
            and path.name != "check.py"
            and "secrets" not in path.parts[:-1]
            and "__pycache__" not in path.parts
        ):
            yield path, path.read_text()


def documents(path):
    """The documents of a YAML file, in which no key may stand twice."""

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.value != "<<"]
            for name in {name for name in names if names.count(name) > 1}:
                found(path, f"{name} stands twice in one mapping")
            self.flatten_mapping(node)
            return super().construct_mapping(node, deep)

    try:
        return [document for document in yaml.load_all(path.read_text(), Loader) if document]
    except yaml.YAMLError as error:
        raise Unreadable(f"{path}: {error}") from error


def environment_file(path):
    """The variables of an environment file."""
    variables = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if not equals or not re.fullmatch(r"[A-Z_]+", name) or not value:
                found(path, f"line {number} is not NAME=VALUE")
            variables[name] = value
    return variables


def node_file(path, node, kinds):
    """A node's file: its keys, and those of its backends. Answers the ids of what only it has."""
    if tomllib is None:
        return []
    try:
        settings = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"{path}: {error}") from error
    for key in sorted(settings.keys() - node.keys):
        found(path, f"{key} is no key of {NODE}")
    for backend in settings.get("backends", []):
        kind = backend.get("kind")
        for key in sorted(backend.keys() - {"kind"} - kinds.get(kind, set())):
            found(path, f"{key} is no key of a backend of kind {kind}")
    return [backend["id"] for backend in settings.get("backends", []) if backend.get("kind") == "local"]


def one_owner_each(owners):
    """No backend that is a directory is named by two nodes of one site."""
    for where, ids in owners.items():
        for other, others in owners.items():
            for shared in set(ids) & set(others) if where < other else ():
                found(where, f"backend {shared} is also in {other}; a directory belongs to one node")


# --- the parts


def within(path, folders):
    return any(pathlib.Path(path).is_relative_to(folder) for folder in folders)


def images(control_plane, node):
    path = DEPLOY / "containers/Dockerfile"
    text = path.read_text()
    channel = re.search(r'channel = "(.+)"', pathlib.Path("rust-toolchain.toml").read_text())[1]
    if f"ARG RUST_VERSION={channel}\n" not in text:
        found(path, f"RUST_VERSION is not {channel}, as rust-toolchain.toml says")
    for target, program in [("control-plane", control_plane), ("data-plane", node)]:
        stage = re.search(rf"^FROM process AS {target}$(.*?)(?=^FROM |\Z)", text, re.S | re.M)[1]
        variables = dict(re.findall(r"(ARTIFACTSTORE_\w+)=(\S+)", stage))
        program.understands(f"{path}, {target}", ["ARTIFACTSTORE_LOG_FORMAT", *variables])
        named = [int(variables[f"ARTIFACTSTORE_{door}_ADDR"].rsplit(":", 1)[1]) for door in ("GRPC", "HTTP")]
        exposed = [int(port) for port in re.search(r"^EXPOSE (.+)$", stage, re.M)[1].split()]
        if not named == exposed == program.ports:
            found(path, f"{target} listens on {named} and exposes {exposed}; the defaults are {program.ports}")
    sent = [line[1:] for line in pathlib.Path(".dockerignore").read_text().splitlines() if line.startswith("!")]
    for file in [path, path.with_name("rgw.Dockerfile")]:
        for line in re.findall(r"^COPY (?!--from)(.*)$", file.read_text(), re.M):
            for source in [word for word in line.split()[:-1] if not word.startswith("--") and word != "."]:
                if not pathlib.Path(source).is_file() or not within(source, sent):
                    found(file, f"{source} is not there, or not sent to the builder")
    for source in [
        source for folder in sent for source in pathlib.Path(folder).rglob("*.rs") if "target" not in source.parts
    ]:
        for included in re.findall(r'include_(?:str|bytes)!\("([^"]+)"\)', source.read_text()):
            included = pathlib.Path(os.path.normpath(source.parent / included))
            if not within(included, sent):
                found(".dockerignore", f"{included} is not sent to the builder, but {source} includes it")


def seconds(text):
    return int(str(text).removesuffix("s"))


def compose(control_plane, node, kinds):
    path = DEPLOY / "compose/compose.yaml"
    (site,) = documents(path)
    services, written = site["services"], (DEPLOY / "compose/make-secrets").read_text()
    owners = {}
    for name, service in services.items():
        where = f"{path}, {name}"
        program = {"control-plane": control_plane, "data-plane": node}.get(service.get("build", {}).get("target"))
        variables = dict(service.get("environment", {}))
        for file in service.get("env_file", []):
            block = re.search(rf">secrets\.new/{pathlib.Path(file).name} <<ENV\n(.*?)\nENV", written, re.S)
            if not block:
                found(where, f"make-secrets does not write {file}")
            else:
                variables |= dict(line.split("=", 1) for line in block[1].splitlines())
        if program:
            program.understands(where, variables)
            if seconds(service["stop_grace_period"]) < program.drain + SECONDS_AFTER_DRAIN:
                found(where, "stop_grace_period is shorter than what the process may take to end")
            if not (service.get("read_only") and service.get("mem_limit") and service.get("cap_drop") == ["ALL"]):
                found(where, "is not confined as the others are")
        for dependency in service.get("depends_on", {}):
            if dependency not in services:
                found(where, f"depends on {dependency}, which is no service")
        for config in service.get("configs", []):
            file = path.parent / site["configs"][config["source"]]["file"]
            owners[name] = node_file(file, node, kinds)
        for secret in service.get("secrets", []):
            if f"secrets.new/{secret}" not in written or secret not in site["secrets"]:
                found(where, f"nobody writes the secret {secret}")
        for volume in service.get("volumes", []):
            if volume.split(":")[0] not in site["volumes"]:
                found(where, f"volume {volume} is not declared")
        for file in [service["build"]["dockerfile"]] if "build" in service else []:
            if not (path.parent / service["build"]["context"] / file).is_file():
                found(where, f"{file} is not there")
        for url in str(variables.get("ARTIFACTSTORE_CONTROL_PLANES", "")).split(","):
            host, _, port = url.removeprefix("http://").partition(":")
            if url and (host not in services or int(port) != control_plane.ports[0]):
                found(where, f"{url} is no control plane")
        endpoint = variables.get("ARTIFACTSTORE_ENDPOINT")
        listens = str(variables.get("ARTIFACTSTORE_GRPC_ADDR", f":{node.ports[0]}")).rsplit(":", 1)[1]
        if endpoint and endpoint != f"http://{name}:{listens}":
            found(where, f"{endpoint} is not where it listens, port {listens}")
    one_owner_each(owners)


def pod(where, template, programs, kinds_of_port):
    spec = template["spec"]
    (container,) = spec["containers"]
    program = programs.get(container["image"])
    if program:
        program.understands(where, [variable["name"] for variable in container["env"]])
        named = [port["containerPort"] for port in container["ports"]]
        if named != program.ports:
            found(where, f"ports {named}; the defaults are {program.ports}")
        pause = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
        if spec["terminationGracePeriodSeconds"] < int(pause[1]) + program.drain + SECONDS_AFTER_DRAIN:
            found(where, "terminationGracePeriodSeconds is shorter than what the process may take to end")
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            if probe not in container:
                found(where, f"has no {probe}")
            elif container[probe].get("grpc", {}).get("port", named[0]) != named[0]:
                found(where, f"{probe} asks another port")
    confined = container["securityContext"]
    if not (
        spec["securityContext"].get("runAsNonRoot")
        and confined.get("readOnlyRootFilesystem")
        and confined.get("allowPrivilegeEscalation") is False
        and confined.get("capabilities") == {"drop": ["ALL"]}
        and "limits" in container["resources"]
    ):
        found(where, "is not confined as the others are")
    kinds_of_port[tuple(sorted(template["metadata"]["labels"].items()))] = {
        port["name"]: port["containerPort"] for port in container.get("ports", [])
    }


def kubernetes(control_plane, node, kinds):
    folder = DEPLOY / "kubernetes"
    (kustomization,) = documents(folder / "kustomization.yaml")
    programs = {"artifactstore-control-plane": control_plane, "artifactstore-data-plane": node}
    objects, pods = [], {}
    for name in kustomization["resources"]:
        if not (folder / name).is_file():
            found(folder / "kustomization.yaml", f"{name} is not there")
            continue
        objects += [(f"{folder / name}, {document['kind']}", document) for document in documents(folder / name)]
    documents(folder / "secrets.example.yaml")
    for where, document in objects:
        if document["kind"] in ("StatefulSet", "Job"):
            pod(where, document["spec"]["template"], programs, pods)
    for where, document in objects:
        selector = document.get("spec", {}).get("selector")
        if selector and document["kind"] in ("Service", "PodDisruptionBudget", "StatefulSet"):
            labels = tuple(sorted(selector.get("matchLabels", selector).items()))
            if labels not in pods:
                found(where, f"selects no pod: {labels}")
            for port in document["spec"].get("ports", []) if document["kind"] == "Service" else []:
                if pods.get(labels, {}).get(port["targetPort"]) != port["port"]:
                    found(where, f"port {port['port']} is not that of {port['targetPort']}")
    files = {pathlib.Path(file) for generator in kustomization["configMapGenerator"] for file in generator["files"]}
    owners = {str(file): node_file(folder / file, node, kinds) for file in files if (folder / file).is_file()}
    one_owner_each(owners)
    for where, document in objects:
        if document["kind"] == "StatefulSet" and document["metadata"]["name"] == "artifactstore-node":
            for index in range(document["spec"]["replicas"]):
                if f"nodes/artifactstore-node-{index}.toml" not in owners:
                    found(where, f"node {index} has no file")


def systemd(control_plane, node, kinds):
    folder = DEPLOY / "systemd"
    told = {path.name.removesuffix(".example"): environment_file(path) for path in folder.glob("*.env.example")}
    node_file(folder / "node-a.toml.example", node, kinds)
    for name, program in [("artifactstore-control-plane", control_plane), ("artifactstore-data-plane@", node)]:
        path = folder / f"{name}.service"
        text = path.read_text()
        program.understands(path, re.findall(r"^Environment=(\w+)=", text, re.M))
        for file in re.findall(r"^EnvironmentFile=-?/etc/artifactstore/(.+)$", text, re.M):
            if file in told:
                program.understands(folder / file, told[file])
            elif "%i" not in file:
                found(path, f"{file} has no example")
        if int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.M)[1]) < program.drain + SECONDS_AFTER_DRAIN:
            found(path, "TimeoutStopSec is shorter than what the process may take to end")
    if not shutil.which("systemd-analyze"):
        passed_over.append("units (no systemd-analyze)")
        return
    with tempfile.TemporaryDirectory() as scratch:
        units = []
        for path in sorted(folder.glob("*.service")):
            unit = pathlib.Path(scratch) / path.name.replace("@.", "@node-a.")
            # The programs need not be installed here.
            unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", path.read_text(), flags=re.M))
            units.append(str(unit))
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
        )
        for line in done.stderr.splitlines() if done.returncode or scratch in done.stderr else []:
            found(folder, line.replace(f"{scratch}/", ""))


def names(programs):
    """Every variable that is named anywhere below deploy/, in prose and scripts too, is one that something reads."""
    known = COMMANDS | SCRIPTS | {FILE} | {key.upper() for program in programs for key in program.keys}
    known |= {key.upper() for key in fields(KIT, "Settings")}
    for path, text in texts():
        for name in sorted(set(re.findall(r"\bARTIFACTSTORE_([A-Z][A-Z0-9_]*[A-Z0-9])\b(?!_)", text)) - known):
            found(path, f"ARTIFACTSTORE_{name} is read by nothing")


def look(parts):
    for part, *about in parts:
        try:
            part(*about)
        except (Unreadable, OSError) as error:
            findings.append(str(error))


def everything():
    control_plane, node, kinds = (
        Program(CONTROL_PLANE, "ControlPlaneSettings"),
        Program(NODE, "NodeSettings"),
        backends(),
    )
    parts = [(names, [control_plane, node]), (images, control_plane, node), (systemd, control_plane, node, kinds)]
    if tomllib is None:
        passed_over.append("files of nodes (no tomllib: python 3.11 has it)")
    if yaml is None:
        passed_over.append("compose and Kubernetes (no PyYAML)")
    else:
        parts += [(compose, control_plane, node, kinds), (kubernetes, control_plane, node, kinds)]
    look(parts)


def main():
    look([(everything,)])
    print(f"deploy: {'BROKEN' if findings else 'kept'}")
    for finding in findings:
        print(f"  {finding}")
    for what in passed_over:
        print(f"  not checked: {what}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
