#!/usr/bin/env bash
# The demo: a StatefulSet of three nginx in real containers, driven by an unmodified kubectl.
# Without root, or where containers cannot run, the same steps on simulated nodes, labelled as such.
set -euo pipefail
cd "$(dirname "$0")/.."

bold() { printf '\n\033[1m%s\033[0m\n' "$*"; }
note() { printf '    %s\n' "$*"; }
step=preparing
fail() {
    local code=$?
    printf '\n\033[1;31mThe demo failed while %s (exit code %s).\033[0m\n' "$step" "$code" >&2
    [ -s "${log:-}" ] && { echo "The last lines of $log:" >&2; tail -n 15 "$log" >&2; }
    exit 1
}
trap fail ERR

runtime=containerd
if [ "$(id -u)" -ne 0 ]; then
    runtime=simulated
    bold "Not root: containers cannot run, so the demo walks the same steps on SIMULATED nodes. Nothing really runs."
fi

step="installing what is missing"
if ! Scripts/setup.sh; then
    # What is missing may only be what runs containers; the build says for itself when it lacks something.
    note "not everything could be installed; going on with what is here"
fi
if [ "$runtime" = containerd ] && ! command -v containerd >/dev/null; then
    runtime=simulated
    bold "No containerd: the demo walks the same steps on SIMULATED nodes. Nothing really runs."
fi
if ! command -v kubectl >/dev/null; then
    echo "kubectl was not found; install Debian's kubernetes-client or any kubectl from 1.20 on." >&2
    exit 1
fi

step="building Ordinal"
bold "Building Ordinal (the first time takes 10 to 20 minutes)"
"${SWIFT:-swift}" build -c release -j "${JOBS:-2}" --product ordinal
ordinal=$PWD/.build/release/ordinal

if [ "$runtime" = containerd ]; then
    step="building the images"
    bold "Building the images from Debian's packages, offline"
    Scripts/images.sh nginx:1.25.4 busybox:1.28 tutum/dnsutils:latest
fi

begin=$(date +%s)
if [ "$(id -u)" -eq 0 ]; then data=${ORDINAL_DATA_DIR:-/var/lib/ordinal}; else data=${ORDINAL_DATA_DIR:-$HOME/.local/share/ordinal}; fi
mkdir -p "$data"
log=$data/ordinal.log
export KUBECONFIG=$data/kubeconfig
k() { kubectl "$@"; }

# Starts Ordinal in the background; fails when it ends.
start() {
    bold "ordinal up --runtime $runtime"
    setsid "$ordinal" up --data-dir "$data" --runtime "$runtime" >"$log" 2>&1 </dev/null &
    local pid=$!
    for _ in $(seq 600); do
        "$ordinal" status --data-dir "$data" >/dev/null 2>&1 && return 0
        kill -0 "$pid" 2>/dev/null || return 1
        sleep 0.05
    done
    return 1
}

step="starting Ordinal"
if "$ordinal" status --data-dir "$data" >/dev/null 2>&1; then
    note "it is running already; going on with that one"
elif ! start; then
    [ "$runtime" = containerd ] || false
    tail -n 3 "$log" >&2
    "$ordinal" down --data-dir "$data" --yes >/dev/null 2>&1 || true
    runtime=simulated
    data=$data-simulated
    mkdir -p "$data"
    log=$data/ordinal.log
    export KUBECONFIG=$data/kubeconfig
    bold "Containers cannot run here (see above), so the demo walks the same steps on SIMULATED nodes. Nothing really runs."
    start
fi
# A node is Ready a moment after the API.
for _ in $(seq 200); do
    "$ordinal" status --data-dir "$data" | grep -Eq 'nodes: +([1-9][0-9]*) of \1 Ready' && break
    sleep 0.05
done
"$ordinal" status --data-dir "$data"

if [ "$runtime" = containerd ]; then
    step="importing the images"
    for image in nginx-1.25.4 busybox-1.28 tutum-dnsutils-latest; do
        "$ordinal" image import --data-dir "$data" "images/out/$image.tar"
    done
fi

step="removing what an earlier demo left"
k delete -f examples/web.yaml --ignore-not-found >/dev/null
k delete pod writer lookup --ignore-not-found --grace-period=0 --force >/dev/null 2>&1

step="applying examples/web.yaml"
bold "kubectl apply -f examples/web.yaml"
k apply -f examples/web.yaml
bold "Pods start in order, each after the one before is Ready"
kubectl get pods -l app=web -w &
watch=$!
disown "$watch"
step="waiting for 3/3 Ready"
k rollout status statefulset/web --timeout=60s >/dev/null
sleep 0.2
kill "$watch" 2>/dev/null || true
k get statefulset,pvc

step="writing a page into web-0's volume"
bold "A page is written into the volume of web-0 (claim www-web-0)"
page="written by the demo at $(date -u +%FT%TZ)"
k apply -f - >/dev/null <<POD
apiVersion: v1
kind: Pod
metadata: {name: writer}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 0
  containers:
  - name: writer
    image: busybox:1.28
    command: [sh, -c, "echo '$page' > /www/index.html"]
    volumeMounts: [{name: www, mountPath: /www}]
  volumes:
  - name: www
    persistentVolumeClaim: {claimName: www-web-0}
POD
if [ "$runtime" = containerd ]; then
    for _ in $(seq 200); do
        phase=$(k get pod writer -o jsonpath='{.status.phase}')
        [ "$phase" = Succeeded ] && break
        [ "$phase" = Failed ] && { k logs writer; false; }
        sleep 0.1
    done
    [ "$phase" = Succeeded ]
fi
k delete pod writer --grace-period=0 --force >/dev/null 2>&1
note "$page"

step="deleting web-0"
bold "kubectl delete pod web-0"
before=$(k get pod web-0 -o jsonpath='{.metadata.uid}')
k get pod web-0 -o wide
# On simulated nodes the next web-0 may be there before kubectl looks, which then waits for that one.
wait=true
[ "$runtime" = simulated ] && wait=false
k delete pod web-0 --wait=$wait
for _ in $(seq 300); do
    now=$(k get pod web-0 -o jsonpath='{.metadata.uid}' 2>/dev/null || true)
    [ -n "$now" ] && [ "$now" != "$before" ] && break
    sleep 0.1
done
k wait --for=condition=Ready pod/web-0 --timeout=60s
k get pod web-0 -o wide
note "the same name, and the same claim: $(k get pod web-0 -o jsonpath='{.spec.volumes[?(@.name=="www")].persistentVolumeClaim.claimName}')"

if [ "$runtime" = containerd ]; then
    step="looking web-0 up from another pod"
    bold "Another pod looks it up by name and reads the page"
    k run lookup --image=tutum/dnsutils:latest --image-pull-policy=IfNotPresent --restart=Never --command -- \
        sh -c 'nslookup web-0.web; wget -qO- http://web-0.web/' >/dev/null
    for _ in $(seq 200); do
        phase=$(k get pod lookup -o jsonpath='{.status.phase}')
        [ "$phase" = Succeeded ] && break
        [ "$phase" = Failed ] && break
        sleep 0.1
    done
    k logs lookup | sed 's/^/    /'
    k logs lookup | grep -qF "$page"
    k delete pod lookup --grace-period=0 --force >/dev/null 2>&1
fi

trap - ERR
bold "Done in $(($(date +%s) - begin)) s (without build and installation)."
[ "$runtime" = simulated ] && note "SIMULATED: no container ran, no page was written."
cat <<TEXT

    Go on:    export KUBECONFIG=$KUBECONFIG
              kubectl get all
              kubectl scale statefulset web --replicas=5
    Look:     $ordinal status --data-dir $data
    Stop:     $ordinal down --data-dir $data --yes           (stops pods in reverse order; data stays)
              $ordinal down --data-dir $data --yes --purge   (and deletes all data)
TEXT
