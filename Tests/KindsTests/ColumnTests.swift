import Kinds
import ObjectModel
import Testing

@Suite struct HumanDurationTests {
    @Test(arguments: [
        (-2, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (121, "2m1s"), (599, "9m59s"),
        (600, "10m"), (10799, "179m"), (10800, "3h"), (10860, "3h1m"), (28799, "7h59m"), (28800, "8h"),
        (172_799, "47h"), (172_800, "2d"), (176_400, "2d1h"), (691_199, "7d23h"), (691_200, "8d"),
        (63_071_999, "729d"), (63_072_000, "2y"), (63_158_400, "2y1d"), (252_288_000, "8y"), (315_360_000, "10y"),
    ])
    func showsAtMostTwoUnits(seconds: Int, text: String) {
        #expect(HumanDuration.text(.seconds(seconds)) == text)
    }

    @Test func timeThatIsMissingIsUnknown() { #expect(HumanDuration.since(nil, now: Fixture.now) == "<unknown>") }
}

@Suite struct PodColumnTests {
    static let running: Value = ["name": "app", "ready": true, "state": ["running": [:]]]
    static let twoContainers: Value = ["containers": [["name": "app"], ["name": "b"]]]
    static let cases: [(name: String, pod: Value, status: String, ready: String)] = [
        ("phase", ["status": ["phase": "Pending"]], "Pending", "0/1"),
        ("reason of the status", ["status": ["phase": "Failed", "reason": "Evicted"]], "Evicted", "0/1"),
        (
            "gated",
            ["status": ["phase": "Pending", "conditions": [["type": "PodScheduled", "reason": "SchedulingGated"]]]],
            "SchedulingGated", "0/1"
        ),
        ("running", ["status": ["phase": "Running", "containerStatuses": [running]]], "Running", "1/1"),
        (
            "waiting",
            [
                "status": [
                    "phase": "Pending", "containerStatuses": [["state": ["waiting": ["reason": "ErrImagePull"]]]],
                ]
            ],
            "ErrImagePull", "0/1"
        ),
        (
            "terminated",
            ["status": ["phase": "Running", "containerStatuses": [["state": ["terminated": ["exitCode": 3]]]]]],
            "ExitCode:3", "0/1"
        ),
        (
            "killed",
            [
                "status": [
                    "phase": "Running",
                    "containerStatuses": [["state": ["terminated": ["exitCode": 137, "signal": 9]]]],
                ]
            ],
            "Signal:9", "0/1"
        ),
        (
            "completed beside a running one that is ready",
            [
                "spec": twoContainers,
                "status": [
                    "phase": "Running", "conditions": [["type": "Ready", "status": "True"]],
                    "containerStatuses": [["state": ["terminated": ["reason": "Completed", "exitCode": 0]]], running],
                ],
            ],
            "Running", "1/2"
        ),
        (
            "completed beside a running one of a pod that is not ready",
            [
                "spec": twoContainers,
                "status": [
                    "phase": "Running",
                    "containerStatuses": [["state": ["terminated": ["reason": "Completed", "exitCode": 0]]], running],
                ],
            ],
            "NotReady", "1/2"
        ),
        (
            "completed before a failed one",
            [
                "spec": twoContainers,
                "status": [
                    "phase": "Failed",
                    "containerStatuses": [
                        ["state": ["terminated": ["reason": "Completed", "exitCode": 0]]],
                        ["state": ["terminated": ["reason": "Error", "exitCode": 1]]],
                    ],
                ],
            ],
            "Error", "0/2"
        ),
        ("initializing", initializing(["state": ["running": [:]]]), "Init:0/2", "0/1"),
        (
            "second init container",
            initializing(["state": ["terminated": ["exitCode": 0]]], ["state": ["running": [:]]]), "Init:1/2", "0/1"
        ),
        (
            "init container that waits", initializing(["state": ["waiting": ["reason": "ErrImagePull"]]]),
            "Init:ErrImagePull", "0/1"
        ),
        (
            "init container that waits for the pod",
            initializing(["state": ["waiting": ["reason": "PodInitializing"]]]),
            "Init:0/2", "0/1"
        ),
        (
            "failed init container", initializing(["state": ["terminated": ["exitCode": 2, "reason": "Error"]]]),
            "Init:Error", "0/1"
        ),
        (
            "failed init container without a reason", initializing(["state": ["terminated": ["exitCode": 2]]]),
            "Init:ExitCode:2", "0/1"
        ),
        (
            "sidecar that runs",
            [
                "spec": [
                    "containers": [["name": "app"]], "initContainers": [["name": "s", "restartPolicy": "Always"]],
                ],
                "status": [
                    "phase": "Running", "containerStatuses": [running],
                    "initContainerStatuses": [
                        ["name": "s", "ready": true, "started": true, "state": ["running": [:]]]
                    ],
                ],
            ],
            "Running", "2/2"
        ),
        (
            "terminating",
            ["metadata": ["deletionTimestamp": "2023-11-14T22:00:00Z"], "status": ["phase": "Running"]],
            "Terminating", "0/1"
        ),
        (
            "terminating but ended",
            ["metadata": ["deletionTimestamp": "2023-11-14T22:00:00Z"], "status": ["phase": "Succeeded"]],
            "Succeeded", "0/1"
        ),
        (
            "on a lost node",
            [
                "metadata": ["deletionTimestamp": "2023-11-14T22:00:00Z"],
                "status": ["phase": "Running", "reason": "NodeLost"],
            ],
            "Unknown", "0/1"
        ),
    ]

    private static func initializing(_ statuses: Value...) -> Value {
        [
            "spec": ["containers": [["name": "app"]], "initContainers": [["name": "i"], ["name": "j"]]],
            "status": ["phase": "Pending", "initContainerStatuses": .array(statuses)],
        ]
    }

    @Test(arguments: cases.indices)
    func statusTellsWhatThePodWaitsFor(index: Int) throws {
        let row = Self.cases[index]
        let pod = row.pod["spec"] == nil ? row.pod.with("spec.containers", [["name": "app"]]) : row.pod
        #expect(try Fixture.cell("Status", of: pod, .pods) == .string(row.status), "\(row.name)")
        #expect(try Fixture.cell("Ready", of: pod, .pods) == .string(row.ready), "\(row.name)")
    }

    @Test func restartsTellHowLongAgoTheLastOneWas() throws {
        let ended: Value = ["terminated": ["finishedAt": "2023-11-14T22:03:20Z"]]
        let pod = Value.pod.with("status.containerStatuses", [["restartCount": 3, "lastState": ended]])
        #expect(try Fixture.cell("Restarts", of: pod, .pods) == "3 (10m ago)")
        #expect(try Fixture.cell("Restarts", of: .pod, .pods) == "0")
    }

    @Test func wideColumnsShowWhereThePodIs() throws {
        #expect(try Fixture.cell("IP", of: .pod, .pods) == "<none>")
        let pod = Value.pod.with("status.podIPs", [["ip": "10.0.0.9"]]).with("spec.nodeName", "n")
            .with("spec.readinessGates", [["conditionType": "a/b"], ["conditionType": "c"]])
            .with("status.conditions", [["type": "a/b", "status": "True"]])
        #expect(try Fixture.cell("IP", of: pod, .pods) == "10.0.0.9")
        #expect(try Fixture.cell("Node", of: pod, .pods) == "n")
        #expect(try Fixture.cell("Readiness Gates", of: pod, .pods) == "1/2")
    }
}

@Suite struct ColumnTests {
    static let cases: [(resource: APIResource, column: String, object: Value, cell: Value)] = [
        (.statefulSets, "Ready", ["spec": ["replicas": 3], "status": ["readyReplicas": 2]], "2/3"),
        (.statefulSets, "Images", .set, "nginx:1.27"),
        (.statefulSets, "Age", ["metadata": ["creationTimestamp": "2023-11-14T22:00:00Z"]], "13m"),
        (.services, "Cluster-IP", ["spec": ["clusterIPs": ["None"]]], "None"),
        (
            .services, "Port(s)",
            [
                "spec": [
                    "ports": [["port": 80, "protocol": "TCP"], ["port": 53, "protocol": "UDP", "nodePort": 30053]]
                ]
            ],
            "80/TCP,53:30053/UDP"
        ),
        (.services, "External-IP", ["spec": ["type": "LoadBalancer"]], "<pending>"),
        (.services, "External-IP", ["spec": ["type": "ClusterIP"]], "<none>"),
        (.services, "Selector", ["spec": ["selector": ["b": "2", "a": "1"]]], "a=1,b=2"),
        (
            .nodes, "Status",
            ["spec": ["unschedulable": true], "status": ["conditions": [["type": "Ready", "status": "True"]]]],
            "Ready,SchedulingDisabled"
        ),
        (.nodes, "Status", [:], "Unknown"),
        (
            .nodes, "Roles",
            ["metadata": ["labels": ["node-role.kubernetes.io/worker": "", "kubernetes.io/role": "master"]]],
            "master,worker"
        ),
        (.persistentVolumeClaims, "Capacity", ["status": ["capacity": ["storage": "1Gi"]]], ""),
        (
            .persistentVolumeClaims, "Access Modes",
            ["spec": ["volumeName": "v"], "status": ["accessModes": ["ReadWriteMany", "ReadWriteOnce"]]], "RWO,RWX"
        ),
        (.persistentVolumeClaims, "Status", ["metadata": ["deletionTimestamp": "2023-11-14T22:00:00Z"]], "Terminating"),
        (.persistentVolumes, "Claim", ["spec": ["claimRef": ["namespace": "a", "name": "b"]]], "a/b"),
        (
            .storageClasses, "Name",
            ["metadata": ["name": "fast", "annotations": ["storageclass.kubernetes.io/is-default-class": "true"]]],
            "fast (default)"
        ),
        (.storageClasses, "AllowVolumeExpansion", [:], false),
        (.configMaps, "Data", ["data": ["a": "b"], "binaryData": ["c": ""]], 2),
        (.secrets, "Data", ["data": ["a": "b"]], 1),
        (
            .endpoints, "Endpoints",
            [
                "subsets": [
                    [
                        "addresses": [["ip": "10.0.0.1"], ["ip": "10.0.0.2"]],
                        "ports": [["port": 80], ["port": 81]],
                    ]
                ]
            ],
            "10.0.0.1:80,10.0.0.2:80,10.0.0.1:81 + 1 more..."
        ),
        (.endpoints, "Endpoints", [:], "<none>"),
        (.endpointSlices, "Ports", ["ports": [["port": 80], ["name": "any"]]], "80,any"),
        (.endpointSlices, "Endpoints", [:], "<unset>"),
        (
            .controllerRevisions, "Controller",
            [
                "metadata": [
                    "ownerReferences": [
                        ["apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web", "controller": true]
                    ]
                ]
            ],
            "statefulset.apps/web"
        ),
        (.events, "Last Seen", ["lastTimestamp": "2023-11-14T22:13:00Z"], "20s"),
        (.events, "Object", ["involvedObject": ["kind": "Pod", "name": "web-0"]], "pod/web-0"),
        (.events, "Source", ["reportingComponent": "agent", "source": ["host": "n"]], "agent, n"),
        (.events, "Count", [:], 1),
        (.leases, "Holder", ["spec": ["holderIdentity": "me"]], "me"),
    ]

    @Test(arguments: cases.indices)
    func cellShowsWhatUpstreamShows(index: Int) throws {
        let row = Self.cases[index]
        #expect(
            try Fixture.cell(row.column, of: row.object, row.resource) == row.cell,
            "\(row.resource.kind) \(row.column)")
    }
}
