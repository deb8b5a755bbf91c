import ControllerRuntime
import Controllers
import Kinds
import ObjectModel
import Testing

@Suite struct ClaimReconcilerTests {
    private let now = Timestamp(seconds: 1_800_000_000)
    private let local = VolumeSource(
        name: "ordinal.dev/local", provision: { _, _, _ in [:] }, delete: { _, _ in })

    private func claim(_ change: (inout Value) -> Void = { _ in }) -> CachedObject<PersistentVolumeClaimView> {
        var claim: Value = [
            "metadata": ["name": "data", "namespace": "ns", "uid": "c1", "resourceVersion": "7"],
            "spec": [
                "accessModes": ["ReadWriteOnce"], "storageClassName": "local",
                "resources": ["requests": ["storage": "1Gi"]],
            ],
            "status": ["phase": "Pending"],
        ]
        change(&claim)
        return CachedObject(claim)
    }

    private func volume(
        _ name: String, size: String = "1Gi", storageClass: String = "local", claim: Value? = nil,
        _ change: (inout Value) -> Void = { _ in }
    ) -> CachedObject<PersistentVolumeView> {
        var volume: Value = [
            "metadata": ["name": .string(name), "uid": .string("v-\(name)"), "resourceVersion": "3"],
            "spec": [
                "capacity": ["storage": .string(size)], "accessModes": ["ReadWriteOnce"],
                "storageClassName": .string(storageClass), "persistentVolumeReclaimPolicy": "Delete",
            ],
            "status": ["phase": "Available"],
        ]
        if let claim { volume["spec", "claimRef"] = claim }
        change(&volume)
        return CachedObject(volume)
    }

    private func storageClass(_ mode: String, provisioner: String = "ordinal.dev/local") -> StorageClassView {
        StorageClassView([
            "metadata": ["name": "local"], "provisioner": .string(provisioner), "volumeBindingMode": .string(mode),
        ])
    }

    private func text(_ plan: Plan) -> [String] {
        plan.actions.map { action in
            switch action {
            case .create(let resource, let object, _): "create \(resource.plural)/\(object.name)"
            case .patch(let patch):
                "patch \(patch.resource.plural)/\(patch.key.name)\(patch.subresource.map { "/\($0)" } ?? "")"
            case .delete(let deletion): "delete \(deletion.resource.plural)/\(deletion.key.name)"
            case .event(let note): "event \(note.reason)"
            case .effect(let effect): "effect \(effect.name)"
            case .post: "post"
            }
        }
    }

    private func plan(_ observed: ClaimReconciler.Observed) -> [String] {
        text(ClaimReconciler(sources: [local]).reconcile(observed, at: now))
    }

    private let binding = [
        "patch persistentvolumes/a", "patch persistentvolumeclaims/data", "patch persistentvolumeclaims/data/status",
    ]

    @Test func theSmallestVolumeThatFitsIsBound() {
        let candidates = [
            volume("big", size: "9Gi"), volume("a", size: "2Gi"), volume("tiny", size: "1Mi"),
            volume("other", storageClass: "x"),
        ]
        #expect(
            plan(.init(claim: claim(), storageClass: storageClass("Immediate"), candidates: candidates)) == binding)
    }

    @Test func aReservedVolumeIsPreferred() {
        let reserved = volume("a", claim: ["namespace": "ns", "name": "data"])
        #expect(
            plan(.init(claim: claim(), storageClass: storageClass("WaitForFirstConsumer"), reserved: [reserved]))
                == binding)
    }

    @Test func aWaitingClassWaitsForTheScheduler() {
        let waiting = storageClass("WaitForFirstConsumer")
        #expect(plan(.init(claim: claim(), storageClass: waiting)) == ["event WaitForFirstConsumer"])
        let chosen = claim { $0["metadata", "annotations"] = [ClaimNames.selectedNode: "n1"] }
        #expect(plan(.init(claim: chosen, storageClass: waiting)) == ["effect provision pvc-c1"])
    }

    /// Its pod was placed just when the claim before it was deleted.
    @Test func aClaimMadeAnewForAPlacedPodIsMadeOnItsNode() {
        let waiting = storageClass("WaitForFirstConsumer")
        #expect(
            plan(.init(claim: claim(), storageClass: waiting, isInUse: true, consumerNode: "n1")) == [
                "effect provision pvc-c1"
            ])
    }

    @Test func whatCannotBeMadeSaysWhy() {
        #expect(plan(.init(claim: claim())) == ["event ProvisioningFailed"])
        let classless = claim { $0["spec", "storageClassName"] = "" }
        #expect(plan(.init(claim: classless)) == ["event FailedBinding"])
        let outside = storageClass("Immediate", provisioner: "csi.example.com")
        #expect(
            plan(.init(claim: claim(), storageClass: outside)) == [
                "event ExternalProvisioning", "patch persistentvolumeclaims/data",
            ])
    }

    @Test func aClaimWithoutAClassGetsTheDefaultOne() {
        let nameless = claim { $0["spec", "storageClassName"] = nil }
        #expect(
            plan(.init(claim: nameless, defaultClass: storageClass("Immediate"))) == [
                "patch persistentvolumeclaims/data"
            ])
    }

    @Test func aClaimWhoseVolumeVanishedIsLost() {
        let bound = claim {
            $0["spec", "volumeName"] = "a"
            $0["status", "phase"] = "Bound"
            $0["metadata", "annotations"] = ["pv.kubernetes.io/bind-completed": "yes"]
        }
        #expect(plan(.init(claim: bound)) == ["patch persistentvolumeclaims/data/status", "event ClaimLost"])
        let volume = volume("a", claim: ["namespace": "ns", "name": "data", "uid": "c1"])
        #expect(plan(.init(claim: bound, volume: volume)).isEmpty)
    }

    private static let mismatches: [(what: String, volume: @Sendable (inout Value) -> Void)] = [
        ("requested PV is too small", { $0["spec", "capacity"] = ["storage": "1Mi"] }),
        ("storageClassName does not match", { $0["spec", "storageClassName"] = "x" }),
        ("incompatible volumeMode", { $0["spec", "volumeMode"] = "Block" }),
        ("incompatible accessMode", { $0["spec", "accessModes"] = ["ReadWriteMany"] }),
        (
            "the volume is marked for deletion \"a\"",
            { $0["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z" }
        ),
    ]

    @Test(arguments: mismatches)
    func aVolumeThatDoesNotFitIsNotBoundByItsName(what: String, change: @Sendable (inout Value) -> Void) {
        let named = claim { $0["spec", "volumeName"] = "a" }
        let observed = ClaimReconciler.Observed(claim: named, volume: volume("a", change))
        let plan = ClaimReconciler(sources: [local]).reconcile(observed, at: now)
        #expect(text(plan) == ["event VolumeMismatch"])
        #expect(plan.explanation == "Cannot bind to requested volume \"a\": \(what)")
        let reserved = volume("a", claim: ["namespace": "ns", "name": "data"], change)
        #expect(!self.plan(.init(claim: claim(), reserved: [reserved])).contains("patch persistentvolumes/a"))
        #expect(self.plan(.init(claim: named, volume: volume("a"))) == binding)
    }

    @Test func aVolumeMadeForAClaimThatIsBoundElsewhereGoes() {
        let reconciler = VolumeReconciler(sources: [local])
        let reference: Value = ["namespace": "ns", "name": "data", "uid": "c1"]
        let elsewhere = claim { $0["spec", "volumeName"] = "b" }
        func steps(_ change: (inout Value) -> Void) -> [String] {
            text(reconciler.reconcile(.init(volume: volume("a", claim: reference, change), claim: elsewhere), at: now))
        }
        #expect(
            steps { $0["metadata", "annotations"] = ["pv.kubernetes.io/provisioned-by": "ordinal.dev/local"] } == [
                "effect look for the claim of a", "patch persistentvolumes/a/status", "effect delete the storage of a",
            ])
        #expect(
            steps { $0["metadata", "annotations"] = ["pv.kubernetes.io/bound-by-controller": "yes"] } == [
                "patch persistentvolumes/a"
            ])
        #expect(steps { _ in }.isEmpty)
        let ending: (inout Value) -> Void = {
            $0["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
            $0["metadata", "finalizers"] = ["kubernetes.io/pv-protection"]
        }
        let ended = volume("a", claim: reference, ending)
        #expect(
            text(reconciler.reconcile(.init(volume: ended), at: now)) == [
                "effect look for the claim of a", "patch persistentvolumes/a",
            ])
    }

    @Test func aClaimInUseKeepsItsProtection() {
        let ending = claim {
            $0["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
            $0["metadata", "finalizers"] = ["kubernetes.io/pvc-protection"]
        }
        #expect(plan(.init(claim: ending, isInUse: true)).isEmpty)
        #expect(plan(.init(claim: ending)) == ["effect release the claim ns/data"])
    }

    /// Its pod may wait for it: both would wait for each other for ever.
    @Test(
        arguments: [
            (0, "Succeeded", false), (0, "Failed", false), (0, "Running", true), (30, "Succeeded", true),
            (nil, "Running", true),
        ] as [(Int?, String, Bool)])
    func aPodThatItsNodeHasDoneWithUsesNoClaim(_ grace: Int?, _ phase: String, isInUse: Bool) {
        var pod: Value = [
            "metadata": ["name": "p", "namespace": "ns", "uid": "p1", "resourceVersion": "3"],
            "spec": ["nodeName": "n", "volumes": [["name": "v", "persistentVolumeClaim": ["claimName": "data"]]]],
            "status": ["phase": .string(phase)],
        ]
        if let grace {
            pod["metadata", "deletionTimestamp"] = "2026-01-01T00:00:00Z"
            pod["metadata", "deletionGracePeriodSeconds"] = .integer(Int64(grace))
            pod["metadata", "finalizers"] = ["foregroundDeletion"]
        }
        let caches = ControlCaches()
        caches.pods.replace([pod], at: Revision(3))
        caches.claims.replace(
            [["metadata": ["name": "data", "namespace": "ns", "uid": "c1", "resourceVersion": "2"]]], at: Revision(3))
        let observed = ClaimReconciler(sources: [local]).observe(
            NamespacedName(namespace: "ns", name: "data"), in: caches)
        #expect(observed?.isInUse == isInUse)
    }

    @Test func volumesFollowTheirClaims() {
        let reconciler = VolumeReconciler(sources: [local])
        let reference: Value = ["namespace": "ns", "name": "data", "uid": "c1"]
        let bound = claim { $0["spec", "volumeName"] = "a" }
        let taken = volume("a", claim: reference)
        #expect(
            text(reconciler.reconcile(.init(volume: taken, claim: bound), at: now)) == [
                "patch persistentvolumes/a/status"
            ])
        let made = volume("a", claim: reference) {
            $0["metadata", "annotations"] = ["pv.kubernetes.io/provisioned-by": "ordinal.dev/local"]
        }
        #expect(
            text(reconciler.reconcile(.init(volume: made), at: now)) == [
                "effect look for the claim of a", "patch persistentvolumes/a/status", "effect delete the storage of a",
            ])
        let kept = volume("a", claim: reference) {
            $0["spec", "persistentVolumeReclaimPolicy"] = "Retain"
            $0["status", "phase"] = "Released"
        }
        #expect(reconciler.reconcile(.init(volume: kept), at: now).isEmpty)
    }
}
