internal import ObjectModel

/// A StatefulSet that people of a scenario have in mind.
struct SetPlan: Sendable {
    let name: String
    var replicas: Int
    var image: String
    let isParallel: Bool
    let isOnDelete: Bool
    var partition: Int
    /// Whether it ever had the broken image.
    var wasBroken = false
    let maxUnavailable: Value?
    let minReadySeconds: Int
    let start: Int
    let hasClaims: Bool
    let whenDeleted: String
    let whenScaled: String
    let historyLimit: Int
    let grace: Int

    /// A set with everything drawn.
    init(_ name: String, _ random: SeededRandom) {
        self.name = name
        replicas = random.number(in: 1...5)
        image = "app:1"
        isParallel = random.chance(0.35)
        isOnDelete = random.chance(0.15)
        partition = random.chance(0.2) ? random.number(in: 0...2) : 0
        let limits: [Value?] = [nil, nil, nil, .integer(2), "50%", .integer(1)]
        maxUnavailable = random.pick(limits)
        minReadySeconds = random.chance(0.2) ? 5 : 0
        start = random.chance(0.15) ? 3 : 0
        hasClaims = random.chance(0.6)
        whenDeleted = random.chance(0.25) ? "Delete" : "Retain"
        whenScaled = random.chance(0.25) ? "Delete" : "Retain"
        historyLimit = random.pick([0, 1, 2, 10])
        // Never 0: with that the API lets a name go at once, and two pods may run side by side, as upstream warns.
        grace = random.pick([1, 5, 30])
    }

    /// The namespace of every scenario.
    static let namespace = "default"
    /// The image that never becomes ready.
    static let brokenImage = "app:broken"
    /// The images that become ready.
    static let goodImages = ["app:1", "app:2", "app:3"]

    /// The manifest.
    var manifest: Value {
        var spec: Value = [
            "serviceName": .string(name), "replicas": .integer(Int64(replicas)),
            "selector": ["matchLabels": ["app": .string(name)]], "template": template,
            "podManagementPolicy": isParallel ? "Parallel" : "OrderedReady",
            "minReadySeconds": .integer(Int64(minReadySeconds)), "updateStrategy": strategy,
            "revisionHistoryLimit": .integer(Int64(historyLimit)),
            "persistentVolumeClaimRetentionPolicy": [
                "whenDeleted": .string(whenDeleted), "whenScaled": .string(whenScaled),
            ],
        ]
        if start > 0 { spec["ordinals"] = ["start": .integer(Int64(start))] }
        if hasClaims {
            spec["volumeClaimTemplates"] = [
                [
                    "metadata": ["name": "data"],
                    "spec": [
                        "accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "10Mi"]],
                    ],
                ]
            ]
        }
        return [
            "apiVersion": "apps/v1", "kind": "StatefulSet",
            "metadata": ["name": .string(name), "namespace": .string(Self.namespace)], "spec": spec,
        ]
    }

    private var strategy: Value {
        if isOnDelete { return ["type": "OnDelete"] }
        var rolling: Value = ["partition": .integer(Int64(partition))]
        if let maxUnavailable { rolling["maxUnavailable"] = maxUnavailable }
        return ["type": "RollingUpdate", "rollingUpdate": rolling]
    }

    private var template: Value {
        var container: Value = [
            "name": "app", "image": .string(image),
            "readinessProbe": ["exec": ["command": ["ready"]], "periodSeconds": 2, "failureThreshold": 1],
        ]
        if hasClaims { container["volumeMounts"] = [["name": "data", "mountPath": "/data"]] }
        return [
            "metadata": ["labels": ["app": .string(name)]],
            "spec": ["terminationGracePeriodSeconds": .integer(Int64(grace)), "containers": [container]],
        ]
    }
}
