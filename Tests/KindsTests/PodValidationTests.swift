import Kinds
import ObjectModel
import Schema
import Testing

@Suite struct PodValidationTests {
    @Test func goodPodHasNoErrors() throws { #expect(try Fixture.createErrors(.pod, .pods) == []) }

    static let cases: [(path: String, value: Value?, errors: [String])] = [
        ("containers", nil, ["spec.containers: Required value"]),
        ("containers.0.name", nil, ["spec.containers[0].name: Required value"]),
        ("containers.0.image", nil, ["spec.containers[0].image: Required value"]),
        (
            "containers.0.image", " a",
            [
                "spec.containers[0].image: Invalid value: \" a\": must not have leading or trailing whitespace"
            ]
        ),
        ("containers.1", ["name": "app", "image": "b"], ["spec.containers[1].name: Duplicate value: \"app\""]),
        ("initContainers", [["name": "app", "image": "b"]], ["spec.initContainers[0].name: Duplicate value: \"app\""]),
        (
            "initContainers", [["name": "i", "image": "b", "lifecycle": [:]]],
            [
                "spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always"
            ]
        ),
        (
            "containers.0.imagePullPolicy", "Sometimes",
            [
                "spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", "
                    + "\"IfNotPresent\", \"Never\""
            ]
        ),
        (
            "containers.0.ports", [["containerPort": 70000]],
            [
                "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive"
            ]
        ),
        ("containers.0.ports", [["containerPort": 0]], ["spec.containers[0].ports[0].containerPort: Required value"]),
        (
            "containers.0.ports", [["containerPort": 80, "name": "WEB"]],
            [
                "spec.containers[0].ports[0].name: Invalid value: \"WEB\": must contain only alpha-numeric characters "
                    + "(a-z, 0-9), and hyphens (-)",
                "spec.containers[0].ports[0].name: Invalid value: \"WEB\": must contain at least one letter (a-z)",
            ]
        ),
        (
            "containers.0.ports", [["containerPort": 80, "name": "a"], ["containerPort": 81, "name": "a"]],
            [
                "spec.containers[0].ports[1].name: Duplicate value: \"a\""
            ]
        ),
        (
            "containers.0.ports", [["containerPort": 80, "hostPort": 80], ["containerPort": 81, "hostPort": 80]],
            [
                "spec.containers[0].ports[1].hostPort: Duplicate value: \"TCP//80\""
            ]
        ),
        ("containers.0.env", [["value": "x"]], ["spec.containers[0].env[0].name: Required value"]),
        (
            "containers.0.env", [["name": "a=b"]],
            [
                "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist "
                    + "only of printable ASCII characters other than '='"
            ]
        ),
        (
            "containers.0.env", [["name": "A", "valueFrom": ["fieldRef": ["fieldPath": "spec.other"]]]],
            [
                "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"spec.other\": supported "
                    + "values: \"metadata.name\", \"metadata.namespace\", \"metadata.uid\", \"spec.nodeName\", "
                    + "\"spec.serviceAccountName\", \"status.hostIP\", \"status.hostIPs\", \"status.podIP\", "
                    + "\"status.podIPs\""
            ]
        ),
        ("containers.0.env", [["name": "A", "valueFrom": ["fieldRef": ["fieldPath": "metadata.labels['app']"]]]], []),
        (
            "containers.0.env",
            [["name": "A", "value": "x", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]],
            [
                "spec.containers[0].env[0].valueFrom: Invalid value: \"\": may not be specified when `value` is not empty"
            ]
        ),
        (
            "containers.0.envFrom", [["prefix": "A"]],
            [
                "spec.containers[0].envFrom: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"
            ]
        ),
        (
            "containers.0.volumeMounts", [["name": "data", "mountPath": "/data"]],
            [
                "spec.containers[0].volumeMounts[0].name: Not found: \"data\""
            ]
        ),
        (
            "containers.0.resources", ["limits": ["cpu": "1"], "requests": ["cpu": "2"]],
            [
                "spec.containers[0].resources.requests: Invalid value: \"2\": must be less than or equal to cpu limit of 1"
            ]
        ),
        (
            "containers.0.resources", ["limits": ["cpus": "1"]],
            [
                "spec.containers[0].resources.limits[cpus]: Invalid value: \"cpus\": must be a standard resource for "
                    + "containers",
                "spec.containers[0].resources.requests[cpus]: Invalid value: \"cpus\": must be a standard resource for "
                    + "containers",
            ]
        ),
        (
            "containers.0.resources", ["requests": ["memory": "-1"]],
            [
                "spec.containers[0].resources.requests[memory]: Invalid value: \"-1\": must be greater than or equal to 0"
            ]
        ),
        (
            "containers.0.livenessProbe", [:],
            [
                "spec.containers[0].livenessProbe: Required value: must specify a handler type"
            ]
        ),
        (
            "containers.0.livenessProbe", ["successThreshold": 2, "exec": ["command": ["true"]]],
            [
                "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1"
            ]
        ),
        (
            "containers.0.readinessProbe", ["httpGet": ["port": 0]],
            [
                "spec.containers[0].readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive"
            ]
        ),
        (
            "containers.0.readinessProbe", ["tcpSocket": ["port": "web"], "exec": ["command": ["true"]]],
            [
                "spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type"
            ]
        ),
        (
            "volumes", [["name": "a", "emptyDir": [:], "secret": ["secretName": "s"]]],
            [
                "spec.volumes[0].secret: Forbidden: may not specify more than 1 volume type"
            ]
        ),
        ("volumes", [["name": "a"], ["name": "a"]], ["spec.volumes[1].name: Duplicate value: \"a\""]),
        ("volumes", [["name": "a", "configMap": [:]]], ["spec.volumes[0].configMap.name: Required value"]),
        (
            "volumes", [["name": "a", "hostPath": ["path": "/a/../b"]]],
            [
                "spec.volumes[0].hostPath.path: Invalid value: \"/a/../b\": must not contain '..'"
            ]
        ),
        (
            "restartPolicy", "Sometimes",
            [
                "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\""
            ]
        ),
        (
            "dnsPolicy", "Mine",
            [
                "spec.dnsPolicy: Unsupported value: \"Mine\": supported values: \"ClusterFirstWithHostNet\", "
                    + "\"ClusterFirst\", \"Default\", \"None\""
            ]
        ),
        ("dnsPolicy", "None", ["spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None"]),
        (
            "nodeSelector", ["a b": "c"],
            [
                "spec.nodeSelector: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or "
                    + "'.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or "
                    + "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
            ]
        ),
        (
            "tolerations", [["operator": "Equal"]],
            [
                "spec.tolerations[0].operator: Invalid value: \"Equal\": operator must be Exists when `key` is empty, which "
                    + "means \"match all values and all keys\""
            ]
        ),
        (
            "activeDeadlineSeconds", 0,
            [
                "spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"
            ]
        ),
        (
            "hostname", "A",
            [
                "spec.hostname: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric "
                    + "characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or "
                    + "'123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        ),
    ]

    @Test(arguments: cases.indices)
    func reportsEachRuleInUpstreamsWords(index: Int) throws {
        let row = Self.cases[index]
        #expect(try Fixture.createErrors(.pod.with("spec.\(row.path)", row.value), .pods) == row.errors)
    }

    @Test(arguments: [
        ("../../etc/passwd", "Invalid value: \"../../etc/passwd\": must not contain '..'"),
        ("/etc/passwd", "Invalid value: \"/etc/passwd\": must be a relative path"),
        ("..token", "Invalid value: \"..token\": must not start with '..'"), ("", "Required value"),
    ]) func aTokenStaysInItsVolume(_ path: String, _ error: String) throws {
        let volume: Value = [
            "name": "a", "projected": ["sources": [["serviceAccountToken": ["path": .string(path)]]]],
        ]
        let pod = Value.pod.with("spec.serviceAccountName", "default").with("spec.volumes", [volume])
        let errors = try Fixture.createErrors(pod, .pods)
        #expect(errors == ["spec.volumes[0].projected.path: \(error)"])
    }

    static let updates: [(path: String, value: Value?, errors: [String])] = [
        ("spec.containers.0.image", "nginx:2", []),
        ("metadata.labels", ["a": "b"], []),
        ("spec.activeDeadlineSeconds", 5, []),
        ("spec.tolerations", [["key": "a", "operator": "Exists"]], []),
        (
            "spec.containers.1", ["name": "b", "image": "b"],
            [
                "spec.containers: Forbidden: pod updates may not add or remove containers"
            ]
        ),
        ("spec.containers.0.command", ["sleep"], [forbidden]),
        ("spec.nodeName", "n", [forbidden]),
        ("spec.terminationGracePeriodSeconds", 1, [forbidden]),
        (
            "spec.schedulingGates", [["name": "late"]],
            [
                "spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'late'"
            ]
        ),
    ]
    static let forbidden =
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        + "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
        + "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"

    @Test(arguments: updates.indices)
    func onlySomeFieldsOfAPodMayChange(index: Int) throws {
        let row = Self.updates[index]
        let new = Value.pod.with(row.path, row.value)
        #expect(try Fixture.updateErrors(new, .pod, .pods) == row.errors)
    }

    @Test func existingTolerationsStay() throws {
        let old = Value.pod.with("spec.tolerations", [["key": "a", "operator": "Exists"]])
        #expect(
            try Fixture.updateErrors(.pod, old, .pods) == [
                "spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"
            ])
    }

    @Test(
        arguments: [(-1, 0, 1, false), (-1, 1, 1, false), (-1, 2, 1, true), (30, -1, 30, true), (30, 30, 30, false)]
            as [(Int64, Int64, Int64, Bool)])
    func aHookSleepsNoLongerThanItsPodHasToStop(own: Int64, sleep: Int64, grace: Int64, isRefused: Bool) throws {
        let pod = Value.pod.with("spec.terminationGracePeriodSeconds", .integer(own))
            .with("spec.containers.0.lifecycle", ["preStop": ["sleep": ["seconds": .integer(sleep)]]])
        let error =
            "spec.containers[0].lifecycle.preStop.sleep: Invalid value: \(sleep): must be non-negative and less than "
            + "terminationGracePeriodSeconds (\(grace))"
        #expect(try Fixture.createErrors(pod, .pods) == (isRefused ? [error] : []))
    }

    @Test func aTemplateKeepsANegativeTimeToStop() throws {
        let set = Value.set.with("spec.template.spec.terminationGracePeriodSeconds", -1)
            .with(
                "spec.template.spec.containers.0.lifecycle", ["preStop": ["sleep": ["seconds": 1]]])
        #expect(
            try Fixture.createErrors(set, .statefulSets) == [
                "spec.template.spec.containers[0].lifecycle.preStop.sleep: Invalid value: 1: must be non-negative and "
                    + "less than terminationGracePeriodSeconds (-1)"
            ])
    }

    @Test func classOfAPodIsFixed() throws {
        let old = Value.pod.with("status.qosClass", "Burstable")
        let new = Value.pod.with("status.qosClass", "Guaranteed")
        #expect(
            try Fixture.updateErrors(new, old, .pods, subresource: "status") == [
                "status.qosClass: Invalid value: \"Guaranteed\": field is immutable"
            ])
    }

    @Test func warnsOfRepeatedVariablesAndPorts() throws {
        let pod = Value.pod.with("spec.containers.0.env", [["name": "A"], ["name": "A"]])
            .with("spec.containers.0.ports", [["containerPort": 80], ["containerPort": 80]])
            .with("metadata.name", "a.b")
        let warnings = try Fixture.kind(.pods).hooks.warnings(pod)
        #expect(warnings.count == 3)
        #expect(
            warnings.last == "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]")
    }
}
