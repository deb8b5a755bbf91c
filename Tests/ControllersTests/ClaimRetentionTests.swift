import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

/// Who owns claims under each retention policy (KEP-1847).
@Suite struct ClaimRetentionTests {
    private static func policy(_ whenDeleted: String, _ whenScaled: String) -> [String: Value] {
        [
            "persistentVolumeClaimRetentionPolicy": [
                "whenDeleted": .string(whenDeleted), "whenScaled": .string(whenScaled),
            ]
        ]
    }

    private func owners(_ model: SetModel, _ ordinal: Int) -> [String] {
        let claim = model.claims["data-web-\(ordinal)"] ?? [:]
        return PersistentVolumeClaimView(claim).metadata.ownerReferences.map { "\($0.kind) \($0.name)" }
    }

    /// Three pods scaled down to two; looked at while the third ends.
    @Test(
        arguments: [
            ("Retain", "Retain", [], []), ("Delete", "Retain", ["StatefulSet web"], ["StatefulSet web"]),
            ("Retain", "Delete", [], ["Pod web-2"]), ("Delete", "Delete", ["StatefulSet web"], ["Pod web-2"]),
        ] as [(String, String, [String], [String])])
    func ownersFollowThePolicy(_ whenDeleted: String, _ whenScaled: String, kept: [String], scaledDown: [String]) {
        var model = SetModel(replicas: 3, spec: Self.policy(whenDeleted, whenScaled))
        model.run()
        #expect(owners(model, 2) == kept)
        model.edit { $0["spec", "replicas"] = 2 }
        model.settle()
        #expect(owners(model, 0) == kept)
        #expect(owners(model, 2) == scaledDown)
    }

    @Test func theOwnerIsWrittenBeforeThePodGoes() throws {
        var model = SetModel(replicas: 2, spec: Self.policy("Retain", "Delete"))
        model.run()
        model.edit { $0["spec", "replicas"] = 1 }
        let before = model.log.count
        model.settle()
        #expect(model.log.suffix(from: before) == ["own data-web-1", "delete web-1"])
    }

    @Test func aChangedPolicyIsFollowed() {
        var model = SetModel(replicas: 1, spec: Self.policy("Delete", "Retain"))
        model.run()
        model.edit { $0["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"] = "Retain" }
        model.run()
        #expect(owners(model, 0) == [])
    }

    @Test func anotherControllersClaimIsLeftAlone() {
        var model = SetModel(replicas: 1, spec: Self.policy("Delete", "Delete"))
        model.setClaim(
            "data-web-0",
            owners: [["apiVersion": "x/v1", "kind": "Backup", "name": "b", "uid": "b", "controller": true]])
        model.run()
        #expect(owners(model, 0) == ["Backup b"])
        #expect(model.events.contains { $0.reason == "ConflictingController" })
    }

    @Test func ownersThatAreNoControllersStay() {
        var model = SetModel(replicas: 1, spec: Self.policy("Delete", "Retain"))
        model.setClaim("data-web-0", owners: [["apiVersion": "x/v1", "kind": "Backup", "name": "b", "uid": "b"]])
        model.run()
        #expect(owners(model, 0) == ["Backup b", "StatefulSet web"])
    }

    @Test func aPodWaitsUntilTheClaimOfItsForerunnerIsGone() {
        var model = SetModel(replicas: 1, spec: Self.policy("Retain", "Delete"))
        model.setClaim(
            "data-web-0",
            owners: [["apiVersion": "v1", "kind": "Pod", "name": "web-0", "uid": "former", "controller": true]])
        model.settle()
        #expect(model.names == [])
        model.removeClaim("data-web-0")
        model.run()
        #expect(model.names == ["web-0"])
    }
}
