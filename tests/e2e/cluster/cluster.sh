#!/usr/bin/env bash
# A real Kubernetes cluster on one machine, for tests. etcd, API server, controllers, scheduler and DNS run in one "box"; a
# kubelet, containerd and kube-proxy run in one box per node. A box is a process with its own network, mount, PID, IPC and
# UTS namespaces: nothing of it is visible outside, and all of it ends with its first process.
#
#   cluster.sh can              why this machine cannot run it, or nothing and exit code 0
#   cluster.sh build            the programs, from Go modules (programs/) and Debian packages; they are kept
#   cluster.sh helm             Helm alone
#   cluster.sh up               build what is missing, start, wait until all nodes are ready
#   cluster.sh load-image TAR   load a docker or OCI archive onto all nodes
#   cluster.sh kubectl ...      with the rights of an administrator
#   cluster.sh net CMD...       a command in the network of the API server, with KUBECONFIG set
#   cluster.sh exec BOX CMD...  a command inside a box: cp, n1, n2, ...
#   cluster.sh status | down
#
# CLUSTER_DIR (state, default .tools/cluster in this repository), CLUSTER_BIN (programs, default CLUSTER_DIR/bin),
# CLUSTER_NODES (default 2, at most 9). NetworkPolicies are enforced by kube-router; CLUSTER_POLICIES=no leaves it out.
# Needs root, Linux with overlayfs, nftables, bridges and veth, and Go. Works with cgroup v1 and without CAP_SYS_RESOURCE.
set -euo pipefail

SELF=$(realpath "$0")
PROGRAMS=$(dirname "$SELF")/programs
DIR=$(realpath -m "${CLUSTER_DIR:-$(dirname "$SELF")/../../../.tools/cluster}")
BIN=$(realpath -m "${CLUSTER_BIN:-$DIR/bin}")
NODES=${CLUSTER_NODES:-2}
POLICIES=${CLUSTER_POLICIES:-yes}
ID=k8s-$(printf %s "$DIR" | cksum | cut -d' ' -f1) # the parent of all pods' control groups
CP=10.77.0.1
PARTS="etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl"

say() { printf '%s %s\n' "$(date +%T)" "$*" >&2; }
die() { say "$*"; exit 1; }
boxes() { echo cp; for ((i = 1; i <= NODES; i++)); do echo "n$i"; done; }
pid_of() { # the first process of a box, if it is alive
    local pid; pid=$(cat "$DIR/$1/pid" 2>/dev/null) || return 1
    [ -e "/proc/$pid/ns/pid" ] && [ "$(readlink "/proc/$pid/ns/net")" = "$(cat "$DIR/$1/ns")" ] && echo "$pid"
}
inside() { local pid; pid=$(pid_of "$1") || die "$1 does not run"; shift; nsenter -t "$pid" -m -n -u -i -p --wdns="$PWD" -- "$@"; }
net() { local pid; pid=$(pid_of "$1"); shift; nsenter -t "$pid" -n "$@"; }
kubectl() { net cp "$BIN/kubectl" --kubeconfig "$DIR/pki/admin.conf" "$@"; }

# --- programs

packages() {
    local missing=() name
    for name in runc containernetworking-plugins iptables ipset nftables conntrack iproute2 openssl gcc libc6-dev; do
        dpkg -s "$name" >/dev/null 2>&1 || missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } >&2
}

version_of() { # MODULE PROGRAM: the version that the program's go.mod has
    awk -v module="$1" '$1 == module && $2 ~ /^v/ {print $2; exit} $2 == module && $3 ~ /^v/ {print $3; exit}' "$PROGRAMS/$2/go.mod"
}

compile() { # PROGRAM OUTPUT ARGUMENTS...: from the module in programs/, whose go.sum holds every hash
    local folder=$PROGRAMS/$1 output=$2; shift 2
    # -dwarf=false: no debugging information, which is a seventh of the compile time.
    (cd "$folder" && GOFLAGS="-mod=readonly -buildvcs=false" CGO_ENABLED=0 go build -trimpath -gcflags=all=-dwarf=false -o "$output" "$@")
}

helm() {
    mkdir -p "$BIN"
    [ ! "$BIN/helm" -nt "$PROGRAMS/helm/go.mod" ] || return 0
    say "Helm $(version_of helm.sh/helm/v4 helm)"
    compile helm "$BIN/helm" -ldflags "-s -w" helm.sh/helm/v4/cmd/helm
}

pause_image() { # the process that holds a pod's namespaces, as a hand-made archive: no image registry is needed
    local tmp; tmp=$(mktemp -d)
    cat >"$tmp/pause.c" <<'E'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void end(int number) { (void)number; _exit(0); }
static void reap(int number) { (void)number; while (waitpid(-1, 0, WNOHANG) > 0) {} }
int main(void) { signal(SIGTERM, end); signal(SIGINT, end); signal(SIGCHLD, reap); for (;;) pause(); }
E
    gcc -Os -static -s -o "$tmp/pause" "$tmp/pause.c"
    tar -C "$tmp" --owner=0 --group=0 -cf "$tmp/layer.tar" pause
    printf '{"architecture":"%s","os":"linux","config":{"User":"65535:65535","Entrypoint":["/pause"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
        "$(go env GOARCH)" "$(sha256sum "$tmp/layer.tar" | cut -d' ' -f1)" >"$tmp/config.json"
    printf '[{"Config":"config.json","RepoTags":["localhost/pause:1"],"Layers":["layer.tar"]}]' >"$tmp/manifest.json"
    tar -C "$tmp" -cf "$BIN/pause.tar" manifest.json config.json layer.tar
    rm -r "$tmp"
}

build() {
    packages
    helm
    local stamp; stamp=$(cat "$PROGRAMS"/*/go.sum "$PROGRAMS"/kube/*.go "$PROGRAMS"/kube/*/*.go | sha256sum)
    [ "$(cat "$BIN/built" 2>/dev/null)" != "$stamp" ] || return 0
    local kubernetes containerd part module
    kubernetes=$(version_of k8s.io/kubernetes kube); containerd=$(version_of github.com/containerd/containerd/v2 containerd)
    say "Kubernetes $kubernetes"
    module=k8s.io/component-base/version
    compile kube "$BIN/kube" -ldflags "-s -w -X $module.gitVersion=$kubernetes -X $module.gitMajor=1 -X $module.gitMinor=$(cut -d. -f2 <<<"$kubernetes")" .
    compile kube "$BIN/coredns" -ldflags "-s -w" ./coredns
    for part in $PARTS; do ln -sf kube "$BIN/$part"; done
    say "containerd $containerd"
    module=github.com/containerd/containerd/v2
    local tags="no_btrfs no_zfs no_devmapper no_tracing urfave_cli_no_docs osusergo netgo"
    compile containerd "$BIN/" -tags "$tags" -ldflags "-s -w -X $module/version.Version=${containerd#v}" $module/cmd/containerd $module/cmd/ctr
    compile containerd "$BIN/" -tags "$tags no_grpc" -ldflags "-s -w" $module/cmd/containerd-shim-runc-v2
    say "kube-router"
    compile router "$BIN/" -ldflags "-s -w" github.com/cloudnativelabs/kube-router/v2/cmd/kube-router
    pause_image
    echo "$stamp" >"$BIN/built"
}

can() { # what is missing, or nothing
    [ "$(uname -s)" = Linux ] || { echo "not Linux"; return 1; }
    [ "$(id -u)" = 0 ] || { echo "not root"; return 1; }
    command -v go >/dev/null || { echo "no Go (1.26 or newer)"; return 1; }
    command -v apt-get >/dev/null || { echo "no apt-get for the Debian packages"; return 1; }
    unshare --net --mount --uts --ipc --pid --fork true 2>/dev/null || { echo "namespaces cannot be made here"; return 1; }
    grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || { echo "no overlayfs"; return 1; }
}

# --- certificates and configuration

certificate() { # NAME SUBJECT [NAMES]: a key and a certificate of our authority
    local p=$DIR/pki/$1
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$p.key" -subj "$2" -out "$p.csr" 2>/dev/null
    openssl x509 -req -in "$p.csr" -CA "$DIR/pki/ca.crt" -CAkey "$DIR/pki/ca.key" -CAcreateserial -days 30 -out "$p.crt" \
        -extfile <(printf 'keyUsage=digitalSignature\nextendedKeyUsage=clientAuth,serverAuth\n%s' "${3:+subjectAltName=$3}") 2>/dev/null
}
kubeconfig() { # NAME: for the certificate of that name
    cat >"$DIR/pki/$1.conf" <<E
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://$CP:6443", certificate-authority: $DIR/pki/ca.crt}}]
users: [{name: u, user: {client-certificate: $DIR/pki/$1.crt, client-key: $DIR/pki/$1.key}}]
E
}
pki() {
    mkdir -p "$DIR/pki"; chmod 700 "$DIR/pki"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=cluster -keyout "$DIR/pki/ca.key" -out "$DIR/pki/ca.crt" 2>/dev/null
    openssl genrsa -out "$DIR/pki/sa.key" 2048 2>/dev/null; openssl rsa -in "$DIR/pki/sa.key" -pubout -out "$DIR/pki/sa.pub" 2>/dev/null
    certificate apiserver /CN=kube-apiserver "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:10.96.0.1,IP:$CP,IP:127.0.0.1"
    certificate admin /O=system:masters/CN=admin
    certificate controllers /CN=system:kube-controller-manager
    certificate scheduler /CN=system:kube-scheduler
    certificate proxy /CN=system:kube-proxy
    local name
    for name in $(boxes); do [ "$name" = cp ] || { certificate "$name" "/O=system:nodes/CN=system:node:$name"; kubeconfig "$name"; }; done
    for name in admin controllers scheduler proxy; do kubeconfig "$name"; done
}

configuration() {
    mkdir -p "$DIR/etc"; : >"$DIR/etc/resolv.conf"
    cat >"$DIR/etc/Corefile" <<E
.:53 {
    bind $CP
    errors
    health $CP:8080
    ready $CP:8181
    kubernetes cluster.local {
        kubeconfig $DIR/pki/admin.conf
        ttl 5
    }
    cache 5
    loadbalance
}
E
    local i
    for ((i = 1; i <= NODES; i++)); do
        mkdir -p "$DIR/n$i/etc/cni"
        cat >"$DIR/n$i/etc/kubelet.yaml" <<E
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $DIR/pki/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
cgroupRoot: /$ID/n$i
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
clusterDNS: [$CP]
clusterDomain: cluster.local
resolvConf: $DIR/etc/resolv.conf
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
imageGCHighThresholdPercent: 100
E
        cat >"$DIR/n$i/etc/proxy.yaml" <<E
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: 10.88.0.0/16
hostnameOverride: n$i
oomScoreAdj: 0
clientConnection: {kubeconfig: $DIR/pki/proxy.conf}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
E
        cat >"$DIR/n$i/etc/containerd.toml" <<E
version = 3
root = "$DIR/n$i/containerd"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "localhost/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true # lowering it takes CAP_SYS_RESOURCE
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["/usr/lib/cni"]
    conf_dir = "$DIR/n$i/etc/cni"
E
        cat >"$DIR/n$i/etc/cni/10-bridge.conflist" <<E
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "dataDir": "/run/cni/networks", "ranges": [[{"subnet": "10.88.$i.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
E
    done
}

# --- boxes

init() { # the first process of a box: the hidden subcommand `init NAME`
    local name=$1 here=$DIR/$1 pid
    read -r pid _ </proc/self/stat # still the /proc of the machine
    readlink /proc/self/ns/net >"$here/ns"; echo "$pid" >"$here/pid.new"
    hostname "$name"
    mount --make-rprivate /
    mkdir -p "$here"/{cg,fake,lib,lib.work,log,log.work}
    mount --rbind /sys/fs/cgroup "$here/cg"; mount -t sysfs sysfs /sys; mount --rbind "$here/cg" /sys/fs/cgroup; umount -l "$here/cg"
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /run
    mount -t overlay -o "lowerdir=/var/lib,upperdir=$here/lib,workdir=$here/lib.work" overlay /var/lib
    mount -t overlay -o "lowerdir=/var/log,upperdir=$here/log,workdir=$here/log.work" overlay /var/log
    # The kubelet insists on these values of the whole machine. It sees files of its own; the machine keeps its values.
    local key
    for key in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
        echo "${key#*=}" >"$here/fake/$(basename "${key%=*}")"; mount --bind "$here/fake/$(basename "${key%=*}")" "/proc/sys/${key%=*}"
    done
    mount --make-rshared /
    ip link set lo up
    echo 1 >/proc/sys/net/ipv4/ip_forward
    mv "$here/pid.new" "$here/pid"
    until [ -e "$here/go" ]; do sleep 0.1; done
    echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables 2>/dev/null || true
    export PATH=$BIN:$PATH HOME=$here
    if [ "$name" = cp ]; then
        keep etcd etcd --data-dir "$here/etcd" --unsafe-no-fsync --log-level warn \
            --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
        keep apiserver kube-apiserver --etcd-servers http://127.0.0.1:2379 --advertise-address $CP --secure-port 6443 \
            --tls-cert-file "$DIR/pki/apiserver.crt" --tls-private-key-file "$DIR/pki/apiserver.key" --client-ca-file "$DIR/pki/ca.crt" \
            --kubelet-client-certificate "$DIR/pki/admin.crt" --kubelet-client-key "$DIR/pki/admin.key" \
            --service-account-issuer https://kubernetes.default.svc.cluster.local --service-account-key-file "$DIR/pki/sa.pub" \
            --service-account-signing-key-file "$DIR/pki/sa.key" --service-cluster-ip-range 10.96.0.0/16 \
            --authorization-mode Node,RBAC --enable-admission-plugins NodeRestriction --allow-privileged \
            --kubelet-preferred-address-types InternalIP
        keep controllers kube-controller-manager --kubeconfig "$DIR/pki/controllers.conf" --leader-elect=false --use-service-account-credentials \
            --service-account-private-key-file "$DIR/pki/sa.key" --root-ca-file "$DIR/pki/ca.crt" --cluster-cidr 10.88.0.0/16 --allocate-node-cidrs=false
        keep scheduler kube-scheduler --kubeconfig "$DIR/pki/scheduler.conf" --leader-elect=false
        keep coredns coredns -conf "$DIR/etc/Corefile"
    else
        keep containerd containerd --config "$here/etc/containerd.toml"
        until ctr -n k8s.io version >/dev/null 2>&1; do sleep 0.2; done
        ctr -n k8s.io images import "$BIN/pause.tar" >>"$here/ctr.log" 2>&1
        keep kubelet kubelet --config "$here/etc/kubelet.yaml" --kubeconfig "$DIR/pki/$name.conf" --root-dir "$here/kubelet" \
            --node-ip "10.77.0.1${name#n}" --node-labels "topology.kubernetes.io/zone=zone-${name#n}"
        keep proxy kube-proxy --config "$here/etc/proxy.yaml"
        [ "$POLICIES" = no ] || keep router kube-router --run-firewall=true --run-router=false --run-service-proxy=false \
            --run-loadbalancer=false --kubeconfig "$DIR/pki/admin.conf" --hostname-override "$name" \
            --service-cluster-ip-range 10.96.0.0/16 --health-port 0
    fi
    trap 'exit 0' TERM
    while :; do sleep 3600 & wait $! || true; done # bash also reaps orphans
}
keep() { # NAME CMD...: run it, and again when it ends
    local log=$DIR/$BOX/$1.log; shift
    (while :; do "$@" >>"$log" 2>&1 </dev/null || true; echo "--- ended, starts again" >>"$log"; sleep 1; done) &
}

up() {
    local reason; reason=$(can) || die "this machine cannot run the cluster: $reason"
    case $DIR/ in /var/lib/* | /var/log/* | /run/*) die "CLUSTER_DIR cannot be in /var/lib, /var/log or /run" ;; esac
    build
    ! pid_of cp >/dev/null || { say "runs already"; wait_ready; return; }
    down
    mkdir -p "$DIR"
    say "certificates, configuration"
    pki; configuration
    local name i controller
    for controller in /sys/fs/cgroup/*/; do
        [ -w "$controller/cgroup.procs" ] || continue
        for ((i = 1; i <= NODES; i++)); do mkdir -p "$controller$ID/n$i"; done
        for name in cpuset.cpus cpuset.mems; do # empty in a new group of version 1, and then no process may join
            [ ! -e "$controller$ID/$name" ] || for i in "" $(boxes | grep -v cp); do cat "$controller$name" >"$controller$ID/$i/$name"; done
        done
    done
    for name in $(boxes); do
        mkdir -p "$DIR/$name"; rm -f "$DIR/$name/"{pid,go}
        BOX=$name CLUSTER_DIR=$DIR CLUSTER_BIN=$BIN CLUSTER_NODES=$NODES CLUSTER_POLICIES=$POLICIES setsid unshare --net --mount --uts --ipc --pid --fork --kill-child \
            bash "$SELF" init "$name" >"$DIR/$name/box.log" 2>&1 </dev/null &
    done
    for name in $(boxes); do
        for ((i = 0; i < 100; i++)); do pid_of "$name" >/dev/null && break; sleep 0.1; done
        pid_of "$name" >/dev/null || { cat "$DIR/$name/box.log"; die "$name does not start"; }
    done
    net cp ip link add hub type bridge; net cp ip addr add $CP/24 dev hub; net cp ip link set hub up
    for ((i = 1; i <= NODES; i++)); do
        net cp ip link add "v$i" type veth peer name eth0 netns "$(pid_of "n$i")"; net cp ip link set "v$i" master hub up
        net "n$i" ip addr add "10.77.0.1$i/24" dev eth0; net "n$i" ip link set eth0 up; net "n$i" ip route add default via $CP
    done
    for name in $(boxes); do
        for ((i = 1; i <= NODES; i++)); do [ "$name" = "n$i" ] || net "$name" ip route add "10.88.$i.0/24" via "10.77.0.1$i"; done
        : >"$DIR/$name/go"
    done
    wait_ready
}
serves() { net cp bash -c "exec 3<>/dev/tcp/$1/$2 && printf 'GET /ready HTTP/1.0\r\n\r\n' >&3 && head -1 <&3 | grep -q ' 200 '" 2>/dev/null; }
wait_ready() {
    say "waiting for the API and for $NODES nodes"
    local i
    for ((i = 0; i < 180; i++)); do
        if kubectl get --raw /readyz >/dev/null 2>&1 && serves $CP 8181; then
            [ "$(kubectl get nodes --no-headers 2>/dev/null | grep -cw Ready)" != "$NODES" ] || ! kubectl -n default get serviceaccount default >/dev/null 2>&1 || { say "ready"; return; }
        fi
        sleep 1
    done
    status || true; die "not ready after 180 s"
}
down() {
    local name pid i
    for name in "$DIR"/cp "$DIR"/n[0-9]*; do
        name=$(basename "$name"); pid=$(pid_of "$name") || continue
        kill -9 "$pid" 2>/dev/null || true # ends everything in its PID namespace, containers included
        for ((i = 0; i < 100; i++)); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
    done
    for ((i = 0; i < 50; i++)); do # control groups, innermost first; they stay busy for a moment
        find /sys/fs/cgroup/*/"$ID" -depth -type d -exec rmdir {} + 2>/dev/null || true
        ls -d /sys/fs/cgroup/*/"$ID" >/dev/null 2>&1 || break; sleep 0.1
    done
    rm -rf "$DIR/cp" "$DIR"/n[0-9]* "$DIR/pki" "$DIR/etc"
}
load_image() {
    local name file; file=$(realpath "$1")
    for name in $(boxes); do [ "$name" = cp ] || inside "$name" "$BIN/ctr" -n k8s.io images import "$file" >"$DIR/$name/ctr.log" 2>&1 || { cat "$DIR/$name/ctr.log"; die "not loaded"; }; done
}
status() {
    local name
    for name in $(boxes); do printf '%s\t%s\n' "$name" "$(pid_of "$name" || echo down)"; done
    ! pid_of cp >/dev/null || { kubectl get nodes -o wide; kubectl get pods -A -o wide; }
}

case ${1:-} in
can | build | helm | up | down | status) "$1" ;;
load-image) load_image "${2:?an archive}" ;;
kubectl) shift; kubectl "$@" ;;
net) shift; export KUBECONFIG=$DIR/pki/admin.conf; net cp "$@" ;;
exec) shift; inside "$@" ;;
init) init "$2" ;;
*) sed -n '2,20s/^# \{0,1\}//p' "$SELF"; exit 2 ;;
esac
