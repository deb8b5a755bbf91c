#!/usr/bin/env python3
"""Measures Ordinal: start, idle cost, pods. Prints medians with machine facts. Python's standard library only.

Run by `make bench`, in a network namespace of its own. Options: --only start,idle,pods  --rounds N  --idle-seconds N
"""
import argparse, base64, http.client, json, os, platform, shutil, signal, ssl, statistics, subprocess, sys, tempfile, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ORDINAL = os.path.join(ROOT, ".build/release/ordinal")
CONTAINERS = os.geteuid() == 0 and shutil.which("containerd") is not None


class Cluster:
    """A real `ordinal up`, and a client of its API."""

    def __init__(self, port, *options):
        self.dir = tempfile.mkdtemp(prefix="ob-", dir="/tmp")
        self.port = port
        self.started = time.monotonic()
        self.log = open(os.path.join(self.dir, "ordinal.log"), "w")
        self.process = subprocess.Popen(
            [ORDINAL, "up", "--data-dir", self.dir, "--listen", f"127.0.0.1:{port}", "--node-name", "n1", *options],
            stdout=self.log, stderr=subprocess.STDOUT)

    def connect(self):
        """An HTTPS connection with the administrator's certificate."""
        text = open(os.path.join(self.dir, "kubeconfig")).read()
        def field(name):
            line = next(l for l in text.splitlines() if name in l)
            return base64.b64decode(line.split(":", 1)[1].strip().strip('"')).decode()
        context = ssl.create_default_context(cadata=field("certificate-authority-data"))
        cert, key = self.dir + ".crt", self.dir + ".key"
        open(cert, "w").write(field("client-certificate-data"))
        open(key, "w").write(field("client-key-data"))
        context.load_cert_chain(cert, key)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=120)

    def call(self, connection, method, path, body=None, ok=(200, 201)):
        data = json.dumps(body) if body is not None else None
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        reply = connection.getresponse()
        text = reply.read()
        if reply.status not in ok:
            raise RuntimeError(f"{method} {path}: {reply.status} {text[:500]}")
        return json.loads(text) if text[:1] in (b"{", b"[") else text

    def wait_ready(self):
        """Seconds from exec until /readyz says ok."""
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("ordinal ended: " + open(self.log.name).read()[-2000:])
            try:
                if self.call(self.connect(), "GET", "/readyz") == b"ok":
                    return time.monotonic() - self.started
            except (OSError, StopIteration, RuntimeError, ssl.SSLError):
                pass
            time.sleep(0.002)

    def wait_node(self):
        """Seconds from exec until the node is Ready."""
        connection = self.connect()
        while True:
            nodes = self.call(connection, "GET", "/api/v1/nodes")["items"]
            if nodes and all(condition(n, "Ready") for n in nodes):
                return time.monotonic() - self.started
            time.sleep(0.005)

    def watch(self, path):
        """The events of a watch, as they come."""
        connection = self.connect()
        connection.request("GET", path + ("&" if "?" in path else "?") + "watch=true")
        reply = connection.getresponse()
        while True:
            line = reply.readline()
            if not line:
                return
            yield json.loads(line)

    def stop(self):
        subprocess.run([ORDINAL, "down", "--yes", "--purge", "--data-dir", self.dir], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=120)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        shutil.rmtree(self.dir, ignore_errors=True)
        for path in (self.dir + ".crt", self.dir + ".key"):
            if os.path.exists(path):
                os.unlink(path)

    def children(self):
        """Our process and the containerd it started."""
        found = [self.process.pid]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
                name = open(f"/proc/{pid}/comm").read().strip()
            except OSError:
                continue
            if int(fields[1]) in found and name == "containerd":
                found.append(int(pid))
        return found


def condition(value, name):
    return any(c["type"] == name and c["status"] == "True" for c in value.get("status", {}).get("conditions", []))


def rss(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def ticks(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def written(pid):
    return next(int(l.split()[1]) for l in open(f"/proc/{pid}/io") if l.startswith("write_bytes"))


def report(name, values, unit, target):
    values = sorted(values)
    print(f"{name:<46} {statistics.median(values):8.3f} {unit:<4} (min {values[0]:.3f}, max {values[-1]:.3f}, n={len(values)})"
          f"   target {target}", flush=True)


def facts():
    cpu = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if "model name" in l), platform.machine())
    memory = int(open("/proc/meminfo").readline().split()[1]) // 1024
    path = tempfile.mktemp(dir="/tmp")
    with open(path, "wb") as file:
        times = []
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            start = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - start) * 1000)
    os.unlink(path)
    print(f"machine: {cpu}, {os.cpu_count()} cores, {memory} MiB, Linux {platform.release()}, "
          f"fdatasync {statistics.median(times):.2f} ms, load {os.getloadavg()[0]:.2f}")
    print(f"binary:  {os.path.getsize(ORDINAL) / 1e6:.0f} MB\n", flush=True)


def start(rounds, options):
    ready, node = [], []
    for _ in range(rounds):
        cluster = Cluster(19443, *options)
        try:
            ready.append(cluster.wait_ready())
            node.append(cluster.wait_node())
        finally:
            cluster.stop()
    report("exec to /readyz, empty data dir", ready, "s", "<= 0.5")
    report("exec to node Ready", node, "s", "<= 2")


def idle(seconds, options):
    cluster = Cluster(19444, *options)
    try:
        cluster.wait_ready()
        cluster.wait_node()
        time.sleep(10)
        pids = cluster.children()
        before = [ticks(p) for p in pids]
        bytes_before = [written(p) for p in pids]
        time.sleep(seconds)
        use = [(ticks(p) - b) / seconds * 100 for p, b in zip(pids, before)]
        wrote = [(written(p) - b) * 60 / seconds / 1024 for p, b in zip(pids, bytes_before)]
        report("idle RSS, ordinal", [rss(pids[0])], "MiB", "<= 60")
        report("idle CPU, ordinal", [use[0]], "%", "<= 0.5")
        report("written in an idle minute, ordinal", [wrote[0]], "KiB", "~0")
        if len(pids) > 1:
            report("idle RSS, with containerd", [sum(map(rss, pids))], "MiB", "-")
            report("idle CPU, with containerd", [sum(use)], "%", "-")
    finally:
        cluster.stop()


def pod(name, probe=True):
    container = {"name": "nginx", "image": "nginx:1.25.4", "imagePullPolicy": "IfNotPresent"}
    if probe:
        container["readinessProbe"] = {"httpGet": {"path": "/", "port": 80}, "periodSeconds": 1}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]}}


def pods(rounds):
    cluster = Cluster(19445)
    try:
        cluster.wait_ready()
        cluster.wait_node()
        subprocess.run([ORDINAL, "image", "import", "--data-dir", cluster.dir,
                        os.path.join(ROOT, "images/out/nginx-1.25.4.tar")], check=True, stdout=subprocess.DEVNULL)
        connection = cluster.connect()
        base = "/api/v1/namespaces/default/pods"
        times = []
        for round in range(rounds + 1):
            name = f"one-{round}"
            begin = time.monotonic()
            cluster.call(connection, "POST", base, pod(name, probe=False))
            for event in cluster.watch(f"{base}?fieldSelector=metadata.name%3D{name}"):
                if condition(event["object"], "Ready"):
                    break
            if round:
                times.append(time.monotonic() - begin)
            cluster.call(connection, "DELETE", f"{base}/{name}")
            while cluster.call(connection, "GET", f"{base}/{name}", ok=(200, 404)).get("kind") != "Status":
                time.sleep(0.02)
        report("one pod, create to Ready, warm image", times, "s", "<= 0.35 (Kubernetes 1.36: 0.44)")

        times = []
        sets = "/apis/apps/v1/namespaces/default/statefulsets"
        for round in range(rounds):
            name = f"web-{round}"
            template = pod(name)
            body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name},
                    "spec": {"serviceName": name, "replicas": 3, "selector": {"matchLabels": {"app": name}},
                             "template": {"metadata": template["metadata"], "spec": template["spec"]}}}
            body["spec"]["template"]["metadata"] = {"labels": {"app": name}}
            service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                       "spec": {"clusterIP": "None", "selector": {"app": name}, "ports": [{"port": 80}]}}
            begin = time.monotonic()
            cluster.call(connection, "POST", "/api/v1/namespaces/default/services", service)
            cluster.call(connection, "POST", sets, body)
            for event in cluster.watch(f"{sets}?fieldSelector=metadata.name%3D{name}"):
                if event["object"].get("status", {}).get("readyReplicas") == 3:
                    break
            times.append(time.monotonic() - begin)
            cluster.call(connection, "DELETE", f"{sets}/{name}")
            while cluster.call(connection, "GET", f"{base}?labelSelector=app%3D{name}")["items"]:
                time.sleep(0.02)
        report("3 nginx OrderedReady, apply to 3/3", times, "s", "<= 1.8 (Kubernetes 1.36: 2.28)")
    finally:
        cluster.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="start,idle,pods")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle-seconds", type=int, default=60)
    arguments = parser.parse_args()
    options = [] if CONTAINERS else ["--runtime", "simulated"]
    facts()
    if not CONTAINERS:
        print("no containers here: simulated nodes, and no pod figures\n")
    parts = arguments.only.split(",")
    if "start" in parts:
        start(arguments.rounds, options)
    if "idle" in parts:
        idle(arguments.idle_seconds, options)
    if "pods" in parts and CONTAINERS:
        pods(arguments.rounds)


if __name__ == "__main__":
    sys.exit(main())
