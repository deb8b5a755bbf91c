import Kinds
import ObjectModel
import Schema
import Testing

@Suite struct DeploymentKindTests {
    private static let object: Value = [
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": ["name": "web", "namespace": "default"],
        "spec": [
            "selector": ["matchLabels": ["app": "web"]],
            "template": ["metadata": ["labels": ["app": "web"]], "spec": Value.podSpec],
        ],
    ]
    private static let set = object.with("kind", "ReplicaSet")
    private static let mismatch =
        "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`"

    static let both: [(path: String, value: Value?, errors: [String])] = [
        ("replicas", 3, []),
        ("selector", nil, ["spec.selector: Required value", mismatch]),
        ("selector", [:], ["spec.selector: Invalid value: {}: empty selector is invalid for deployment"]),
        ("selector.matchLabels", ["app": "other"], [mismatch]),
        ("replicas", -1, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        ("minReadySeconds", -1, ["spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0"]),
        (
            "template.spec.restartPolicy", "Never",
            ["spec.template.spec.restartPolicy: Unsupported value: \"Never\": supported values: \"Always\""]
        ),
        (
            "template.spec.activeDeadlineSeconds", 5,
            [
                "spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not "
                    + "Supported"
            ]
        ),
        ("template.spec.containers.0.image", nil, ["spec.template.spec.containers[0].image: Required value"]),
    ]

    @Test(arguments: both.indices)
    func reportsEachRuleOfBothKinds(index: Int) throws {
        let row = Self.both[index]
        #expect(try Fixture.createErrors(Self.object.with("spec.\(row.path)", row.value), .deployments) == row.errors)
        #expect(try Fixture.createErrors(Self.set.with("spec.\(row.path)", row.value), .replicaSets) == row.errors)
    }

    static let deployments: [(path: String, value: Value?, errors: [String])] = [
        (
            "strategy", ["type": "Fast"],
            [
                "spec.strategy: Unsupported value: {\"type\":\"Fast\"}: supported values: \"Recreate\", "
                    + "\"RollingUpdate\""
            ]
        ),
        (
            "strategy", ["type": "Recreate", "rollingUpdate": ["maxSurge": 1]],
            [
                "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
            ]
        ),
        (
            "strategy", ["rollingUpdate": ["maxSurge": 0, "maxUnavailable": "0%"]],
            [
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"0%\": may not be 0 when `maxSurge` is 0"
            ]
        ),
        (
            "strategy", ["rollingUpdate": ["maxUnavailable": "101%"]],
            [
                "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"101%\": must not be greater than 100%"
            ]
        ),
        (
            "strategy", ["rollingUpdate": ["maxSurge": "many"]],
            [
                "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be a "
                    + "numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is "
                    + "'[0-9]+%')"
            ]
        ),
        (
            "strategy", ["rollingUpdate": ["maxSurge": -1]],
            ["spec.strategy.rollingUpdate.maxSurge: Invalid value: -1: must be greater than or equal to 0"]
        ),
        ("strategy", ["rollingUpdate": ["maxSurge": "99999999999999999999%"]], []),
        (
            "revisionHistoryLimit", -1,
            ["spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0"]
        ),
        (
            "minReadySeconds", 600,
            ["spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds"]
        ),
        ("strategy", ["type": "Recreate"], []),
    ]

    @Test(arguments: deployments.indices)
    func reportsEachRuleOfADeployment(index: Int) throws {
        let row = Self.deployments[index]
        #expect(try Fixture.createErrors(Self.object.with("spec.\(row.path)", row.value), .deployments) == row.errors)
    }

    @Test func selectorsStay() throws {
        let selector: Value = ["matchExpressions": [["key": "app", "operator": "Exists"]]]
        let error =
            "spec.selector: Invalid value: {\"matchExpressions\":[{\"key\":\"app\",\"operator\":\"Exists\"}]}: field is "
            + "immutable"
        for (object, resource) in [(Self.object, APIResource.deployments), (Self.set, .replicaSets)] {
            let errors = try Fixture.updateErrors(object.with("spec.selector", selector), object, resource)
            #expect(errors == [error])
            #expect(try Fixture.updateErrors(object.with("spec.replicas", 7), object, resource) == [])
        }
    }

    @Test(
        arguments: [
            (
                .deployments, ["replicas": 1, "updatedReplicas": 2],
                "status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas"
            ),
            (
                .deployments, ["replicas": 2, "readyReplicas": 1, "availableReplicas": 2],
                "status.availableReplicas: Invalid value: 2: cannot be greater than readyReplicas"
            ),
            (.deployments, ["collisionCount": 1], "status.collisionCount: Invalid value: 1: cannot be decremented"),
            (
                .replicaSets, ["replicas": 1, "fullyLabeledReplicas": 2],
                "status.fullyLabeledReplicas: Invalid value: 2: cannot be greater than status.replicas"
            ),
            (
                .replicaSets, ["terminatingReplicas": -1],
                "status.terminatingReplicas: Invalid value: -1: must be greater than or equal to 0"
            ),
        ] as [(APIResource, Value, String)])
    func countsOfAStatusFit(resource: APIResource, status: Value, error: String) throws {
        let old = Self.object.with("status", ["collisionCount": 2])
        let status = status["collisionCount"] == nil ? status.with("collisionCount", 2) : status
        let errors = try Fixture.updateErrors(
            Self.object.with("status", status), old, resource, subresource: "status")
        #expect(errors == [error])
    }

    @Test func defaultsAreThoseOfTheAppsGroup() throws {
        let spec = try #require(Fixture.defaulted(Self.object, try Fixture.kind(.deployments))["spec"])
        #expect(spec["replicas"] == 1 && spec["revisionHistoryLimit"] == 10 && spec["progressDeadlineSeconds"] == 600)
        #expect(
            spec["strategy"] == [
                "type": "RollingUpdate", "rollingUpdate": ["maxUnavailable": "25%", "maxSurge": "25%"],
            ])
        #expect(spec["template", "spec", "containers"]?.array?.first?["imagePullPolicy"] == "IfNotPresent")
        let recreate = Self.object.with("spec.strategy", ["type": "Recreate"])
        #expect(
            Fixture.defaulted(recreate, try Fixture.kind(.deployments))["spec", "strategy"] == ["type": "Recreate"])
        #expect(Fixture.defaulted(Self.set, try Fixture.kind(.replicaSets))["spec", "replicas"] == 1)
    }

    @Test func aChangeOfAnnotationsIsANewGenerationOfADeploymentOnly() throws {
        let old = Self.object.with("metadata.generation", 4)
        for (resource, generation) in [(APIResource.deployments, 5), (.replicaSets, 4)] {
            var new = old.with("metadata.annotations", ["a": "b"])
            try Fixture.kind(resource).hooks.prepareForUpdate(&new, old, Fixture.context)
            #expect(new["metadata", "generation"]?.int == generation)
        }
        var same = old.with("metadata.labels", ["a": "b"])
        try Fixture.kind(.deployments).hooks.prepareForUpdate(&same, old, Fixture.context)
        #expect(same["metadata", "generation"] == 4)
    }

    static let cells: [(resource: APIResource, column: String, object: Value, cell: Value)] = [
        (.deployments, "Ready", ["spec": ["replicas": 3], "status": ["readyReplicas": 2]], "2/3"),
        (.deployments, "Up-to-date", ["status": ["updatedReplicas": 2]], 2),
        (.deployments, "Available", [:], 0),
        (.deployments, "Selector", object, "app=web"),
        (.deployments, "Selector", ["spec": ["selector": ["matchExpressions": [["key": "a"]]]]], "<invalid>"),
        (.deployments, "Containers", object, "app"),
        (.replicaSets, "Desired", ["spec": ["replicas": 3]], 3),
        (.replicaSets, "Current", ["status": ["replicas": 2]], 2),
        (.replicaSets, "Ready", ["status": ["readyReplicas": 1]], 1),
        (.replicaSets, "Images", object, "nginx:1.27"),
        (.replicaSets, "Selector", [:], "<none>"),
    ]

    @Test(arguments: cells.indices)
    func cellsShowWhatUpstreamShows(index: Int) throws {
        let row = Self.cells[index]
        #expect(try Fixture.cell(row.column, of: row.object, row.resource) == row.cell)
    }

    @Test(
        arguments: [
            (3, 10, true, 3), ("25%", 10, true, 3), ("25%", 10, false, 2), ("0%", 10, true, 0), ("x%", 1, true, nil),
            ("%", 1, true, nil), (true, 1, true, nil), ("200%", 3, true, 6),
            ("99999999999999999999%", 2_147_483_647, true, 46_116_860_141_324_207),
        ] as [(Value, Int, Bool, Int?)])
    func amountsAreCountsOrShares(value: Value, total: Int, roundsUp: Bool, count: Int?) {
        #expect(IntOrPercent(value)?.scaled(to: total, roundsUp: roundsUp) == count)
    }

    @Test func theStatusOfADeploymentLeavesItsLabelsAlone() throws {
        let old = Self.object.with("metadata.labels", ["a": "b"])
        for labels: Value? in [["a": "c", "d": "e"], nil] {
            var deployment = old.with("metadata.labels", labels)
            try Fixture.kind(.deployments).hooks.prepareForStatusUpdate(&deployment, old)
            #expect(deployment["metadata", "labels"] == ["a": "b"])
            // Upstream's strategy of a ReplicaSet has no such rule.
            var set = Self.set.with("metadata.labels", labels)
            try Fixture.kind(.replicaSets).hooks.prepareForStatusUpdate(
                &set, Self.set.with("metadata.labels", ["a": "b"]))
            #expect(set["metadata", "labels"] == labels)
        }
    }
}
