#!/usr/bin/env python3
"""Measures Ordinal: start, idle cost, pods. Prints medians with machine facts. Python's standard library only.

Run by `make bench`, in a network namespace of its own.
Options: --only start,idle,pods,sets,dns,simulated,binding  --rounds N  --idle-seconds N
"""
import argparse, base64, http.client, json, os, platform, shutil, signal, socket, ssl, statistics, subprocess, sys, tempfile
import threading, time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ORDINAL = os.path.join(ROOT, ".build/release/ordinal")
CRI_BENCH = os.path.join(ROOT, ".build/release/ordinal-cri-bench")
CONTAINERS = os.geteuid() == 0 and shutil.which("containerd") is not None


class Cluster:
    """A real `ordinal up`, and a client of its API."""

    def __init__(self, port, *options):
        self.dir = tempfile.mkdtemp(prefix="ob-", dir="/tmp")
        self.port = port
        self.log = open(os.path.join(self.dir, "ordinal.log"), "w")
        self.start(*options)

    def start(self, *options):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [ORDINAL, "up", "--data-dir", self.dir, "--listen", f"127.0.0.1:{self.port}", "--node-name", "n1", *options],
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
    finally:
        cluster.stop()


class Sets:
    """StatefulSets of a cluster, and how long it takes until they are as wanted."""
    PATH = "/apis/apps/v1/namespaces/default/statefulsets"

    def __init__(self, cluster):
        self.cluster = cluster
        self.connection = cluster.connect()

    def timed(self, name, method, path, body, done):
        """Seconds from a request until the set's status says so."""
        begin = time.monotonic()
        self.cluster.call(self.connection, method, path, body)
        for event in self.cluster.watch(f"{self.PATH}?fieldSelector=metadata.name%3D{name}"):
            object = event["object"]
            status = object.get("status", {})
            if status.get("observedGeneration") == object["metadata"]["generation"] and done(object, status):
                return time.monotonic() - begin

    def create(self, name, replicas, policy="OrderedReady", probe=True):
        template = pod(name, probe)
        # As people have it: nginx ends by itself within it.
        template["spec"]["terminationGracePeriodSeconds"] = 30
        spec = {"serviceName": name, "replicas": replicas, "podManagementPolicy": policy,
                "selector": {"matchLabels": {"app": name}},
                "template": {"metadata": {"labels": {"app": name}}, "spec": template["spec"]}}
        service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
                   "spec": {"clusterIP": "None", "selector": {"app": name}, "ports": [{"port": 80}]}}
        self.cluster.call(self.connection, "POST", "/api/v1/namespaces/default/services", service)
        body = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name}, "spec": spec}
        return self.timed(name, "POST", self.PATH, body, lambda o, s: s.get("readyReplicas") == replicas)

    def change(self, name, spec, done):
        path = f"{self.PATH}/{name}"
        now = self.cluster.call(self.connection, "GET", path)
        for key, value in spec.items():
            now["spec"][key] = value
        return self.timed(name, "PUT", path, now, done)

    def scale(self, name, replicas):
        return self.change(name, {"replicas": replicas}, lambda o, s: s.get("replicas", 0) == replicas
                           and s.get("readyReplicas", 0) == replicas)

    def roll(self, name):
        template = self.cluster.call(self.connection, "GET", f"{self.PATH}/{name}")["spec"]["template"]
        template["metadata"].setdefault("annotations", {})["rolled"] = str(time.time())
        return self.change(name, {"template": template}, lambda o, s: s["currentRevision"] == s["updateRevision"]
                           and s.get("updatedReplicas") == s.get("readyReplicas") == o["spec"]["replicas"])

    def remove(self, name):
        self.cluster.call(self.connection, "DELETE", f"{self.PATH}/{name}")
        self.cluster.call(self.connection, "DELETE", f"/api/v1/namespaces/default/services/{name}")
        path = f"/api/v1/namespaces/default/pods?labelSelector=app%3D{name}&limit=1"
        while self.cluster.call(self.connection, "GET", path)["items"]:
            time.sleep(0.02)


def sets(rounds):
    cluster = Cluster(19446)
    try:
        cluster.wait_ready()
        cluster.wait_node()
        subprocess.run([ORDINAL, "image", "import", "--data-dir", cluster.dir,
                        os.path.join(ROOT, "images/out/nginx-1.25.4.tar")], check=True, stdout=subprocess.DEVNULL)
        sets = Sets(cluster)
        times = {name: [] for name in ("create", "roll", "up", "down", "many")}
        for round in range(rounds):
            name = f"web-{round}"
            times["create"].append(sets.create(name, 3))
            times["roll"].append(sets.roll(name))
            times["up"].append(sets.scale(name, 10))
            times["down"].append(sets.scale(name, 3))
            sets.remove(name)
        for round in range(max(1, rounds // 2)):
            times["many"].append(sets.create(f"many-{round}", 50, "Parallel"))
            memory = rss(cluster.process.pid)
            sets.remove(f"many-{round}")
        if os.path.exists(CRI_BENCH):
            bare, own = [], []
            instance = json.load(open(os.path.join(cluster.dir, "instance.json")))
            for round in range(max(1, rounds // 2)):
                # Side by side on one containerd, without probes.
                bare.append(float(subprocess.run([CRI_BENCH, instance["socket"], "docker.io/library/nginx:1.25.4"],
                                                 check=True, capture_output=True, text=True).stdout))
                own.append(sets.create(f"plain-{round}", 50, "Parallel", probe=False))
                sets.remove(f"plain-{round}")
            report("50 pods by bare CRI calls", bare, "s", "-")
            report("50 nginx at once without probes", own, "s", "-")
            report("rate beside bare CRI calls", [100 * statistics.median(bare) / statistics.median(own)], "%", ">= 90")
        report("3 nginx OrderedReady, apply to 3/3", times["create"], "s", "<= 1.0 (Kubernetes 1.36: 2.28)")
        report("3 nginx, rolled", times["roll"], "s", "<= 2.2 (5.28)")
        report("3 to 10 nginx", times["up"], "s", "<= 2.2 (4.34)")
        report("10 to 3 nginx", times["down"], "s", "<= 2.2 (7.13)")
        report("50 nginx at once", times["many"], "s", "<= 4.8 (5.81)")
        report("RSS with 50 pods, ordinal", [memory], "MiB", "<= 90 (689)")
    finally:
        cluster.stop()


def dns(rounds):
    """The gap of cluster DNS while `ordinal` ends by SIGTERM and starts again on the same data directory."""
    cluster = Cluster(19448)
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + b"".join(
        bytes([len(part)]) + part for part in b"kubernetes.default.svc.cluster.local".split(b".")) + b"\x00\x00\x01\x00\x01"
    answered, ends = [], threading.Event()

    def ask():
        while not ends.is_set():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(0.02)
                try:
                    client.sendto(question, ("10.96.0.10", 53))
                    reply = client.recv(512)
                    if reply[3] & 0xF == 0 and reply[7] > 0:
                        answered.append(time.monotonic())
                except OSError:
                    pass
            time.sleep(0.002)

    try:
        cluster.wait_ready()
        cluster.wait_node()
        asker = threading.Thread(target=ask)
        asker.start()
        gaps = []
        for _ in range(rounds):
            time.sleep(0.5)
            count = len(answered)
            cluster.process.send_signal(signal.SIGTERM)
            cluster.process.wait(timeout=30)
            cluster.start()
            cluster.wait_ready()
            ready = time.monotonic()
            # Until it answers again for a while; what never answers is a gap up to now.
            while time.monotonic() < ready + 10 and (not answered or answered[-1] < ready + 0.5):
                time.sleep(0.01)
            window = answered[max(0, count - 1):]
            if window[-1] < ready + 0.5:
                window.append(time.monotonic())
            gaps.append(max(b - a for a, b in zip(window, window[1:])))
        ends.set()
        asker.join()
        report("gap of cluster DNS over a restart", gaps, "s", "<= 1")
    finally:
        ends.set()
        cluster.stop()


def binding():
    """10,000 pods that wait already are bound to 1,000 simulated nodes: first to last binding, as the scheduler counts
    those that the API has acknowledged. (A watch of all pods in Python would take a sixth of the machine.)"""
    options = ["--runtime", "simulated", "--pod-cidr", "10.128.0.0/9"]
    cluster = Cluster(19449, *options)
    count, nodes = 10_000, 1_000
    try:
        cluster.wait_ready()
        cluster.wait_node()
        base = "/api/v1/namespaces/default/pods"
        # Nobody may run on the first node, so they wait for others.
        term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["n1"]}]}

        def make(connection, first):
            for number in range(first, count, 4):
                body = pod(f"wait-{number}", probe=False)
                body["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [term]}}}
                cluster.call(connection, "POST", base, body)

        makers = [threading.Thread(target=make, args=(cluster.connect(), first)) for first in range(4)]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
        cluster.process.send_signal(signal.SIGTERM)
        cluster.process.wait(timeout=60)
        # The nodes take their pods and start none of them: what is measured is the scheduler with the API and its store.
        cluster.start(*options, "--nodes", str(nodes), "--simulated-start-delay", "3600000")
        cluster.wait_ready()
        connection, first, bound = cluster.connect(), None, 0
        while bound < count:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
            now = time.monotonic()
            bound = sum(int(float(line.split()[-1])) for line in text.splitlines()
                        if line.startswith("scheduler_schedule_attempts_total{") and 'result="scheduled"' in line)
            if first is None and bound:
                first = (bound, now)
            time.sleep(0.1)
        items = cluster.call(connection, "GET", base)["items"]
        assert len(items) == count and all(item["spec"].get("nodeName") for item in items)
        report("10,000 pods on 1,000 nodes, bound", [(bound - first[0]) / (now - first[1])], "/s", ">= 3,000")
        report("RSS with 10,000 pods on 1,000 nodes", [rss(cluster.process.pid)], "MiB", "-")
    finally:
        cluster.stop()


def simulated(rounds):
    cluster = Cluster(19447, "--runtime", "simulated", "--nodes", "20")
    try:
        cluster.wait_ready()
        cluster.wait_node()
        sets = Sets(cluster)
        times = {name: [] for name in ("create", "roll", "down", "parallel")}
        for round in range(rounds):
            name = f"sim-{round}"
            times["create"].append(sets.create(name, 100, probe=False))
            times["roll"].append(sets.roll(name))
            times["down"].append(sets.scale(name, 0))
            sets.remove(name)
            times["parallel"].append(sets.create(f"wide-{round}", 1000, "Parallel", probe=False))
            memory = rss(cluster.process.pid)
            sets.remove(f"wide-{round}")
        report("simulated: 100 OrderedReady", times["create"], "s", "<= 0.5 (Kubernetes 1.36: 2.1)")
        report("simulated: 100 rolled", times["roll"], "s", "<= 1 (4.5)")
        report("simulated: 100 to 0", times["down"], "s", "<= 0.5 (2.2)")
        report("simulated: 1,000 Parallel", times["parallel"], "s", "<= 2 (13.7)")
        report("simulated: RSS with 1,000 pods", [memory], "MiB", "-")
    finally:
        cluster.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="start,idle,pods,sets,dns,simulated,binding")
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
    if "sets" in parts and CONTAINERS:
        sets(arguments.rounds)
    if "dns" in parts and CONTAINERS:
        dns(arguments.rounds)
    if "simulated" in parts:
        simulated(arguments.rounds)
    if "binding" in parts:
        binding()


if __name__ == "__main__":
    sys.exit(main())
