import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct ClaimWakeUpTests {
    @Test(
        arguments: [
            ("ns", "data-web-0", ["web"]), ("ns", "data-web-7", ["web"]), ("ns", "data-web-00", []),
            ("ns", "logs-web-0", []), ("ns", "data-web", []), ("ns", "data-other-0", []), ("else", "data-web-0", []),
        ] as [(String, String, [String])])
    func aClaimThatGoesWakesTheSetThatUsesItsName(namespace: String, claim: String, sets: [String]) {
        let caches = ControlCaches()
        // The claim's labels say nothing: it may be made by hand, and this selector has no labels to give.
        let selector: Value = ["matchExpressions": [["key": "app", "operator": "In", "values": ["web"]]]]
        caches.statefulSets.replace([SetModel(replicas: 1, spec: ["selector": selector]).set], at: Revision(1))
        let key = NamespacedName(namespace: namespace, name: claim)
        #expect(Controllers.sets(usingClaim: key, caches).map(\.name) == sets)
    }

    private func claim(_ owners: [String], phase: String = "Bound") -> CachedObject<PersistentVolumeClaimView> {
        let owners = owners.map { OwnerReference(apiVersion: "v1", kind: "Pod", name: $0, uid: $0).value }
        return CachedObject([
            "metadata": ["name": "data-web-0", "namespace": "ns", "uid": "c", "ownerReferences": .array(owners)],
            "status": ["phase": .string(phase)],
        ])
    }

    @Test func aClaimThatGoesOrIsLetGoMayFreeAPod() {
        #expect(Controllers.canFreeAPod(.deleted(claim([]))))
        #expect(Controllers.canFreeAPod(.modified(old: claim(["web-0"]), new: claim([]))))
        #expect(!Controllers.canFreeAPod(.modified(old: claim([], phase: "Pending"), new: claim([]))))
        #expect(!Controllers.canFreeAPod(.added(claim([]))))
    }

    /// It names no class: that is the class of volumes without one.
    @Test(arguments: ["", nil] as [String?])
    func aVolumeWithoutAClassWakesTheClaimsThatNameNone(className: String?) {
        let caches = ControlCaches()
        var claim: Value = [
            "metadata": ["name": "data", "namespace": "ns", "uid": "c", "resourceVersion": "1"],
            "spec": ["accessModes": ["ReadWriteOnce"], "resources": ["requests": ["storage": "1Gi"]]],
        ]
        if let className { claim["spec", "storageClassName"] = .string(className) }
        caches.claims.replace([claim], at: Revision(1))
        let volume = CachedObject<PersistentVolumeView>(["metadata": ["name": "v"], "spec": [:]])
        #expect(Controllers.claims(wokenBy: .added(volume), caches).map(\.name) == ["data"])
        let other = CachedObject<PersistentVolumeView>(["metadata": ["name": "v"], "spec": ["storageClassName": "x"]])
        #expect(Controllers.claims(wokenBy: .added(other), caches).isEmpty)
    }
}
