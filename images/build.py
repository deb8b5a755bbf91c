#!/usr/bin/env python3
"""Builds the demo's and the tests' images offline, from Debian's own packages: OCI archives in images/out.

    images/build.py [NAME...]        NAME such as nginx:1.25.4; without names all but the databases of `make soak`

Each image holds a few programs of Debian with the libraries they need, over a shared busybox layer. The nginx inside is
Debian's whatever the tag says; each answers /version with its own tag, so that a rollout can be seen. Python's standard
library only; packages come by `apt-get install --download-only` into a cache, nothing is installed.
A second run does nothing.
"""
import gzip, hashlib, io, json, os, platform, shutil, subprocess, sys, tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "out")
CACHE = os.path.join(OUT, "cache")
STAGE = os.path.join(CACHE, "stage")
# By group; a group is downloaded when an image needs it.
PACKAGES = {
    "base": ["busybox", "nginx", "bind9-dnsutils", "curl", "wget"],
    "etcd": ["etcd-server", "etcd-client"],
    "postgres": ["postgresql-15", "postgresql-client-15", "tzdata"],
}
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
APPLETS = """sh ash cat ls echo sleep date hostname id ps kill env mkdir rm mv cp ln touch test true false sed grep awk head
tail wc sort uniq tr cut seq stat df du mount vi tar gzip gunzip find xargs which chmod chown dd nc ping ip netstat printf tee
md5sum sha256sum basename dirname pwd sync timeout watch uname whoami mktemp nslookup wget""".split()

NGINX_CONF = """user root;
worker_processes 1;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events { worker_connections 512; }
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log /dev/stdout;
    sendfile on;
    server {
        listen 80;
        server_name _;
        root /usr/share/nginx/html;
        index index.html;
        location = /version { default_type text/plain; return 200 "%(tag)s\\n"; }
    }
}
"""
PAGE = """<!DOCTYPE html>
<html><head><title>Welcome to nginx!</title></head>
<body><h1>Welcome to nginx!</h1><p>%(tag)s, built by Ordinal from Debian's packages.</p></body></html>
"""
BACKEND = """#!/bin/sh
# Counts its starts in /data, to show that the volume is kept.
trap 'exit 0' TERM INT
mkdir -p /data
echo "$(hostname) started" >> /data/starts
echo "starts so far: $(wc -l < /data/starts)"
while :; do sleep 1 & wait $!; done
"""


def nginx(tag):
    return {"layer": "nginx", "files": {
        "etc/nginx/nginx.conf": NGINX_CONF % {"tag": tag}, "usr/share/nginx/html/index.html": PAGE % {"tag": tag}},
        "config": {"Cmd": ["nginx", "-g", "daemon off;"], "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"}}


# The databases of `make soak`.
DATABASES = {
    "etcd:3.4": ("docker.io/library/etcd:3.4", {"layer": "etcd", "files": {}, "config": {"Cmd": ["etcd"]}}),
    "postgres:15": ("docker.io/library/postgres:15", {
        "layer": "postgres", "files": {}, "config": {
            "Cmd": ["postgres"],
            "Env": ["PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]}}),
}
IMAGES = {
    "nginx:1.25.4": ("docker.io/library/nginx:1.25.4", nginx("nginx:1.25.4")),
    "nginx:1.26.1": ("docker.io/library/nginx:1.26.1", nginx("nginx:1.26.1")),
    "nginx:latest": ("docker.io/library/nginx:latest", nginx("nginx:latest")),
    "nginx:alpine": ("docker.io/library/nginx:alpine", nginx("nginx:alpine")),
    "nginx-slim:0.8": ("gcr.io/google_containers/nginx-slim:0.8", nginx("nginx-slim:0.8")),
    "backend-image:latest": ("docker.io/library/backend-image:latest", {
        "layer": None, "files": {"usr/local/bin/backend": BACKEND},
        "config": {"Cmd": ["/usr/local/bin/backend"], "Volumes": {"/data": {}}}}),
    "busybox:1.28": ("docker.io/library/busybox:1.28", {"layer": None, "files": {}, "config": {"Cmd": ["sh"]}}),
    "tutum/dnsutils:latest": ("docker.io/tutum/dnsutils:latest", {
        "layer": "dnsutils", "files": {}, "config": {"Cmd": ["sh"]}}),
}
PROGRAMS = {"nginx": ["usr/sbin/nginx"], "dnsutils": ["usr/bin/dig", "usr/bin/nslookup", "usr/bin/host", "usr/bin/curl",
                                                      "usr/bin/wget"],
            "etcd": ["usr/bin/etcd", "usr/bin/etcdctl"],
            "postgres": [f"usr/lib/postgresql/15/bin/{name}" for name in ("initdb", "postgres", "psql", "pg_isready")]}
EXTRA = {"nginx": ["etc/nginx/mime.types"], "postgres": ["usr/share/zoneinfo/UTC", "usr/share/zoneinfo/GMT"]}
# Whole folders, and their shared objects with what those need.
FOLDERS = {"postgres": ["usr/share/postgresql/15", "usr/lib/postgresql/15/lib"]}


def stage_packages(group):
    """Downloads the packages of a group with everything they need and unpacks them into one tree for all groups."""
    done = os.path.join(STAGE, f".done-{group}")
    if os.path.exists(done):
        return
    packages = PACKAGES[group]
    print("==> downloading Debian packages for the images: " + " ".join(packages), file=sys.stderr)
    if group == "base":
        shutil.rmtree(CACHE, ignore_errors=True)
    os.makedirs(os.path.join(CACHE, "partial"), exist_ok=True)
    # An empty status file makes apt fetch the whole closure, so the result does not depend on what is installed here.
    status = os.path.join(CACHE, "status")
    open(status, "w").close()
    command = ["apt-get", "install", "--no-install-recommends", "--download-only", "-y", "-qq",
               "-o", f"Dir::State::status={status}", "-o", f"Dir::Cache::archives={CACHE}",
               "-o", "Debug::NoLocking=1", "-o", "APT::Sandbox::User=root", *packages]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    os.makedirs(STAGE, exist_ok=True)
    for name in sorted(os.listdir(CACHE)):
        if name.endswith(".deb"):
            subprocess.run(["dpkg", "-x", os.path.join(CACHE, name), STAGE], check=True)
            os.unlink(os.path.join(CACHE, name))
    # dpkg keeps /lib and /usr/lib apart; the images merge them.
    open(done, "w").close()


def find(path):
    """A staged file, with /bin, /sbin and /lib merged into /usr."""
    for candidate in (path, "usr/" + path, path.removeprefix("usr/")):
        if os.path.exists(os.path.join(STAGE, candidate)):
            return os.path.join(STAGE, candidate)
    sys.exit(f"images/build.py: {path} is in none of the packages {sum(PACKAGES.values(), [])}")


def libraries(program):
    """The loader and libraries that a staged program needs: path in the image → staged file."""
    loader = find("lib64/ld-linux-x86-64.so.2" if ARCH == "amd64" else "lib/ld-linux-aarch64.so.1")
    triple = "x86_64-linux-gnu" if ARCH == "amd64" else "aarch64-linux-gnu"
    folders = [os.path.join(STAGE, p, triple) for p in ("lib", "usr/lib")]
    listing = subprocess.run([os.path.realpath(loader), "--library-path", ":".join(folders), "--list", program],
                             check=True, capture_output=True, text=True).stdout
    found = {("lib64/" if ARCH == "amd64" else "lib/") + os.path.basename(loader): loader}
    for line in listing.splitlines():
        if "=>" not in line:
            continue
        name, path = (part.strip() for part in line.split("=>"))
        if "not found" in path:
            sys.exit(f"images/build.py: {program} needs {name}, which no package brought")
        found[f"usr/lib/{triple}/{name}"] = path.split(" (")[0]
    return found


def layer(files, links=None, folders=()):
    """A gzip-compressed layer: path → bytes or staged file. The same input gives the same bytes."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        names = set(folders)
        for path in list(files) + list(links or {}):
            parts = path.split("/")[:-1]
            names.update("/".join(parts[:n + 1]) for n in range(len(parts)))
        for name in sorted(names):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            archive.addfile(entry)
        for path in sorted(files):
            content = files[path]
            executable = "/" in path and path.split("/")[-2] in ("bin", "sbin") or ".so" in path
            data = content.encode() if isinstance(content, str) and not os.path.isabs(content) else open(content, "rb").read()
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o755 if executable else 0o644
            archive.addfile(entry, io.BytesIO(data))
        for path in sorted(links or {}):
            entry = tarfile.TarInfo(path)
            entry.type, entry.linkname = tarfile.SYMTYPE, links[path]
            archive.addfile(entry)
    raw = plain.getvalue()
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1, mtime=0) as stream:
        stream.write(raw)
    return packed.getvalue(), "sha256:" + hashlib.sha256(raw).hexdigest()


def base_layer():
    busybox = find("bin/busybox")
    files = {"usr/bin/busybox": busybox, **libraries(busybox)}
    files["etc/passwd"] = "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33:www-data:/var/www:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    files["etc/group"] = "root:x:0:\nwww-data:x:33:\nnogroup:x:65534:\n"
    files["etc/nsswitch.conf"] = "hosts: files dns\n"
    triple = "x86_64-linux-gnu" if ARCH == "amd64" else "aarch64-linux-gnu"
    for name in ("libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"):
        files[f"usr/lib/{triple}/{name}"] = find(f"lib/{triple}/{name}")
    links = {f"usr/bin/{name}": "busybox" for name in APPLETS}
    links.update({"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib"})
    if ARCH != "amd64":
        files = {("usr/" + p if p.startswith("lib/") else p): f for p, f in files.items()}
    return layer(files, links, ("tmp", "run", "root", "var", "var/www", "usr/sbin", "proc", "sys", "dev"))


def program_layer(name):
    files = {}
    for program in PROGRAMS[name]:
        source = find(program)
        files[program] = source
        files.update({p: f for p, f in libraries(source).items() if not p.startswith(("lib64/", "lib/"))})
    for extra in EXTRA.get(name, []):
        files[extra] = find(extra)
    for folder in FOLDERS.get(name, []):
        for parent, _, children in os.walk(os.path.join(STAGE, folder)):
            for child in children:
                source = os.path.join(parent, child)
                # JIT needs all of LLVM, and is off without its library.
                if not os.path.isfile(source) or "llvmjit" in child or "/bitcode" in parent:
                    continue
                files[os.path.relpath(source, STAGE)] = source
    return layer(files, folders=("var/lib/nginx", "var/lib", "var/log", "var/log/nginx") if name == "nginx" else ())


def write_image(path, reference, layers, config):
    """One OCI archive with one image, named as containerd reads it."""
    blobs = {}

    def blob(data):
        digest = hashlib.sha256(data).hexdigest()
        blobs[f"blobs/sha256/{digest}"] = data
        return {"digest": f"sha256:{digest}", "size": len(data)}

    config = {"created": "1970-01-01T00:00:00Z", "architecture": ARCH, "os": "linux",
              "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], **config},
              "rootfs": {"type": "layers", "diff_ids": [diff for _, diff in layers]}}
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": {"mediaType": "application/vnd.oci.image.config.v1+json", **blob(json.dumps(config).encode())},
                "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", **blob(data)}
                           for data, _ in layers]}
    entry = {"mediaType": "application/vnd.oci.image.manifest.v1+json", **blob(json.dumps(manifest).encode()),
             "platform": {"architecture": ARCH, "os": "linux"},
             "annotations": {"io.containerd.image.name": reference,
                             "org.opencontainers.image.ref.name": reference.rsplit(":", 1)[1]}}
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    blobs["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
    with tarfile.open(path + ".new", "w") as archive:
        for name in sorted(blobs):
            item = tarfile.TarInfo(name)
            item.size, item.mode = len(blobs[name]), 0o644
            archive.addfile(item, io.BytesIO(blobs[name]))
    os.replace(path + ".new", path)


def main():
    names = sys.argv[1:] or list(IMAGES)
    known = {**IMAGES, **DATABASES}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"images/build.py: no image {unknown[0]}; there are: {', '.join(known)}")
    os.makedirs(OUT, exist_ok=True)
    stamp = hashlib.sha256(open(__file__, "rb").read()).hexdigest()
    paths = {name: os.path.join(OUT, name.replace("/", "-").replace(":", "-") + ".tar") for name in names}
    def current(path):
        return os.path.exists(path) and os.path.exists(path + ".stamp") and open(path + ".stamp").read() == stamp
    missing = [name for name in names if not current(paths[name])]
    if not missing:
        return
    stage_packages("base")
    base = base_layer()
    built = {}
    for name in missing:
        reference, image = known[name]
        if image["layer"] in PACKAGES:
            stage_packages(image["layer"])
        layers = [base]
        if image["layer"]:
            built[image["layer"]] = built.get(image["layer"]) or program_layer(image["layer"])
            layers.append(built[image["layer"]])
        if image["files"]:
            layers.append(layer(image["files"]))
        write_image(paths[name], reference, layers, image["config"])
        with open(paths[name] + ".stamp", "w") as file:
            file.write(stamp)
        print(f"==> {reference}: images/out/{os.path.basename(paths[name])} "
              f"({os.path.getsize(paths[name]) / 1e6:.1f} MB)", file=sys.stderr)


if __name__ == "__main__":
    main()
