import Controllers
import Kinds
import ObjectModel
import Testing

/// Tables of the decisions of a rollout.
@Suite struct RolloutTableTests {
    @Test(
        arguments: [
            // replicas, maxSurge, maxUnavailable → surge, unavailable
            (2, 0, "1%", 0, 1), (1, 0, "1%", 0, 1), (2, "1%", "25%", 1, 0), (1, "1%", "25%", 1, 0),
            (2, "1%", 0, 1, 0), (1, "1%", 0, 1, 0), (10, "25%", "25%", 3, 2), (10, 0, 3, 0, 3), (3, 1, 9, 1, 3),
            (0, "50%", "50%", 0, 0), (2_147_483_647, "100%", "100%", 0, 2_147_483_647),
        ] as [(Int, Value, Value, Int, Int)])
    func sharesBecomeCounts(replicas: Int, surge: Value, unavailable: Value, maxSurge: Int, maxUnavailable: Int) {
        let view = DeploymentView([
            "spec": [
                "replicas": .integer(Int64(replicas)),
                "strategy": ["rollingUpdate": ["maxSurge": surge, "maxUnavailable": unavailable]],
            ]
        ])
        #expect(view.maxSurge == maxSurge)
        #expect(view.maxUnavailable == maxUnavailable)
    }

    @Test func recreateHasNoFenceposts() {
        let view = DeploymentView(["spec": ["replicas": 4, "strategy": ["type": "Recreate"]]])
        #expect(view.maxSurge == 0 && view.maxUnavailable == 0 && view.minAvailable == 4)
    }

    @Test(
        arguments: [
            // wanted, surge, sizes (oldest first), former maximum → new sizes
            ("no change", 10, 0, [5, 5], 10, [5, 5]), ("grows in proportion", 20, 0, [7, 3], 10, [14, 6]),
            ("shrinks in proportion", 5, 0, [7, 3], 10, [3, 2]),
            ("the newer of equal ones grows", 11, 0, [5, 5], 10, [5, 6]),
            ("the older of equal ones shrinks", 9, 0, [5, 5], 10, [4, 5]), ("to zero", 0, 3, [8, 5], 13, [0, 0]),
            ("with surge", 15, 3, [8, 5], 13, [11, 7]), ("empty ones stay empty", 20, 0, [10, 0], 10, [20, 0]),
            ("the annotation is lost", 20, 0, [5, 5], nil, [10, 10]),
        ] as [(String, Int, Int, [Int], Int?, [Int])])
    func scalingIsProportional(
        name: String, replicas: Int, surge: Int, sizes: [Int], formerMaximum: Int?, expected: [Int]
    ) {
        let scaling = ProportionalScaling(replicas: replicas, maxSurge: surge, existing: sizes.reduce(0, +))
        let shares = sizes.map { ProportionalScaling.Share(replicas: $0, formerMaximum: formerMaximum) }
        #expect(scaling.sizes(shares) == expected, "\(name)")
    }

    @Test(arguments: 0..<200)
    func scalingReachesTheAllowedSizeExactly(seed: Int) {
        let sizes = [seed % 7, seed % 5, seed % 11].map { $0 + 1 }
        let former = sizes.reduce(0, +)
        let scaling = ProportionalScaling(replicas: seed % 40 + 1, maxSurge: seed % 4, existing: former)
        let shares = sizes.map { ProportionalScaling.Share(replicas: $0, formerMaximum: former) }
        let new = scaling.sizes(shares)
        #expect(new.allSatisfy { $0 >= 0 })
        #expect(new.reduce(0, +) == scaling.replicas + scaling.maxSurge)
    }

    @Test(arguments: [
        ("short", 10), ("with-a-name-that-is-much-longer-than-names-of-objects-may-be", 10),
        (String(repeating: "x", count: 253), 10),
    ])
    func namesOfSetsFit(deployment: String, length: Int) {
        let hash = String(repeating: "z", count: length)
        let name = NewReplicaSet.name(deployment: deployment, hash: hash)
        #expect(name.utf8.count <= 253 && name.hasSuffix("-\(hash)"))
        #expect(name.hasPrefix(deployment.prefix(100)))
    }

    @Test func hashesDifferByTemplateAndCollision() {
        let template = RolloutModel.template("v1")
        let reordered: Value = ["spec": template["spec"] ?? .null, "metadata": template["metadata"] ?? .null]
        #expect(
            NewReplicaSet.hash(template, collisionCount: 0) == NewReplicaSet.hash(reordered, collisionCount: 0))
        #expect(NewReplicaSet.hash(template, collisionCount: 0) != NewReplicaSet.hash(template, collisionCount: 1))
        #expect(
            NewReplicaSet.hash(template, collisionCount: 0)
                != NewReplicaSet.hash(RolloutModel.template("v2"), collisionCount: 0))
    }
}
