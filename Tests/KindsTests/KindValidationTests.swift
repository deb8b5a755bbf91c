import Kinds
import ObjectModel
import Schema
import Testing

@Suite struct KindValidationTests {
    @Test(arguments: [
        (Value.set, APIResource.statefulSets), (.service.with("spec.clusterIP", "None"), .services),
        (.claim, .persistentVolumeClaims),
        (.volume, .persistentVolumes),
    ])
    func goodObjectsHaveNoErrors(object: Value, resource: APIResource) throws {
        let kind = try Fixture.kind(resource)
        var object = Fixture.defaulted(object, kind)
        kind.hooks.prepareForCreate(&object, Fixture.context)
        #expect(kind.createErrors(object).map(\.description) == [])
    }

    static let sets: [(path: String, value: Value?, errors: [String])] = [
        ("selector", nil, ["spec.selector: Required value"]),
        ("selector", [:], ["spec.selector: Invalid value: {}: empty selector is invalid for statefulset"]),
        (
            "selector.matchLabels", ["app": "other"],
            [
                "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"
            ]
        ),
        ("replicas", -1, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ("ordinals", ["start": -1], ["spec.ordinals.start: Invalid value: -1: must be greater than or equal to 0"]),
        (
            "podManagementPolicy", "Any",
            [
                "spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'"
            ]
        ),
        (
            "updateStrategy", ["type": "Fast"],
            [
                "spec.updateStrategy: Invalid value: {\"type\":\"Fast\"}: must be 'RollingUpdate' or 'OnDelete'"
            ]
        ),
        (
            "updateStrategy", ["type": "OnDelete", "rollingUpdate": ["partition": 1]],
            [
                "spec.updateStrategy.rollingUpdate: Invalid value: {\"partition\":1}: only allowed for updateStrategy "
                    + "'RollingUpdate'"
            ]
        ),
        (
            "updateStrategy", ["rollingUpdate": ["partition": -1]],
            [
                "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0"
            ]
        ),
        (
            "template.spec.restartPolicy", "Never",
            [
                "spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""
            ]
        ),
        ("template.spec.containers.0.image", nil, ["spec.template.spec.containers[0].image: Required value"]),
        (
            "template.spec.containers.0.volumeMounts", [["name": "data", "mountPath": "/d"]],
            [
                "spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"data\""
            ]
        ),
        (
            "serviceName", "a.b",
            [
                "spec.serviceName: Invalid value: \"a.b\": a lowercase RFC 1123 label must consist of lower case "
                    + "alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. "
                    + "'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        ),
        (
            "volumeClaimTemplates", [["metadata": ["name": "d"], "spec": [:]]],
            [
                "spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required",
                "spec.volumeClaimTemplates[0].spec.resources[storage]: Required value",
            ]
        ),
        (
            "persistentVolumeClaimRetentionPolicy", ["whenDeleted": "Maybe"],
            [
                "spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: \"Maybe\": supported values: "
                    + "\"Retain\", \"Delete\""
            ]
        ),
    ]

    @Test(arguments: sets.indices)
    func reportsEachRuleOfAStatefulSet(index: Int) throws {
        let row = Self.sets[index]
        let set = Value.set.with("spec.\(row.path)", row.value)
        #expect(try Fixture.createErrors(set, .statefulSets) == row.errors)
    }

    @Test func claimTemplatesAreVolumesOfTheTemplate() throws {
        let set = Value.set
            .with("spec.volumeClaimTemplates", [["metadata": ["name": "data"], "spec": Value.claim["spec"] ?? .null]])
            .with("spec.template.spec.containers.0.volumeMounts", [["name": "data", "mountPath": "/d"]])
        #expect(try Fixture.createErrors(set, .statefulSets) == [])
    }

    @Test(
        arguments: [
            ("replicas", 3 as Value, true), ("template.spec.containers.0.image", "b", true),
            ("minReadySeconds", 5, true),
            ("ordinals", ["start": 1], true), ("revisionHistoryLimit", 1, true),
            ("updateStrategy", ["type": "OnDelete"], true),
            ("persistentVolumeClaimRetentionPolicy", ["whenDeleted": "Delete"], true), ("serviceName", "other", false),
            ("podManagementPolicy", "Parallel", false),
            ("selector", ["matchExpressions": [["key": "app", "operator": "Exists"]]], false),
        ] as [(String, Value, Bool)])
    func onlySomeFieldsOfAStatefulSetMayChange(path: String, value: Value, isAllowed: Bool) throws {
        let errors = try Fixture.updateErrors(.set.with("spec.\(path)", value), .set, .statefulSets)
        let forbidden =
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', "
            + "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' "
            + "are forbidden"
        #expect(errors == (isAllowed ? [] : [forbidden]))
    }

    static let others: [(resource: APIResource, object: Value, errors: [String])] = [
        (.services, .service.with("spec.ports", nil), ["spec.ports: Required value"]),
        (
            .services, .service.with("spec.type", "Odd"),
            [
                "spec.type: Unsupported value: \"Odd\": supported values: \"ClusterIP\", \"ExternalName\", "
                    + "\"LoadBalancer\", \"NodePort\""
            ]
        ),
        (
            .services, .service.with("spec.ports", [["port": 80], ["port": 81, "name": "b"]]),
            [
                "spec.ports[0].name: Required value"
            ]
        ),
        (
            .services, .service.with("spec.ports", [["port": 80, "name": "a"], ["port": 80, "name": "b"]]),
            [
                "spec.ports[1]: Duplicate value: {\"port\":80,\"protocol\":\"TCP\"}"
            ]
        ),
        (
            .services, .service.with("spec.ports.0.nodePort", 30000),
            [
                "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"
            ]
        ),
        (.services, .service.with("spec.type", "ExternalName"), ["spec.externalName: Required value"]),
        (
            .persistentVolumeClaims, .claim.with("spec.accessModes", ["Any"]),
            [
                "spec.accessModes: Unsupported value: \"Any\": supported values: \"ReadOnlyMany\", \"ReadWriteMany\", "
                    + "\"ReadWriteOnce\", \"ReadWriteOncePod\""
            ]
        ),
        (
            .persistentVolumeClaims, .claim.with("spec.resources.requests.storage", "0"),
            [
                "spec.resources[storage]: Invalid value: \"0\": must be greater than zero"
            ]
        ),
        (.persistentVolumes, .volume.with("spec.hostPath", nil), ["spec: Required value: must specify a volume type"]),
        (
            .persistentVolumes, .volume.with("spec.nfs", ["server": "s", "path": "/"]),
            [
                "spec.nfs: Forbidden: may not specify more than 1 volume type"
            ]
        ),
        (.storageClasses, ["metadata": ["name": "a"]], ["provisioner: Required value"]),
        (
            .configMaps, ["metadata": ["name": "a", "namespace": "b"], "data": ["a/b": "x"]],
            [
                "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or "
                    + "'.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
                    + "'[-._a-zA-Z0-9]+')"
            ]
        ),
        (
            .configMaps,
            [
                "metadata": ["name": "a", "namespace": "b"],
                "data": ["a": .string(String(repeating: "x", count: 1 << 21))],
            ],
            ["[]: Too long: may not be more than 1048576 bytes"]
        ),
        (
            .secrets, ["metadata": ["name": "a", "namespace": "b"], "type": "kubernetes.io/tls"],
            [
                "data[tls.crt]: Required value", "data[tls.key]: Required value",
            ]
        ),
        (
            .leases, ["metadata": ["name": "a", "namespace": "b"], "spec": ["leaseDurationSeconds": 0]],
            [
                "spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0"
            ]
        ),
        (
            .controllerRevisions, ["metadata": ["name": "a", "namespace": "b"], "revision": 1],
            [
                "data: Required value: data is mandatory"
            ]
        ),
        (
            .events, ["metadata": ["name": "a", "namespace": "b"], "involvedObject": ["namespace": "c"]],
            [
                "involvedObject.namespace: Invalid value: \"c\": does not match event.namespace"
            ]
        ),
        (
            .endpoints,
            ["metadata": ["name": "a", "namespace": "b"], "subsets": [["addresses": [["ip": "127.0.0.1"]]]]],
            [
                "subsets[0].addresses[0].ip: Invalid value: \"127.0.0.1\": may not be in the loopback range (127.0.0.0/8, "
                    + "::1/128)"
            ]
        ),
        (
            .endpointSlices,
            [
                "metadata": ["name": "a", "namespace": "b"], "addressType": "IPv4",
                "endpoints": [["addresses": ["10.0.0.1"]], ["addresses": []]],
            ],
            ["endpoints[1].addresses: Required value: must contain at least 1 address"]
        ),
        (
            .nodes, ["metadata": ["name": "a"], "spec": ["taints": [["key": "a", "effect": "No"]]]],
            [
                "metadata.taints[0].effect: Unsupported value: \"No\": supported values: \"NoSchedule\", "
                    + "\"PreferNoSchedule\", \"NoExecute\""
            ]
        ),
    ]

    @Test(arguments: others.indices)
    func reportsEachRuleOfOtherKinds(index: Int) throws {
        let row = Self.others[index]
        let errors = try Fixture.createErrors(row.object, row.resource)
        #expect(errors.filter { !$0.hasPrefix("spec.taints") } == row.errors)
    }

    private static let data: Value = [
        "metadata": ["name": "a", "namespace": "b"], "immutable": true, "data": ["a": "eA=="],
    ]
    private static let bound = Value.claim.with("spec.volumeName", "pv").with("status.phase", "Bound")
        .with("status.capacity", ["storage": "1Gi"])
    private static let addressed = Value.service.with("spec.clusterIP", "10.0.0.1")
        .with("spec.clusterIPs", ["10.0.0.1"]).with("spec.ipFamilies", ["IPv4"])
    static let changes: [(resource: APIResource, old: Value, new: Value, errors: [String])] = [
        (
            .configMaps, data, data.with("data", ["a": "y"]),
            [
                "data: Forbidden: field is immutable when `immutable` is set"
            ]
        ),
        (
            .secrets, data, data.with("immutable", nil),
            [
                "immutable: Forbidden: field is immutable when `immutable` is set"
            ]
        ),
        (.secrets, data, data.with("type", "a/b"), ["type: Invalid value: \"a/b\": field is immutable"]),
        (.persistentVolumeClaims, .claim, .claim.with("spec.volumeName", "pv"), []),
        (
            .persistentVolumeClaims, .claim, .claim.with("spec.resources.requests.storage", "2Gi"),
            [
                "spec: Forbidden: spec is immutable after creation except resources.requests and "
                    + "volumeAttributesClassName for bound claims"
            ]
        ),
        (.persistentVolumeClaims, bound, bound.with("spec.resources.requests.storage", "2Gi"), []),
        (
            .persistentVolumeClaims, bound, bound.with("spec.resources.requests.storage", "512Mi"),
            [
                "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
            ]
        ),
        (
            .persistentVolumes, .volume, .volume.with("spec.hostPath.path", "/other"),
            [
                "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation"
            ]
        ),
        (
            .services, addressed,
            addressed.with("spec.clusterIP", "10.0.0.2").with("spec.clusterIPs", ["10.0.0.2"]),
            ["spec.clusterIPs[0]: Invalid value: [\"10.0.0.2\"]: may not change once set"]
        ),
        (
            .storageClasses, ["metadata": ["name": "a"], "provisioner": "p"],
            ["metadata": ["name": "a"], "provisioner": "q"],
            ["provisioner: Invalid value: \"q\": field is immutable"]
        ),
        (
            .controllerRevisions, ["metadata": ["name": "a", "namespace": "b"], "data": ["x": 1]],
            ["metadata": ["name": "a", "namespace": "b"], "data": ["x": 2]],
            ["data: Invalid value: {\"x\":2}: field is immutable"]
        ),
        (
            .nodes, ["metadata": ["name": "a"], "spec": ["podCIDRs": ["10.0.0.0/24"]]],
            ["metadata": ["name": "a"], "spec": ["podCIDRs": ["10.0.1.0/24"]]],
            ["spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"]
        ),
    ]

    @Test(arguments: changes.indices)
    func reportsForbiddenChanges(index: Int) throws {
        let row = Self.changes[index]
        #expect(try Fixture.updateErrors(row.new, row.old, row.resource) == row.errors)
    }

    @Test func phaseOfANamespaceFollowsItsDeletion() throws {
        let active: Value = ["metadata": ["name": "a"], "status": ["phase": "Terminating"]]
        #expect(
            try Fixture.updateErrors(active, active, .namespaces, subresource: "status") == [
                "status.Phase: Invalid value: \"Terminating\": may only be 'Active' if `deletionTimestamp` is empty"
            ])
    }

    @Test func countsOfAStatusFit() throws {
        let set = Value.set.with("status", ["replicas": 1, "readyReplicas": 2, "availableReplicas": 1])
        #expect(
            try Fixture.updateErrors(set, .set, .statefulSets, subresource: "status") == [
                "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
            ])
    }
}
